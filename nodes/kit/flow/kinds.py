"""Nodes through which anything can go: what it is, their setting `kind` says, and their ports of kind `any` are of that kind."""

from __future__ import annotations

from nodes.base import Node, PortKind, setting

KINDS = {
    "table": "Rows and columns.",
    "network": "A neural network, trained or not.",
    "model": "What a classical learner has learned.",
    "figure": "A drawing.",
    "variables": "Named values.",
}
"""What can travel along a wire, and in a sentence what that is."""


class AnyKind(Node):
    """A node through which anything can go."""

    shelf = "Flow"

    kind: PortKind = setting(
        "table",
        "Kind",
        "What goes through the node; wiring something to it while nothing else is wired sets this.",
        choices=KINDS,
    )
