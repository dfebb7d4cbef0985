"""Nodes that are layers of a network."""
