"""Asks whether the scripts of a workflow may run, and whether it may write where it wants to, and shows both to be read.

Nothing runs, and nothing is written, unless the person says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app.editor.code.edit import CodeEdit
from app.editor.look import look
from app.editor.visible_text import visible
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

    @property
    def text(self) -> str:
        """What the dialog shows of it."""
        return self.source


@dataclass(frozen=True)
class WantedPlace:
    """Where a node would write, or which server it would talk to.

    Attributes:
        node: The id of the node.
        title: What the person calls the node.
        type_title: What kind of node it is.
        setting: The setting that says so, in words.
        place: The absolute path, or the address.
        reason: Why it is asked.
        digest: What it is remembered by.
    """

    node: str
    title: str
    type_title: str
    setting: str
    place: str
    reason: str
    digest: str

    @property
    def text(self) -> str:
        """What the dialog shows of it."""
        return f"{self.place}\n\n{self.reason}"


class TrustDialog(QDialog):
    """Shows scripts that are not trusted, and places that are not allowed. Accepted, the person trusts them all.

    Args:
        workflow: The workflow's title.
        scripts: What is to be read.
        places: Where the workflow would write; there is at least one of both.
        run: Whether they will run at once.
    """

    def __init__(
        self,
        workflow: str,
        scripts: Sequence[UntrustedScript],
        places: Sequence[WantedPlace] = (),
        parent: QWidget | None = None,
        *,
        run: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scripts" if scripts else "Places to write to")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown: list[UntrustedScript | WantedPlace] = [*scripts, *places]
        title = QLabel(_question(workflow, len(scripts), len(places)))
        title.setProperty("role", "title")
        text = QLabel(" ".join([*([_OF_SCRIPTS] if scripts else []), *([_OF_PLACES] if places else [])]))
        text.setProperty("role", "muted")
        for label in (title, text):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.list = QListWidget()
        self.list.setAccessibleName("Nodes")
        self.list.setIconSize(QSize(18, 18))
        self.list.setFixedWidth(210)
        for entry in self._shown:
            icon = "mdi6.script-text-outline" if isinstance(entry, UntrustedScript) else "mdi6.content-save-alert-outline"
            item = QListWidgetItem(look().icon(icon, look().colors.muted), visible(entry.title))
            item.setToolTip(visible(f"{entry.title}: {entry.setting}"))
            self.list.addItem(item)
        self.list.setVisible(len(self._shown) > 1)
        self.where = QLabel()
        self.where.setProperty("role", "heading")
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.code = CodeEdit()
        self.code.setReadOnly(True)
        self.code.setAccessibleName("The script" if scripts else "The place")
        self.hidden = QLabel("Characters that would be invisible, or change the order of others, are shown as their numbers.")
        self.hidden.setProperty("role", "note")
        self.hidden.setWordWrap(True)
        self.cancel_button = QPushButton("Cancel")
        word = "Trust" if scripts else "Allow"
        self.trust_button = QPushButton(f"{word} and run" if run else word)
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
        reading.addWidget(self.hidden)
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
        if 0 <= row < len(self._shown):
            entry = self._shown[row]
            kind = f" ({entry.type_title})" if entry.type_title not in ("", entry.title) else ""
            text, size = entry.text, ""
            if isinstance(entry, UntrustedScript):
                size = f" · {counted(len(text.splitlines()), 'line')}"
            self.where.setText(visible(f"{entry.title}{kind} · {entry.setting}") + size)
            self.code.setPlainText(visible(text))
            self.hidden.setVisible(visible(text) != text)


def _question(workflow: str, scripts: int, places: int) -> str:
    """What is asked, as a heading."""
    count = "a script" if scripts == 1 else f"{scripts} scripts"
    told = f"contains {count} that you have not trusted yet" if scripts else ""
    where = "to a place that you have not allowed yet" if places == 1 else f"to {places} places that you have not allowed yet"
    wants = f"wants to write {where}" if places else ""
    return visible(f"'{workflow}' {' and '.join(part for part in (told, wants) if part)}")


_OF_SCRIPTS = (
    "Scripts are programs: once they run, they can read, change and delete your files and use the network, just as you "
    "can. Trust them only if you have read them, or if you know where the workflow comes from."
)
_OF_PLACES = (
    "The workflow was not made on this machine. What it writes elsewhere than into its own folder can take the place of your "
    "files, and other programs may obey it. Allow it only if that is what the workflow is for."
)
