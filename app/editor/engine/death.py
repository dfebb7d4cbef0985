"""EngineDeath: what to say when the engine process has ended though nobody asked it to."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

LAST_LINES = 5
"""So many lines of the log are looked at for a word about memory."""


class EngineDeath(Struct, frozen=True):
    """The end of an engine process.

    Attributes:
        message: What happened, as a sentence.
        remedy: What to do, as a sentence.
        running: Document -> the nodes that were at work.
        configuring: The document that was being configured, and its node, if it was at one.
        exit_code: Of the process, if it ended by itself.
        signal: The number of the signal that ended it, if one did.
        out_of_memory: Whether that probably is why.
        restarting: Whether a new one is started by itself.
    """

    message: str
    remedy: str
    running: Mapping[str, Sequence[str]] = {}
    configuring: tuple[str, str] | None = None
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    restarting: bool = True


def explained(
    code: int | None, number: int | None, last_lines: Sequence[str], given_up_after: int | None, log: Path
) -> EngineDeath:
    """Return what to say of an end that nobody gave a reason for.

    Args:
        code: The exit code, if the process ended by itself.
        number: The number of the signal that ended it, if one did.
        last_lines: What it wrote to its standard error.
        given_up_after: How often it was started in vain; None if a new one is started.
        log: Where all it wrote is kept.
    """
    words = last_lines[-LAST_LINES:]
    memory = number == 9 or code == 137 or any("MemoryError" in line or "bad_alloc" in line for line in words)
    if memory:
        message = "The operating system ended the engine, most likely because the memory of this machine did not suffice."
        remedy = "Use fewer rows, smaller images or a smaller batch, or close other programs; then run again."
    elif number is not None:
        message = f"The engine crashed ({_signal_name(number)})."
        remedy = "Run again to go on. If it crashes there again, engine.log has the details."
    else:
        message = f"The engine ended unexpectedly (exit code {code})."
        remedy = "Run again to go on. If it happens again, engine.log has the details."
    if given_up_after is not None:
        message = f"{message} It was started {given_up_after} times, in vain."
        remedy = f"See {log} for the reason, then start the engine again. Your workflow is not affected."
    else:
        remedy += " What was finished is kept."
    return EngineDeath(message, remedy, exit_code=code, signal=number, out_of_memory=memory, restarting=given_up_after is None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
