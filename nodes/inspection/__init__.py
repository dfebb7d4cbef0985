"""Nodes that look into networks and at what they make of images."""
