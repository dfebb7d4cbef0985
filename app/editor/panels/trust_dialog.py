"""Asks whether the scripts of a workflow may run, and whether it may write where it wants to, and shows both to be read.

Nothing runs, and nothing is written, unless the person says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.editor.code.edit import CodeEdit
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip, visible
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
        self.setWindowTitle(_window_title(bool(scripts), bool(places)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown: list[UntrustedScript | WantedPlace] = [*scripts, *places]
        self.list = self._listed()
        self.where = _label(role="heading")
        self.code = CodeEdit()
        self.code.setReadOnly(True)
        self.code.setAccessibleName("The script")
        self.place = PlaceCard()
        self.hidden = _label("Characters that cannot be seen, or that turn the direction of reading, stand as numbers.", "small")
        self.cancel_button = QPushButton("Cancel")
        self.trust_button = QPushButton(_consent(bool(scripts), bool(places), run))
        self.trust_button.setProperty("role", "primary")
        self.trust_button.setAutoDefault(False)
        self.cancel_button.setDefault(True)
        self.cancel_button.clicked.connect(self.reject)
        self.trust_button.clicked.connect(self.accept)
        texts = [_label(_question(workflow, len(scripts), len(places)), "title")]
        texts += [_label(text, "muted") for text, said in ((_OF_SCRIPTS, scripts), (_OF_PLACES, places)) if said]
        self._lay_out(texts)
        self.list.currentRowChanged.connect(self._show)
        self.list.setCurrentRow(0)
        self.resize(*((980, 640) if scripts else (720, 360)))
        self.cancel_button.setFocus()

    def _listed(self) -> QListWidget:
        """Return the list of nodes, which is shown if there are several things to look at."""
        made = QListWidget()
        made.setAccessibleName("Nodes")
        made.setIconSize(QSize(18, 18))
        made.setFixedWidth(210)
        for entry in self._shown:
            icon = "mdi6.script-text-outline" if isinstance(entry, UntrustedScript) else "mdi6.content-save-alert-outline"
            item = QListWidgetItem(look().icon(icon, look().colors.muted), visible(entry.title))
            item.setToolTip(plain_tip(visible(f"{entry.title}: {entry.setting}")))
            made.addItem(item)
        made.setVisible(len(self._shown) > 1)
        return made

    def _lay_out(self, texts: Sequence[QLabel]) -> None:
        self._pages = QStackedWidget()
        self._pages.addWidget(self.code)
        self._place_page = QWidget()
        column = QVBoxLayout(self._place_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.place)
        column.addStretch(1)
        self._pages.addWidget(self._place_page)
        reading = QVBoxLayout()
        reading.setSpacing(6)
        reading.addWidget(self.where)
        reading.addWidget(self.hidden)
        reading.addWidget(self._pages, 1)
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
        for text in texts:
            layout.addWidget(text)
        layout.addLayout(middle, 1)
        layout.addLayout(buttons)

    def _show(self, row: int) -> None:
        if not 0 <= row < len(self._shown):
            return
        entry = self._shown[row]
        kind = f" ({entry.type_title})" if entry.type_title not in ("", entry.title) else ""
        about = visible(f"{entry.title}{kind} · {entry.setting}")
        if isinstance(entry, UntrustedScript):
            text = entry.source
            about += f" · {counted(len(text.splitlines()), 'line')}"
            self.code.setPlainText(visible(text))
            self._pages.setCurrentWidget(self.code)
        else:
            text = entry.place
            self.place.show_place(entry)
            self._pages.setCurrentWidget(self._place_page)
        self.where.setText(about)
        self.hidden.setVisible(visible(text) != text)


class PlaceCard(QFrame):
    """A place that a node wants to write to, or a server, and why it is asked about.

    Attributes:
        path: The path, or the address.
        reason: Why.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.path = _label()
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(13)
        self.path.setFont(font)
        self.reason = _label(role="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(self.path)
        layout.addWidget(self.reason)

    def show_place(self, place: WantedPlace) -> None:
        """Show another place."""
        # A label breaks lines between words only, and a path may be one long word.
        self.path.setText("".join(f"{c}\u200b" if c in "/\\-_." else c for c in visible(place.place)))
        self.reason.setText(visible(place.reason))


def _label(text: str = "", role: str = "") -> QLabel:
    """Return a label of a paragraph."""
    made = PlainLabel(text)
    made.setWordWrap(True)
    if role:
        made.setProperty("role", role)
    return made


def _window_title(scripts: bool, places: bool) -> str:
    if scripts and places:
        return "Scripts, and places to write to"
    return "Scripts" if scripts else "Places to write to"


def _consent(scripts: bool, places: bool, run: bool) -> str:
    """Return what the button says that grants everything."""
    words = [word for word, said in (("trust", scripts), ("allow", places), ("run", run)) if said]
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part).capitalize()


def _question(workflow: str, scripts: int, places: int) -> str:
    """Return what is asked, as a heading."""
    count = "a script" if scripts == 1 else f"{scripts} scripts"
    told = f"contains {count} that you have not trusted yet" if scripts else ""
    where = "a place that you have not allowed yet" if places == 1 else f"{places} places that you have not allowed yet"
    wants = f"wants to use {where}" if places else ""
    return visible(f"'{workflow}' {', and '.join(part for part in (told, wants) if part)}")


_OF_SCRIPTS = (
    "Scripts are programs: once they run, they can read, change and delete your files and use the network, just as you "
    "can. Trust them only if you have read them, or if you know where the workflow comes from."
)
_OF_PLACES = (
    "The workflow was not made on this machine. What it writes outside of its own folder can take the place of your files, "
    "other programs may obey it, and a server is asked with your rights. Allow it only if that is what the workflow is for."
)
