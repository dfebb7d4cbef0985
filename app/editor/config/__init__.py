"""The config dialog, made from a node's declaration: what it does (presenter.py) and how it looks (panel.py)."""
