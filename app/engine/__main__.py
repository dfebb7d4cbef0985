"""python -m app.engine: the engine as a process, for an editor at the other end of its standard streams."""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from app import garbage

NICENESS = 5
"""A training takes all cores; the window beside it must not wait for one. Where nothing else wants them, it costs nothing."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the editor until it closes standard input; never returns.

    Exit codes: 0: the editor has gone; 2: wrong call; 4: there is no place for the results.
    """
    parser = argparse.ArgumentParser(prog="python -m app.engine", description="Layerloom's engine; the editor starts it.")
    parser.add_argument("--results", type=Path, metavar="DIR", help="the folder of the stored results")
    parser.add_argument("--limit", type=float, metavar="GB", help="how much to store; what was used longest ago goes (20)")
    parser.add_argument(
        "--warm-up",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="import TensorFlow after so long with nothing to do; -1: never",
    )
    parser.add_argument("--mark", type=Path, metavar="FILE", help="where to write what is being configured")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the editor; when it goes, so does the engine
    from app.engine.transport import take_standard_streams

    transport = take_standard_streams()
    from app.engine.configuring_mark import CONFIGURING
    from app.engine.console_log import ConsoleLogHandler
    from app.engine.messages.tells import EngineRefusal
    from app.engine.server import Engine
    from app.engine.store import DEFAULT_LIMIT, Store
    from app.folders import default_results, sound_files
    from nodes.kit.probing.soundness import remember_in

    logging.getLogger("layerloom.store").addHandler(ConsoleLogHandler(transport.tell))
    if options.mark is not None:
        CONFIGURING.write_to(options.mark)
    remember_in(sound_files())
    results = options.results or default_results()
    try:
        store = Store(results, DEFAULT_LIMIT if options.limit is None else round(options.limit * 10**9))
        engine = Engine(transport, store, None if options.warm_up < 0 else options.warm_up)
    except OSError as error:
        where = error.filename or results
        message = f"The results cannot be stored in {where}: {error.strerror}."
        transport.tell(EngineRefusal(message=message, remedy="Make that folder writable, or set LAYERLOOM_RESULTS."))
        _leave(4)
    garbage.look_seldom()
    engine.serve()
    _leave(0)


def _leave(code: int) -> None:
    """End at once: threads that compute, TensorFlow's above all, need not come to an end first."""
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    main()
