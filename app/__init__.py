"""Layerloom: the program around the node repository.

This file is read before anything else of either program, and takes the current folder out of where modules are looked for.
"""

from app import import_path

__version__ = "0.1.0"

import_path.leave_out_current_folder()
