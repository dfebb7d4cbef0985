"""A first look at files of strangers: in a process of its own that may die, before a library reads them here."""
