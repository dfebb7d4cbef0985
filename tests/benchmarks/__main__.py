"""python -m tests.benchmarks: measures Layerloom against hand-written programs and prints a table (`make bench`).

It measures and does not judge: a goal that is missed is a line in the table. Nothing is written outside a temporary
folder (TMPDIR chooses where; about 10 GB are needed). Exit codes: 0 measured; 1 a benchmark did not run; 2 wrong call.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from tests.benchmarks import (
    catalog,
    chain,
    csv_file,
    editor,
    image_folder,
    images,
    larger_than_memory,
    main_job,
    plan,
    prediction,
    streaming,
    table_view,
    tables,
)
from tests.benchmarks.measuring import Setup
from tests.benchmarks.report import Broken, Row, as_table

BENCHMARKS: Mapping[str, Callable[[Setup], Iterable[Row]]] = {
    "main_job": main_job.measure,
    "prediction": prediction.measure,
    "plan": plan.measure,
    "chain": chain.measure,
    "image_folder": image_folder.measure,
    "csv_file": csv_file.measure,
    "images": images.measure,
    "larger_than_memory": larger_than_memory.measure,
    "streaming": streaming.measure,
    "editor": editor.measure,
    "table_view": table_view.measure,
    "tables": tables.measure,
    "catalog": catalog.measure,
}

WIDTH = 170
"""Columns the table needs; a narrower terminal wraps its lines, a file has room."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure Layerloom.")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours and the other alternate (3)")
    parser.add_argument("--quick", action="store_true", help="one round of the smallest sizes; the figures mean nothing")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")

    progress = Console(stderr=True, highlight=False, style="dim")
    began, load = time.monotonic(), os.getloadavg()
    rows: list[Row] = []
    broken: list[Broken] = []
    for name in options.only or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="layerloom-bench-") as folder:
            setup = Setup(Path(folder), 1 if options.quick else options.rounds, options.quick, progress.print)
            try:
                rows += BENCHMARKS[name](setup)
            except Exception as error:  # noqa: BLE001 - the others can still be measured
                traceback.print_exc()
                broken.append(Broken(name, str(error) or type(error).__name__))
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(as_table(rows, broken))
    console.print(_conditions(load), f"Measured in {(time.monotonic() - began) / 60:.0f} min.", style="dim")
    return 1 if broken else 0


def _conditions(load_before: tuple[float, float, float]) -> str:
    """The machine, and how busy others kept it."""
    programs = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "polars", "pyarrow", "pydantic"))
    before, after = load_before[0], os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, {programs}. "
        f"Load average {before:.1f} before, {after:.1f} after. Medians of the rounds; a ratio is the median of theirs."
    )


if __name__ == "__main__":
    sys.exit(main())
