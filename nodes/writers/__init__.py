"""Nodes that write files."""
