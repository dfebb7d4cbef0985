"""Nodes that run Python of the person's own."""
