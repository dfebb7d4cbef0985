"""What there is to say of a node beside its results: settings in effect, times, messages, problems and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from app.document.problems import Problem
from app.editor.look import look
from app.engine.messages.questions import InspectAnswer
from app.engine.status import NodeStatus
from nodes.base import Node
from nodes.declaration.declared import settings_by_name
from nodes.wording import duration


class AboutNode(QTextBrowser):
    """A page of text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said: tuple[NodeStatus, InspectAnswer | None, type[Node] | None] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setAccessibleName("Settings, times and messages of the node")
        self.document().setDocumentMargin(14)
        look().changed.connect(self._write)

    def show_node(self, status: NodeStatus, inspected: InspectAnswer | None, node_class: type[Node] | None) -> None:
        """Tell of a node.

        Args:
            status: What is known of it now.
            inspected: What the engine has answered about it; None while it has not.
            node_class: Its class, for the names of its settings; None if it is not there.
        """
        self._said = (status, inspected, node_class)
        self._write()

    def _write(self) -> None:
        if self._said is None:
            return
        status, inspected, node_class = self._said
        about = inspected or InspectAnswer(title="", type="", state=status.state, outdated=status.outdated)
        colors = look().colors
        parts = [_messages(status.problems, about.warnings, colors.wrong, colors.muted)]
        facts = [
            ("State", about.state),
            ("Took", "" if about.seconds is None else duration(about.seconds)),
            ("Result", "of earlier settings" if about.outdated else "stored" if about.stored else "none yet"),
            ("Key", about.key or ""),
        ]
        parts.append(_table("This result", [(name, str(value)) for name, value in facts if value], colors.muted))
        outputs = [(port.title, port.text) for port in about.outputs]
        parts.append(_table("Outputs", outputs, colors.muted))
        parts.append(_table("Settings in effect", list(_settings(about.settings, node_class)), colors.muted))
        place = self.verticalScrollBar().value()
        self.setHtml("".join(parts))
        self.verticalScrollBar().setValue(place)


def _messages(problems: Sequence[Problem], warnings: Sequence[str], wrong: str, muted: str) -> str:
    rows = [
        f"<p><span style='color:{wrong}'>{'Warning' if p.severity == 'warning' else 'Problem'}</span>&nbsp; {escape(p.message)}"
        f"<br><span style='color:{muted}'>{escape(p.remedy)}</span></p>"
        for p in problems
    ]
    told = {p.message for p in problems}
    rows += [f"<p><span style='color:{wrong}'>Warning</span>&nbsp; {escape(text)}</p>" for text in warnings if text not in told]
    return "".join(rows)


def _table(title: str, rows: Sequence[tuple[str, str]], muted: str) -> str:
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td style='color:{muted}; padding: 2px 18px 2px 0'>{escape(name)}</td>"
        f"<td style='padding: 2px 0'>{escape(value) or '–'}</td></tr>"
        for name, value in rows
    )
    return f"<p style='margin-top:10px; margin-bottom:2px'><b>{escape(title)}</b></p><table cellspacing='0'>{cells}</table>"


def _settings(settings: Mapping[str, Any], node_class: type[Node] | None, prefix: str = "") -> list[tuple[str, str]]:
    """Return name and value of every setting; those of groups beneath their group's name."""
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        declared = settings_by_name(node_class).get(name) if node_class and not prefix else None
        label = prefix + (declared.label if declared else name.replace("_", " "))
        if isinstance(value, Mapping) and value and len(prefix) < 60:
            found += _settings(value, None, f"{label} · ")
        else:
            found.append((label, _value(value)))
    return found


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_value(v)}" for k, v in value.items())
    return str(value)
