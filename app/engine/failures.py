"""Whatever goes wrong in a node, as an error for the person at the canvas."""

from __future__ import annotations

import errno
import logging
import os
import re
from pathlib import Path

from nodes.base import LibraryPanic, NodeError
from nodes.kit.networks.graph_errors import worded

log = logging.getLogger("layerloom.executor")


def explained(error: BaseException, store: Path) -> NodeError:
    """Return any exception as a `NodeError`; the traceback of an unexpected one goes to the log.

    Args:
        error: What was raised while a node worked or its result was written.
        store: The folder of the results.
    """
    if isinstance(error, NodeError):
        if isinstance(error, LibraryPanic):
            log.error("a library gave up", exc_info=error)
        return error
    if isinstance(error, MemoryError):
        return NodeError("The memory of this machine does not suffice.", "Use fewer rows, smaller images or a smaller batch.")
    if _is_disk_full(error):
        return NodeError(
            f"No space is left on the disk while the result was written ({store}).",
            "Make room, or choose another folder for the results with --results; everything finished so far is kept.",
        )
    if isinstance(error, OSError) and error.filename and _is_within(error.filename, store):
        return NodeError(
            f"The result cannot be stored in {store}: {error.strerror}.",
            "Mend that, or choose another folder for the results with --results; everything finished so far is kept.",
        )
    log.error("unexpected error", exc_info=error)
    if (told := worded(error)) is not None:
        return told
    detail = str(error).strip().partition("\n")[0]
    return NodeError(f"The node stopped with {type(error).__name__}: {detail}", "The log has the details.")


def node_fault(error: BaseException) -> NodeError:
    """Return what to say of an exception that a node raised before it ran; most of them not on purpose."""
    if isinstance(error, NodeError):
        return error
    return NodeError(f"The node has a fault of its own: {type(error).__name__}: {error}", "Please report it.")


def _is_within(file: str | bytes | int, folder: Path) -> bool:
    return not isinstance(file, int) and Path(os.fsdecode(file)).is_relative_to(folder)


def _is_disk_full(error: BaseException) -> bool:
    """Return whether a write failed for want of room; polars and pyarrow give the system's number in the text only."""
    found = re.search(r"os error (\d+)|\[errno (\d+)\]", str(error))
    number = getattr(error, "errno", None) or (int(found[1] or found[2]) if found else None)
    return number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
