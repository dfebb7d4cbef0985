"""Nodes that say how a workflow is put together: the ports of components."""
