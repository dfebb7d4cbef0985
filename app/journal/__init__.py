"""Journals: every edit of an open document on disk at once, so that a crash of the editor loses none. No Qt, no engine.

A journal is `journals/<uuid>.jsonl` in the person's data folder: a header with the workflow as it was, then one line per change.
Beside it lies a lock that is held while the program that writes it lives: a second window is no crash. Nothing here ever deletes
a journal that holds edits somebody may miss: restored ones go to `discarded` for some days, unreadable ones to `damaged`.
"""

from app.journal.journal_writer import Journal
from app.journal.recovery import Lost, recoverable

__all__ = ["Journal", "Lost", "recoverable"]
