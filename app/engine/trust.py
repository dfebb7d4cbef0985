"""Trust: which scripts inside workflows may run, and where they may write. A workflow file of somebody else's may be opened,
but not run its programs.

A script is known by its text alone: trusted once, it is trusted in every workflow; changed by one character, it is not.
Who decides is the person at the editor (`app.trusted_scripts`) or the command line (`--allow-scripts`); the engine only obeys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from app.document.problems import Problem
from app.engine.permissions import Permissions
from nodes.base import Node
from nodes.declaration.declared import groups_of, settings_of


def digest(source: str) -> str:
    """Return what a script is remembered by."""
    return hashlib.blake2b(source.encode(errors="surrogatepass"), digest_size=32).hexdigest()


@dataclass
class Trust:
    """What may run. The classes' own templates always may: they came with the program, or with a plug-in.

    Attributes:
        everything: Any script.
        digests: Those that the person trusts. It only grows.
        writes: Where it may write, and which servers it may talk to.
    """

    everything: bool = False
    digests: set[str] = field(default_factory=set)
    writes: Permissions = field(default_factory=Permissions)

    def untrusted(self, node: Node) -> dict[str, str]:
        """Return the scripts of a node that may not run: setting in dotted form -> source."""
        scripts = node.scripts()
        if not scripts or self.everything:
            return {}
        return {
            setting: source
            for setting, source in scripts.items()
            if source.strip() and digest(source) not in self.digests and source not in templates(type(node))
        }


@cache
def templates(node_class: type[Node]) -> frozenset[str]:
    """Return the scripts that a new node of this class has."""
    every = (declared for group in groups_of(node_class) for declared in settings_of(group) if declared.code)
    return frozenset(declared.initial for declared in every if isinstance(declared.initial, str))


def trust_problems(node_id: str, untrusted: Mapping[str, str]) -> list[Problem]:
    """Return what to say of scripts that may not run."""
    return [
        Problem(
            "The script came with the workflow, and nobody has trusted it yet.",
            "Read it; trust it if it does only what it should.",
            node=node_id,
            setting=setting,
        )
        for setting in untrusted
    ]
