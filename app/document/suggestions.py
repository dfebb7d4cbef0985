"""Which node types are likely next to a port: counted from the example workflows, and from what this person wires.

As in Orange (orange-canvas-core, document/suggestions.py): what was counted in earlier sessions weighs 0.8 of what it did at each
start, and a wire says half as much about the direction it was not pulled in. Only types with a port that fits are suggested.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from app.document.atomic_writing import write_atomically
from app.document.file import load
from app.document.model import Workflow
from app.document.node_type import Types
from app.document.problems import DocumentError

DECAY = 0.8
REVERSE = 0.5
FORGOTTEN = 0.05
"""A weight below this is dropped."""
SAVE_AFTER = 8
"""So many wires are counted before they are written by themselves."""
OTHER_PORT = 0.1
"""What a wire at another port of the same kind says, compared with one at the same port."""
ANYWHERE = 0.001

NETWORK_INPUT = "keras.input"
"""With it a network begins."""
USUAL_BEGINNINGS = ("readers.csv", "readers.image_folder", NETWORK_INPUT, "readers.excel", "readers.sample_data", "readers.idx")
"""What most workflows begin with, before anything is known of this person: the first counts as if it was used so many times."""
_DIMENSIONS = re.compile(r"\b([123])D\b")

Direction = Literal["after", "before"]
Key = tuple[Direction, str, str, str]
"""What comes after (before) a port: (direction, node type, port, the type that comes there)."""
Weights = defaultdict[Key, float]


class Suggestions:
    """Ranks node types by how often they were wired to a port. Nothing here raises because of a file.

    Args:
        types: The catalog of node classes.
        examples: Workflows that show how nodes belong together.
        path: Where what this person wires is kept; None keeps it for this session only.

    Attributes:
        problems: What the person must be told about the file.
    """

    def __init__(self, types: Types, examples: Iterable[Workflow] = (), path: Path | None = None) -> None:
        self.types = types
        self.path = path
        self.problems: list[str] = []
        self._examples: Weights = defaultdict(float)
        self._new: Weights = defaultdict(float)
        self._uses: Counter[str] = Counter()
        self._unsaved = 0
        self._saved = False
        for workflow in examples:
            self._learn(workflow)
        self._earlier = _decayed(self._read())

    @classmethod
    def load(cls, types: Types, examples: Iterable[Path], path: Path | None) -> Suggestions:
        """As the class itself, with the paths of the examples; those that cannot be read are left out."""
        workflows = []
        for example in sorted(examples):
            with suppress(DocumentError):
                workflows.append(load(example))
        return cls(types, workflows, path)

    # -- counting

    def count(self, source_type: str, source_port: str, target_type: str, target_port: str, *, pulled_back: bool = False) -> None:
        """Remember that the person wired an output to an input.

        Args:
            source_type: The type of the node it starts at.
            source_port: Its output.
            target_type: The type of the node it ends at.
            target_port: Its input; also a grown one (`table_2`).
            pulled_back: Whether the wire was pulled from the input to the output.
        """
        self._add(self._new, (source_type, source_port), (target_type, target_port), pulled_back=pulled_back)
        self._unsaved += 1
        if self._unsaved >= SAVE_AFTER:
            self.save()

    def save(self) -> None:
        """Write what was counted since, on top of what other windows wrote meanwhile; call it when the program ends."""
        if self.path is None or not self._new:
            return
        from filelock import FileLock

        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=1.0, poll_interval=0.01)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError, NotImplementedError):
                lock.acquire()
            weights = self._read() if self._saved else _decayed(self._read())
            for key, weight in self._new.items():
                weights[key] += weight
            rows = [[*key, round(weight, 4)] for key, weight in sorted(weights.items()) if weight >= FORGOTTEN]
            write_atomically(self.path, json.dumps({"wires": rows}).encode())
        except OSError as error:
            self._tell(f"What you wire cannot be remembered in {self.path}: {error.strerror or error}. It counts for now.")
            return
        finally:
            lock.release()
        self._earlier, self._saved, self._unsaved = weights, True, 0
        self._new.clear()

    # -- asking

    def after(self, node_type: str, port: str, dimensions: int | None = None) -> list[str]:
        """Return node types that fit behind an output, the likeliest first; all types, where the port is not known.

        Args:
            node_type: The type of the node.
            port: Its output.
            dimensions: Along how many dimensions what comes out stretches, channels apart; layers for others come last.
        """
        known = self.types.get(node_type)
        found = known.output_port(port) if known else None
        if found is None:
            return self.popular()
        fitting = [t for t, c in self.types.items() if any(p.kind == found.kind for p in c.input_ports)]
        ranked = self._ranked("after", fitting, node_type, found.name, found.kind)
        return ranked if dimensions is None else sorted(ranked, key=lambda t: self._is_of_others(t, dimensions))

    def before(self, node_type: str, port: str) -> list[str]:
        """Return node types that fit before an input (also a grown one), the likeliest first; all types where it is unknown."""
        known = self.types.get(node_type)
        found = known.input_port(port) if known else None
        if found is None and known:
            found = next((p for p in known.input_ports if p.name == port), None)
        if found is None:
            return self.popular()
        fitting = [t for t, c in self.types.items() if any(p.kind == found.kind for p in c.output_ports)]
        return self._ranked("before", fitting, node_type, found.name, found.kind)

    def beginnings(self) -> list[str]:
        """Return all node types, those first with which a workflow begins: what reads data, and the input of a network."""
        uses = self._popularity()

        def weight(node_type: str) -> tuple[bool, float]:
            known = self.types[node_type]
            begins = not known.input_ports and (known.shelf == "Readers" or node_type == NETWORK_INPUT)
            usual = (len(USUAL_BEGINNINGS) - USUAL_BEGINNINGS.index(node_type)) if node_type in USUAL_BEGINNINGS else 0
            return not begins, -(uses[node_type] + usual)

        return sorted(self.types, key=weight)

    def _is_of_others(self, node_type: str, dimensions: int) -> bool:
        """Return whether a layer is for data of other dimensions, by its title: `Keras Max Pooling 1D Layer`."""
        named = _DIMENSIONS.search(self.types[node_type].title)
        return named is not None and int(named[1]) != dimensions

    def popular(self) -> list[str]:
        """Return all node types, those that are used most first."""
        uses = self._popularity()
        return sorted(self.types, key=lambda t: -uses[t])

    # -- the counts

    def _ranked(self, direction: Direction, fitting: list[str], node_type: str, port: str, kind: str) -> list[str]:
        scores: defaultdict[str, float] = defaultdict(float)
        for weights in (self._examples, self._earlier, self._new):
            for (toward, other, at, found), weight in weights.items():
                if toward != direction:
                    continue
                if (other, at) == (node_type, port):
                    scores[found] += weight
                elif self._kind(direction, other, at) == kind:
                    scores[found] += OTHER_PORT * weight
        uses = self._popularity()
        most = max(uses.values(), default=1.0) or 1.0
        return sorted(fitting, key=lambda t: -(scores[t] + ANYWHERE * uses[t] / most))

    def _popularity(self) -> defaultdict[str, float]:
        uses: defaultdict[str, float] = defaultdict(float, self._uses)
        for weights in (self._earlier, self._new):
            for (_, _, _, found), weight in weights.items():
                uses[found] += weight
        return uses

    def _kind(self, direction: Direction, node_type: str, port: str) -> str | None:
        known = self.types.get(node_type)
        if known is None:
            return None
        ports = known.output_ports if direction == "after" else known.input_ports
        return next((p.kind for p in ports if p.name == port), None)

    def _learn(self, workflow: Workflow) -> None:
        types = {record.id: record.type for record in workflow.nodes}
        self._uses.update(types.values())
        for wire in workflow.connections:
            source, target = types.get(wire.source_node), types.get(wire.target_node)
            if source and target:
                ends = (source, wire.source_port), (target, wire.target_port)
                self._add(self._examples, *ends)
                self._add(self._examples, *ends, pulled_back=True)

    def _add(self, weights: Weights, source: tuple[str, str], target: tuple[str, str], *, pulled_back: bool = False) -> None:
        known = self.types.get(target[0])
        declared = known.input_port(target[1]) if known else None
        entry = declared.name if declared else target[1]
        weights["after", source[0], source[1], target[0]] += REVERSE if pulled_back else 1
        weights["before", target[0], entry, source[0]] += 1 if pulled_back else REVERSE

    # -- the file

    def _read(self) -> Weights:
        """Return what earlier sessions and other windows wrote; a damaged file is set aside."""
        if self.path is None:
            return defaultdict(float)
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return defaultdict(float)
        except OSError as error:
            self._tell(f"What you wired earlier cannot be read from {self.path}: {error.strerror or error}.")
            return defaultdict(float)
        try:
            return _weights(json.loads(content))
        except (ValueError, LookupError, TypeError, RecursionError):
            aside = self._set_aside()
            self._tell(f"What you wired earlier was damaged; suggestions start anew. The old file is kept as {aside}.")
            return defaultdict(float)

    def _set_aside(self) -> Path:
        assert self.path is not None
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        try:
            self.path.replace(aside)
        except OSError:
            return self.path
        return aside

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _weights(data: Mapping[str, list[list[str | float]]]) -> Weights:
    """Return the counts of a file. ValueError, LookupError or TypeError if it holds none."""
    weights: Weights = defaultdict(float)
    for toward, node_type, port, found, weight in data["wires"]:
        direction: Direction = "after" if toward == "after" else "before"
        weights[direction, str(node_type), str(port), str(found)] = float(weight)
    return weights


def _decayed(weights: Weights) -> Weights:
    return defaultdict(float, {key: DECAY * weight for key, weight in weights.items()})
