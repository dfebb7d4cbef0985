"""Work in a process of its own, which may crash, hang or take all memory, and is ended without harm to the one who asked."""
