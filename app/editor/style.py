"""The style sheet: every widget of the program, in the colours of one appearance. Fields have radius 7, cards 9."""

from __future__ import annotations

from string import Template

from app.editor.colors import Colors, named

SHEET = Template("""
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
QToolButton:focus { border: 2px solid $accent; padding: 4px; }
QToolButton::menu-indicator { image: none; }

QToolButton#run_all { background: $accent; padding: 7px; margin: 0 2px; }
QToolButton#run_all:hover { background: $accent_hover; }
QToolButton#run_all:focus { border: 2px solid $text; padding: 5px; }
QToolButton#run_all:disabled { background: $line; }
QToolButton#find { background: $raised; border: 1px solid $edge; color: $muted; padding: 6px 10px; min-width: 300px; }
QToolButton#find:hover { border: 1px solid $muted; }
QToolButton#find:focus { border: 2px solid $accent; padding: 5px 9px; }
QToolButton#small { padding: 2px; border-radius: 5px; }
QToolButton#small:focus { padding: 0; }
QLabel#wordmark { font-size: 15px; padding: 0 14px 0 6px; }
QStatusBar QToolButton { color: $muted; padding: 3px 8px; border-radius: 5px; }
QStatusBar QToolButton:focus { padding: 1px 6px; }

QMenuBar { background: $panel; color: $text; border-bottom: 1px solid $line; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $selection; border: 1px solid $accent; padding: 4px 9px; }
QMenu { background: $panel; color: $text; border: 1px solid $line; border-radius: 9px; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 10px; border: 1px solid transparent; border-radius: 6px; }
QMenu::item:selected { background: $selection; border-color: $accent; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }

QDockWidget { color: $text; font-weight: 600; }
QDockWidget::title { background: $panel; padding: 8px 12px; text-align: left; }
QStatusBar { background: $raised; color: $muted; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 2px 8px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 7px 12px; border: none; border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; font-weight: 600; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { border: 2px solid $accent; border-radius: 7px; padding: 5px 10px; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $raised; color: $text; border: 1px solid $edge; border-radius: 7px; padding: 5px 9px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus,
QComboBox:on { border: 2px solid $accent; padding: 4px 8px; }
QLineEdit[invalid="true"], QSpinBox[invalid="true"], QDoubleSpinBox[invalid="true"], QComboBox[invalid="true"],
QPlainTextEdit[invalid="true"] { border: 2px solid $wrong; padding: 4px 8px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $muted; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $line; border-radius: 7px; padding: 4px;
    selection-background-color: $selection; selection-color: $text;
}
QComboBox QAbstractItemView::item:selected { background: $selection; border: 1px solid $accent; border-radius: 5px; }

QPushButton { background: $panel; color: $text; border: 1px solid $edge; border-radius: 7px; padding: 6px 14px; }
QPushButton:hover { background: $raised; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $accent; padding: 5px 13px; }
QPushButton:disabled { color: $muted; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $line; border-color: $line; color: $muted; }
QPushButton[role="plain"] { background: transparent; border: 1px solid transparent; color: $accent; }
QPushButton[role="danger"] { background: transparent; border: 1px solid transparent; color: $wrong; }
QPushButton[role="plain"]:focus, QPushButton[role="danger"]:focus { border: 2px solid $accent; }

QTreeView, QListView, QTableView, QTextBrowser {
    background: $panel; color: $text; border: 1px solid transparent; alternate-background-color: $raised;
    selection-background-color: $selection; selection-color: $text;
}
QTextBrowser { border: none; }
QTreeView:focus, QListView:focus, QTableView:focus, QTextBrowser:focus { border: 1px solid $accent; }
QTreeView::item, QListView::item { padding: 3px 4px; border-radius: 6px; }
QTreeView::item:hover, QListView::item:hover { background: $raised; }
QTreeView::item:selected, QListView::item:selected { background: $raised; color: $text; }
QTreeView::item:selected:active, QListView::item:selected:active { background: $selection; color: $text; }
QTableView { gridline-color: $line; }
QTableView::item:selected { background: $selection; color: $text; }
QTreeView::item:focus, QListView::item:focus, QTableView::item:focus { border: 1px solid $accent; }
QHeaderView::section {
    background: $raised; color: $muted; border: none; border-bottom: 1px solid $line; border-right: 1px solid $line;
    padding: 5px 8px;
}
QTableCornerButton::section { background: $raised; border: none; }

QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 11px; } QScrollBar:horizontal { height: 11px; }
QScrollBar::handle { background: $edge; border-radius: 2px; margin: 3px; min-height: 28px; min-width: 28px; }
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

/* The config dialog */
QLineEdit[role="inner"] { background: $panel; border-radius: 5px; padding: 1px 4px; }
QLineEdit[role="inner"]:focus { padding: 0 3px; }
QPushButton[role="add"] { background: transparent; border: 1px solid transparent; color: $accent; padding: 4px 6px; }
QPushButton[role="add"]:hover { background: $raised; }
QPushButton[role="add"]:focus { border: 2px solid $accent; padding: 3px 5px; }
QFrame[role="field"], QListWidget[role="field"] { background: $raised; border: 1px solid $edge; border-radius: 7px; }
QListWidget[role="field"] { padding: 3px; }
QListWidget[role="field"]::indicator {
    width: 13px; height: 13px; border: 1px solid $muted; border-radius: 4px; background: $panel;
}
QListWidget[role="field"]::indicator:checked {
    border: 1px solid $accent;
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 $on_accent, stop: 0.45 $on_accent, stop: 0.55 $accent, stop: 1 $accent);
}
QListWidget[role="field"]:focus { border: 2px solid $accent; padding: 2px; }
QFrame[role="field"][invalid="true"], QListWidget[role="field"][invalid="true"] { border: 2px solid $wrong; }
QLineEdit[role="chip"] { background: $panel; border: 1px solid $edge; border-radius: 5px; padding: 1px 5px; }
QLineEdit[role="chip"]:focus { border: 2px solid $accent; padding: 0 4px; }
QLineEdit[role="name"] {
    background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 1px 4px;
    font-size: 15px; font-weight: 600;
}
QLineEdit[role="name"]:hover { background: $raised; }
QLineEdit[role="name"]:focus { background: $raised; border: 2px solid $accent; padding: 0 3px; }
QToolButton[role="small"] { padding: 4px; border-radius: 6px; }
QToolButton[role="small"]:focus { padding: 2px; }
QToolButton[role="step"], QToolButton[role="step"]:focus { padding: 0; border: none; border-radius: 3px; }
QFrame[role="bound"] { background: $selection; border: 1px solid $accent; border-radius: 7px; min-height: 28px; }
QFrame[role="nested"] { border: none; border-left: 2px solid $line; border-radius: 0; }
QFrame[role="item"] { background: transparent; border: 1px solid $line; border-radius: 9px; }
QFrame[role="outcome"] { background: $panel; border: 1px solid $accent; border-radius: 9px; }
QFrame[role="outcome"][wrong="true"] { border: 1px solid $wrong; }
QScrollArea[role="plain"], QScrollArea[role="plain"] > QWidget > QWidget { background: transparent; }
QLabel[role="label"] { color: $muted; }
QLabel[role="strong"] { font-weight: 600; font-size: 14px; }
QLabel[role="warning"] { color: $text; }
QPushButton[role="note"] {
    background: $selection; border: 1px solid transparent; color: $text; text-align: left; padding: 7px 11px;
}
QPushButton[role="note"]:hover { border: 1px solid $accent; }
QPushButton[role="note"]:focus { border: 2px solid $accent; padding: 6px 10px; }

/* panels */
QPushButton[role="segment"] { padding: 6px 18px; font-weight: 600; }
QPushButton[role="segment"]:checked { background: $selection; border: 1px solid $accent; color: $text; }
QPushButton[role="segment"]:focus { border: 2px solid $accent; padding: 5px 17px; }
QTableWidget#variables::item { padding: 0 8px; }
QScrollArea#welcome { background: $panel; border: none; }
QFrame[role="example"] { background: $panel; border: 1px solid $line; border-radius: 11px; }
QFrame[role="example"]:hover { border: 1px solid $accent; }
QFrame[role="example"]:focus { border: 2px solid $accent; }
QFrame[role="recent"] { border: 1px solid transparent; border-radius: 9px; }
QFrame[role="recent"]:hover { background: $raised; }
QFrame[role="recent"]:focus { border: 2px solid $accent; }
QFrame[role="popup"] { background: $panel; border: 1px solid $line; border-radius: 11px; }
QTreeView#rows::item:hover, QTreeView#rows::item:selected, QTreeView#rows::item:selected:active,
QListView#rows::item:hover, QListView#rows::item:selected, QListView#rows::item:selected:active { background: transparent; }

/* grid of images: it paints what is selected by itself */
QTableView#imageGrid, QTableView#imageGrid::item, QTableView#imageGrid::item:selected {
    selection-background-color: transparent; background: transparent;
}

/* results: node monitor, learning curves, confusion matrix, network */
QLabel#epochPill { background: $raised; color: $text; border: 1px solid $line; border-radius: 11px; padding: 2px 11px; }
QLabel#counterValue { color: $text; font-size: 14px; font-weight: 600; }
QListWidget#runList { background: $raised; border: 1px solid $edge; border-radius: 9px; padding: 4px; }
QPushButton[role="pill"] {
    background: transparent; color: $muted; border: 1px solid transparent; border-radius: 10px; padding: 3px 11px;
}
QPushButton[role="filter"] {
    background: $selection; color: $text; border: 1px solid transparent; border-radius: 10px; padding: 3px 10px;
}
QPushButton[role="filter"]:hover, QPushButton[role="filter"]:focus { border: 1px solid $accent; }
QPushButton[role="pill"]:hover { color: $text; }
QPushButton[role="pill"]:checked { background: $raised; color: $text; border: 1px solid $edge; }
QPushButton[role="pill"]:focus { border: 2px solid $accent; padding: 2px 10px; }
QFrame#banner { background: $notice; border: none; border-radius: 7px; }
QFrame#behind { background: $raised; border: none; border-radius: 9px; }
QFrame#behind QListView, QFrame#behind QTableView { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableView#matrix { background: transparent; gridline-color: transparent; }
QTableView#matrix QHeaderView::section, QTableView#matrix QHeaderView { background: transparent; border: none; padding: 2px 5px; }
QTableView#matrix QTableCornerButton::section { background: transparent; }
QScrollArea#monitorPage, QWidget#monitorBody { background: $panel; border: none; }
""")


def style_sheet(colors: Colors) -> str:
    """Return the style sheet in these colours."""
    return SHEET.substitute(named(colors))
