"""The errors a node raises on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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


class LibraryPanic(NodeError):
    """A library of Rust (polars, fastexcel) gave up, which it calls a panic."""


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Have a panic of a library of Rust raised as a `NodeError`: it is no `Exception`, so that it passes whoever catches those.

    All code that calls a node, or polars, and must go on whatever becomes of it does that in here.

    Raises:
        LibraryPanic: Instead of a panic.
    """
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        first = str(error).strip().partition("\n")[0].rstrip(".")
        hint = "Check the data and the settings that it works with; if they are right, please report it."
        raise LibraryPanic(f"A library gave up over it: {first or type(error).__name__}.", hint) from error


def is_panic(error: BaseException) -> bool:
    """Return whether a library of Rust gave up; each of them has a class of its own for that."""
    return type(error).__name__ == "PanicException"
