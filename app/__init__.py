"""Layerloom: the program around the node repository."""

__version__ = "0.1.0"
