"""What a node class declares of its settings: how it is said, how it is read, and what is wrong with values that do not fit."""
