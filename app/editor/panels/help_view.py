"""The description of a kind of node: what it does, its ports, every setting. The text is `app.node_help`'s."""

from __future__ import annotations

from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from app.editor.look import look
from app.node_help import node_help
from nodes.base import Node

EMPTY = '<p class="muted">Select a node, and press F1, to read what it does.</p>'


class HelpView(QWidget):
    """The dock of descriptions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAccessibleName("Description")
        self._shown: type[Node] | None = None
        self.browser = QTextBrowser()
        self.browser.setObjectName("help")
        self.browser.setAccessibleName("Description of a node")
        self.browser.setOpenExternalLinks(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.browser)
        look().changed.connect(self._redraw)
        self._redraw()

    def show_type(self, node_class: type[Node]) -> None:
        """Describe a kind of node, from the top."""
        self._shown = node_class
        self._redraw()

    def _redraw(self) -> None:
        self.browser.document().setDefaultStyleSheet(_style())
        self.browser.setHtml(EMPTY if self._shown is None else node_help(self._shown))


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
