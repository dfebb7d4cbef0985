"""Layerloom: the program around the node repository."""

import os

__version__ = "0.1.0"

# pydantic looks through all installed packages for plug-ins of its own, which costs a run that has nothing to do a tenth of
# its time.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
