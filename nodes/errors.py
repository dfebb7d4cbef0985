"""The errors a node raises on purpose."""

from __future__ import annotations


class NodeError(Exception):
    """A mistake that the person at the canvas can mend: what is wrong, and what to do.

    Args:
        message: What is wrong, as a sentence.
        remedy: What to do about it, as a sentence; may be empty.
        setting: The setting at fault, in the dialog's dotted form, if there is one.
    """

    def __init__(self, message: str, remedy: str = "", *, setting: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.setting = setting

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class Cancelled(Exception):
    """Raised inside `execute` by `Job.check_cancelled` when the run was cancelled."""
