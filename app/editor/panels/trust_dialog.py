"""Asks whether the scripts of a workflow may run, and shows them to be read. Nothing runs unless the person says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.editor.code.edit import CodeEdit
from app.editor.look import look
from nodes.wording import counted


@dataclass(frozen=True)
class UntrustedScript:
    """A script to be read.

    Attributes:
        node: The id of the node it stands in.
        title: What the person calls the node.
        type_title: What kind of node it is.
        setting: The setting it stands in, in words.
        source: Its text.
    """

    node: str
    title: str
    type_title: str
    setting: str
    source: str


class TrustDialog(QDialog):
    """Shows scripts that are not trusted. Accepted, the person trusts them all.

    Args:
        workflow: The workflow's title.
        scripts: What is to be read; at least one.
        run: Whether they will run at once.
    """

    def __init__(
        self, workflow: str, scripts: Sequence[UntrustedScript], parent: QWidget | None = None, *, run: bool = True
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scripts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._scripts = list(scripts)
        count = "a script" if len(scripts) == 1 else f"{len(scripts)} scripts"
        title = QLabel(f"'{workflow}' contains {count} that you have not trusted yet")
        title.setProperty("role", "title")
        text = QLabel(
            "Scripts are programs: once they run, they can read, change and delete your files and use the network, just as you "
            "can. Trust them only if you have read them, or if you know where the workflow comes from."
        )
        text.setProperty("role", "muted")
        for label in (title, text):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.list = QListWidget()
        self.list.setAccessibleName("Nodes with scripts")
        self.list.setIconSize(QSize(18, 18))
        self.list.setFixedWidth(210)
        for script in self._scripts:
            item = QListWidgetItem(look().icon("mdi6.script-text-outline", look().colors.muted), script.title)
            item.setToolTip(f"{script.title}: {script.setting}")
            self.list.addItem(item)
        self.list.setVisible(len(self._scripts) > 1)
        self.where = QLabel()
        self.where.setProperty("role", "heading")
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.code = CodeEdit()
        self.code.setReadOnly(True)
        self.code.setAccessibleName("The script")
        self.cancel_button = QPushButton("Cancel")
        self.trust_button = QPushButton("Trust and run" if run else "Trust")
        self.trust_button.setProperty("role", "primary")
        self.trust_button.setAutoDefault(False)
        self.cancel_button.setDefault(True)
        self.cancel_button.clicked.connect(self.reject)
        self.trust_button.clicked.connect(self.accept)
        self._lay_out(title, text)
        self.list.currentRowChanged.connect(self._show)
        self.list.setCurrentRow(0)
        self.resize(980, 640)
        self.cancel_button.setFocus()

    def _lay_out(self, title: QLabel, text: QLabel) -> None:
        reading = QVBoxLayout()
        reading.setSpacing(6)
        reading.addWidget(self.where)
        reading.addWidget(self.code, 1)
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(self.list)
        middle.addLayout(reading, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.trust_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(12)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addLayout(middle, 1)
        layout.addLayout(buttons)

    def _show(self, row: int) -> None:
        if 0 <= row < len(self._scripts):
            script = self._scripts[row]
            kind = f" ({script.type_title})" if script.type_title not in ("", script.title) else ""
            lines = len(script.source.splitlines())
            self.where.setText(f"{script.title}{kind} · {script.setting} · {counted(lines, 'line')}")
            self.code.setPlainText(script.source)
