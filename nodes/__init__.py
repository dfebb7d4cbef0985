"""The node repository: every node a workflow can be made of.

A node author needs `nodes.base`; what travels along the edges is in `nodes.values`. Nothing here imports `app`.
"""
