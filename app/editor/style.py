"""The style sheet: every widget of the program, in the colours of one appearance. Fields have radius 7, cards 9."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.editor.look import Colors

_SHEET = Template("""
* { outline: none; }
QMainWindow, QDialog, QWidget#page { background: $panel; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 5px 8px; }

QToolBar { background: $panel; border: none; border-bottom: 1px solid $line; padding: 5px 8px; spacing: 4px; }
QToolBar::separator { background: $line; width: 1px; margin: 7px 8px; }
QToolButton { background: transparent; border: none; border-radius: 7px; padding: 6px; color: $text; }
QToolButton:hover { background: $raised; }
QToolButton:pressed, QToolButton:checked { background: $line; }
QToolButton:focus { border: 1px solid $accent; padding: 5px; }
QToolButton::menu-indicator { image: none; }

QMenuBar { background: $panel; color: $text; border-bottom: 1px solid $line; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $panel; color: $text; border: 1px solid $line; border-radius: 9px; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 10px; border-radius: 6px; }
QMenu::item:selected { background: $raised; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }

QDockWidget { color: $text; font-weight: 600; }
QDockWidget::title { background: $panel; padding: 8px 12px; text-align: left; }
QStatusBar { background: $raised; color: $muted; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 2px 8px; }

QTabBar { background: transparent; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 7px 12px; border: none; border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; font-weight: 600; border-bottom: 2px solid $accent; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $raised; color: $text; border: 1px solid $line; border-radius: 7px; padding: 5px 9px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus,
QComboBox:on { border: 1px solid $accent; }
QLineEdit[invalid="true"], QSpinBox[invalid="true"], QDoubleSpinBox[invalid="true"], QComboBox[invalid="true"],
QPlainTextEdit[invalid="true"] { border: 1px solid $wrong; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $muted; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $line; border-radius: 7px; padding: 4px;
    selection-background-color: $raised; selection-color: $text;
}

QPushButton { background: $panel; color: $text; border: 1px solid $line; border-radius: 7px; padding: 6px 14px; }
QPushButton:hover { background: $raised; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 1px solid $accent; }
QPushButton:disabled { color: $muted; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[role="primary"]:disabled { background: $line; border-color: $line; color: $muted; }
QPushButton[role="plain"] { background: transparent; border: 1px solid transparent; color: $accent; }
QPushButton[role="danger"] { background: transparent; border: 1px solid transparent; color: $wrong; }

QTreeView, QListView, QTableView, QTextBrowser {
    background: $panel; color: $text; border: none; alternate-background-color: $raised;
    selection-background-color: $raised; selection-color: $text;
}
QTreeView::item, QListView::item { padding: 3px 4px; border-radius: 6px; }
QTreeView::item:hover, QListView::item:hover { background: $raised; }
QTreeView::item:selected, QListView::item:selected { background: $raised; color: $text; }
QTreeView::item:selected:active, QListView::item:selected:active { background: $selection; color: $text; }
QTableView { gridline-color: $line; }
QTableView::item:selected { background: $selection; color: $text; }
QHeaderView::section {
    background: $raised; color: $muted; border: none; border-bottom: 1px solid $line; border-right: 1px solid $line;
    padding: 5px 8px;
}
QTableCornerButton::section { background: $raised; border: none; }

QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 11px; } QScrollBar:horizontal { height: 11px; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 2px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: transparent; width: 0; height: 0; }

QProgressBar { background: $line; border: none; border-radius: 3px; max-height: 6px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; } QSplitter::handle:vertical { height: 1px; }

QFrame[role="card"] { background: $raised; border: 1px solid $line; border-radius: 9px; }
QLabel[role="title"] { font-size: 16px; font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: 11px; }
QLabel[role="error"] { color: $wrong; }
""")


def style_sheet(colors: Colors) -> str:
    """The style sheet in these colours."""
    names = {k: v for k, v in vars(colors).items() if isinstance(v, str)}
    return _SHEET.substitute(names, selection=mixed(colors.accent, colors.panel, 0.18))


def mixed(front: str, back: str, share: float) -> str:
    """The colour between two (`#rrggbb`), with this share of the first."""
    parts = [round(int(front[i : i + 2], 16) * share + int(back[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)
