"""Nodes that say how good predictions are."""
