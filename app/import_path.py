"""Where modules are looked for: not in the current folder, in which there may lie a stranger's files.

`python -m app.run` puts the current folder first: a `polars.py` beside a workflow would be run instead of polars. Nothing is
imported here but what the interpreter has loaded already.
"""

from __future__ import annotations

import os
import sys


def leave_out_current_folder() -> None:
    """Take the current folder out of the import path, as PYTHONSAFEPATH would, where `python -m app...` has put it there.

    It stays if it is the folder of this very program (a clone). The installed commands never have it in their path, and a
    program of somebody else's that imports `app` keeps its own.
    """
    # While Python looks for the module of `python -m`, and imports the packages above it, that is the program's name.
    if sys.argv[:1] != ["-m"] or sys.flags.safe_path:
        return
    program = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - pathlib is not loaded yet
    if os.path.realpath(sys.path[0]) != program:
        del sys.path[0]
