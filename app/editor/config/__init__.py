"""The config dialog, made from a node's declaration."""
