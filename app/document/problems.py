"""Problem: what is wrong with a workflow, where, and what to do; for the list in the window and for the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        message: What is wrong, as a sentence.
        remedy: What to do about it, as a sentence.
        node: The id of the node it concerns.
        port: The port of that node, if it is about one.
        setting: The setting of that node, in dotted form, if it is about one.
        severity: An error keeps the node from running.
        path: Of a node in a component: what people call it, as `clean/missing`.
    """

    message: str
    remedy: str = ""
    node: str | None = None
    port: str | None = None
    setting: str | None = None
    severity: Severity = "error"
    path: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON; without what is not set."""
        return {k: v for k, v in asdict(self).items() if v}

    def __str__(self) -> str:
        place = self.path or self.node or "workflow"
        if self.setting:
            place += f".{self.setting}"
        elif self.port:
            place += f" (port {self.port})"
        return f"{place}: {self.message} {self.remedy}".rstrip()


class DocumentError(Exception):
    """A workflow file that cannot be read or written: what is wrong, and what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".rstrip())
        self.message = message
        self.remedy = remedy
