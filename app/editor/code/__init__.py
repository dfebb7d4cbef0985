"""Editing Python: a field with line numbers, colours, and marks at mistakes. Knows nothing of nodes."""
