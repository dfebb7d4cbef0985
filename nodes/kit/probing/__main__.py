"""The process that looks at files: `python -P -m nodes.kit.probing`. A request is a line of JSON, and so is the answer.

It ends by itself when nobody asks for a while, when the one who asks is gone, and when a look takes too long, be it in a loop of
native code that never comes back to Python (faulthandler's watchdog is a thread of its own that needs nothing of Python).
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import IO, Any, cast

from nodes.kit.probing.formats import IDLE_SECONDS, IMPORT_SECONDS, Format


def main() -> None:
    """Answer requests until there are no more."""
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # what libraries print is no answer
        _no_core_dumps()
        while True:
            faulthandler.dump_traceback_later(IDLE_SECONDS, exit=True, file=nowhere)
            line = sys.stdin.buffer.readline()
            if not line:
                return
            answers.write(json.dumps(_answer(json.loads(line), nowhere)).encode() + b"\n")


def _answer(request: dict[str, Any], nowhere: IO[bytes]) -> dict[str, str]:
    """What is found: nothing (sound), why the file is refused, or that it takes too much memory."""
    from nodes.kit.probing.looks import Refused, look, prepare

    format = cast("Format", request["format"])
    faulthandler.dump_traceback_later(IMPORT_SECONDS, exit=True, file=nowhere)
    try:
        prepare(format)
        faulthandler.dump_traceback_later(request["seconds"], exit=True, file=nowhere)
        _limit(int(request["memory"]), float(request["seconds"]))
        look(Path(os.fsdecode(bytes.fromhex(request["path"]))), format, whole=bool(request["whole"]))
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"memory": "too much"}
    except BaseException as error:  # noqa: BLE001 - a panic of a Rust library
        text = str(error).strip().partition("\n")[0]
        return {"panic": text or type(error).__name__}
    return {}


def _no_core_dumps() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit(memory: int, seconds: float) -> None:
    """Take no more than so much memory beyond what the libraries take, and so much of the processor."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    # There are two threads at the most that work.
    _set_soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + 2 * seconds) + 1)
    if sys.platform == "linux":
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _set_soft(resource.RLIMIT_AS, taken + memory)


def _set_soft(limit: int, value: int) -> None:
    """Set what a process may set for itself, within what it was given."""
    import resource

    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    main()
