"""What many tests need: running one node by itself, as the engine would, and judging what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from nodes.base import Cancelled, Node, Specs, Value, Values
from nodes.values.model import Model, ModelSpec
from nodes.values.table import Part, Table, TableSpec


@dataclass
class RecordingJob:
    """A `nodes.base.Job` that keeps what it is told."""

    folder: Path
    node: str = "node_1"
    cancelled: bool = False
    stop_requested: bool = False
    warnings: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    fractions: list[float | None] = field(default_factory=list)
    points: list[tuple[float, dict[str, float], bool]] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    claimed: list[Path] = field(default_factory=list)

    @property
    def scratch(self) -> Path:
        path = self.folder / ".scratch"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def resolve(self, path: str | Path) -> Path:
        return (self.folder / path).resolve()

    def progress(self, fraction: float | None, message: str = "") -> None:
        assert fraction is None or 0 <= fraction <= 1
        self.fractions.append(fraction)

    def metrics(self, step: float, values: Mapping[str, float], *, epoch: bool = False) -> None:
        self.points.append((step, dict(values), epoch))

    def log(self, message: str) -> None:
        self.logs.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def check_cancelled(self) -> None:
        if self.cancelled:
            raise Cancelled

    def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
        frame = pl.concat(list(batches))
        return Table([Part(frame, {c: c for c in frame.columns})])

    def claim(self, path: Path) -> None:
        self.claimed.append(path)

    def wrote(self, path: Path) -> None:
        assert path.exists()
        self.written.append(path)


def configure(node: Node, inputs: Mapping[str, Value] | None = None, folder: Path | None = None) -> Mapping[str, Any]:
    """The node's specs for these inputs; raises the first error it reports."""
    specs = Specs({port: value.spec for port, value in (inputs or {}).items()}, "node_1", folder or Path.cwd())  # type: ignore[union-attr]
    made = node.configure(specs)
    if specs.errors:
        raise specs.errors[0]
    return made


def run(
    node: Node, inputs: Mapping[str, Value] | None = None, folder: Path | None = None, job: RecordingJob | None = None
) -> dict[str, Any]:
    """Configure and execute a node; what comes out must be of the specs that were promised."""
    promised = configure(node, inputs, folder)
    values = dict(node.execute(Values(inputs or {}), job or RecordingJob(folder or Path.cwd())))
    assert set(values) == {p.name for p in node.output_ports} == set(promised)
    for port, spec in promised.items():
        if spec is not None:
            assert_fits(spec, values[port])
    return values


def assert_fits(spec: Any, value: Any) -> None:
    """A value is of the spec that was promised for it."""
    if isinstance(spec, TableSpec):
        assert isinstance(value, Table)
        assert dict(value.schema) == dict(spec.schema)
        assert list(value.schema) == list(spec.schema)
        assert spec.rows is None or value.height == spec.rows
        for column in spec.schema:
            assert value.spec.class_names(column) == spec.class_names(column), column
    elif isinstance(spec, ModelSpec):
        assert isinstance(value, Model)
        made = value.spec
        assert (made.kind, made.algorithm, made.probabilities) == (spec.kind, spec.algorithm, spec.probabilities)
        assert [(f.name, f.kind, f.shape) for f in made.features] == [(f.name, f.kind, f.shape) for f in spec.features]
        assert spec.components in (None, made.components)
        if spec.target is not None and made.target is not None:
            assert (made.target.name, made.target.dtype) == (spec.target.name, spec.target.dtype)
            assert spec.target.classes in (None, made.target.classes)
        else:
            assert made.target is spec.target
    else:
        assert getattr(value, "kind", None) == getattr(spec, "kind", None)
