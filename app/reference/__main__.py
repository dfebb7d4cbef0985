"""python -m app.reference [FOLDER]: writes the node reference."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.folders import examples
from app.reference.site import write_reference
from nodes.catalog import Catalog


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.reference", description="Writes the node reference as web pages.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("output/reference"), help="default: %(default)s")
    folder = parser.parse_args(arguments).folder
    index = write_reference(folder, Catalog.load(), examples())
    print(f"Open {index}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
