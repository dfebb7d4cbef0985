"""The description of a kind of node: what it does, its ports, every setting. The text is `app.node_help`'s."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from app.editor.look import look
from app.node_help import node_help
from nodes.base import Node

EMPTY = '<p class="muted">Select a node to read what it does.</p>'
WITH_KEY = '<p class="muted">Select a node to read what it does; {key} opens its description from anywhere.</p>'


class HelpView(QWidget):
    """The dock of descriptions.

    Args:
        key: Returns the key that opens the description of the selected node; empty if there is none.
    """

    def __init__(self, key: Callable[[], str] = str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAccessibleName("Description")
        self._key = key
        self._shown: type[Node] | None = None
        self.browser = QTextBrowser()
        self.browser.setObjectName("help")
        self.browser.setAccessibleName("Description of a node")
        self.browser.setOpenExternalLinks(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.browser)
        look().changed.connect(self.redraw)
        self.redraw()

    def show_type(self, node_class: type[Node]) -> None:
        """Describe a kind of node, from the top."""
        if node_class is not self._shown:
            self._shown = node_class
            self.redraw()

    @property
    def shown(self) -> type[Node] | None:
        """The kind of node that is described."""
        return self._shown

    def redraw(self) -> None:
        """Write the text anew, in the colours of now."""
        self.browser.document().setDefaultStyleSheet(_style())
        key = escape(self._key())
        empty = WITH_KEY.format(key=key) if key else EMPTY
        self.browser.setHtml(empty if self._shown is None else node_help(self._shown))


def _style() -> str:
    colors = look().colors
    return f"""
        body, p, li {{ color: {colors.text}; }}
        p {{ margin: 5px 0 3px 0; }}
        h2 {{ font-size: 17px; margin: 2px 0 0 0; }}
        h3 {{ font-size: 14px; margin: 18px 0 4px 0; }}
        h4 {{ font-size: 13px; color: {colors.muted}; margin: 14px 0 2px 0; }}
        .muted {{ color: {colors.muted}; font-size: 11px; }}
        .facts {{ color: {colors.muted}; font-size: 11px; margin: 1px 0 11px 0; }}
        .example {{ background-color: {colors.raised}; margin: 8px 0 4px 0; }}
        a {{ color: {colors.accent}; }}
        ul {{ margin: 2px 0 4px 0; -qt-list-indent: 0; }}
        li {{ margin-left: 12px; }}
        pre {{ background-color: {colors.raised}; white-space: pre-wrap; }}
        code, pre {{ font-family: monospace; }}
    """
