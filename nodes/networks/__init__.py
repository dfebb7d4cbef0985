"""Nodes that read, train, apply, describe and write whole networks."""
