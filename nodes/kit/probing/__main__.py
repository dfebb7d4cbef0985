"""The process that looks at files: `python -P -m nodes.kit.probing`. A request is a frame of JSON, and so is the answer.

It ends by itself when nobody asks for a while, when the one who asks is gone, and when a look takes too long, be it in a loop of
native code that never comes back to Python (faulthandler's watchdog is a thread of its own that needs nothing of Python).
"""

from __future__ import annotations

import faulthandler
import json
import os
from pathlib import Path
from typing import IO, Any, cast

from nodes.kit.probing.formats import Format
from nodes.kit.processes.limits import limit_memory, limit_processor, no_core_dumps
from nodes.kit.processes.serving import frames_of_this_process
from nodes.kit.processes.worker_process import IDLE_SECONDS, IMPORT_SECONDS


def main() -> None:
    """Answer requests until there are no more."""
    with frames_of_this_process() as (requests, answer), Path(os.devnull).open("wb") as nowhere:
        no_core_dumps()
        faulthandler.dump_traceback_later(IDLE_SECONDS, exit=True, file=nowhere)
        for request in requests:
            answer(json.dumps(_verdict(json.loads(request), nowhere)).encode())
            faulthandler.dump_traceback_later(IDLE_SECONDS, exit=True, file=nowhere)


def _verdict(request: dict[str, Any], nowhere: IO[bytes]) -> dict[str, str]:
    """Return what is found: nothing (sound), why the file is refused, or that it takes too much memory."""
    from nodes.kit.probing.looks import Refused, look, prepare

    format = cast("Format", request["format"])
    faulthandler.dump_traceback_later(IMPORT_SECONDS, exit=True, file=nowhere)
    try:
        prepare(format)
        faulthandler.dump_traceback_later(request["seconds"], exit=True, file=nowhere)
        limit_processor(2 * float(request["seconds"]))  # there are two threads at the most that work
        limit_memory(int(request["memory"]))
        look(Path(os.fsdecode(bytes.fromhex(request["path"]))), format, whole=bool(request["whole"]))
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"memory": "too much"}
    except BaseException as error:  # noqa: BLE001 - a panic of a Rust library
        text = str(error).strip().partition("\n")[0]
        return {"panic": text or type(error).__name__}
    return {}


if __name__ == "__main__":
    main()
