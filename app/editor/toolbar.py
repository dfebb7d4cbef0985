"""The toolbar: the menu behind a button, the name of the program, frequent actions, the field that opens the palette."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from app.editor.actions import SEPARATOR, ActionTable
from app.editor.key_tips import KeyTips
from app.editor.look import look
from app.editor.plain_label import PlainLabel

PANELS = ("view.fold_left", "view.fold_right")
"""Actions at the right, beside light and dark."""


class MainToolbar(QToolBar):
    """A row of buttons at the top of the window; all of them trigger actions.

    Args:
        actions: The actions of the window.
        menu: What the first button opens.
        entries: The ids of the actions to show, and separators.
        tips: Knows the keys that tooltips name.
    """

    def __init__(self, actions: ActionTable, menu: QMenu, entries: Iterable[str], tips: KeyTips, parent: QWidget) -> None:
        super().__init__("Toolbar", parent, movable=False)
        self._actions = actions
        self.setObjectName("toolbar")
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._menu = self._menu_button(menu)
        self._wordmark = PlainLabel(parent=self)
        self._wordmark.setObjectName("wordmark")
        self.addWidget(self._wordmark)
        for action_id in entries:
            self._add_action(action_id)
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self._find = QToolButton(self, accessibleName="Find a node, an action, a setting")
        self._find.setObjectName("find")
        self._find.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._tips = tips
        tips.changed.connect(self._name_key)
        self._find.clicked.connect(actions["help.palette"].trigger)
        self.addWidget(self._find)
        for action_id in PANELS:
            self._add_action(action_id)
        self._look = QToolButton(self, toolTip="Light or dark", accessibleName="Light or dark")
        self._look.clicked.connect(self._other_look)
        self._help = QToolButton(self, accessibleName="Keyboard shortcuts and mouse")
        tips.show(self._help, "Keyboard shortcuts and mouse", "help.shortcuts")
        self._help.clicked.connect(actions["help.shortcuts"].trigger)
        for button in (self._look, self._help):
            self.addWidget(button)
        self._name_key()
        look().changed.connect(self._redraw)
        self._redraw()

    def _menu_button(self, menu: QMenu) -> QToolButton:
        button = QToolButton(self, toolTip="Menu (Alt+M)", accessibleName="Menu")
        button.setObjectName("wordmark")
        button.setShortcut("Alt+M")
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)
        return button

    def _add_action(self, action_id: str) -> None:
        if action_id == SEPARATOR:
            self.addSeparator()
            return
        action = self._actions[action_id]
        self.addAction(action)
        button = self.widgetForAction(action)
        button.setObjectName(action_id.replace(".", "_"))
        button.setAccessibleName(self._actions.rows[action_id].plain_title)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _name_key(self) -> None:
        """Name the key that opens the palette in its field."""
        key = self._tips.key("help.palette").replace("+", " ")
        self._find.setText(f"  Find a node, an action, a setting ...          {key}")

    def _other_look(self) -> None:
        self._actions["view.light" if look().colors.dark else "view.dark"].trigger()

    def _redraw(self) -> None:
        """Draw what holds icons or colours in those of now."""
        colors = look().colors
        self._wordmark.setTextFormat(Qt.TextFormat.RichText)
        self._wordmark.setText(f"<b>Layer<span style='color:{colors.accent}'>loom</span></b>")
        self._menu.setIcon(look().icon("mdi6.menu"))
        self._find.setIcon(look().icon("mdi6.magnify", colors.muted))
        self._look.setIcon(look().icon("mdi6.theme-light-dark"))
        self._help.setIcon(look().icon("mdi6.help-circle-outline"))
        for action_id, color in (("run.all", colors.on_accent), ("run.cancel", colors.wrong)):
            self._actions[action_id].setIcon(look().icon(self._actions.rows[action_id].icon, color))
