"""Nodes that change images."""
