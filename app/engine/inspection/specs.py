"""What is known of a value before it exists, as the configuration dialog asks for it."""

from __future__ import annotations

from app.engine.messages.questions import NetworkOutline, OfferedColumn, SpecOutline, TableOutline, TensorOutline
from nodes.base import Spec
from nodes.values.model import ModelSpec
from nodes.values.network import NetworkSpec, Tensor
from nodes.values.table import TableSpec, describe_dtype
from nodes.values.variables import VariablesSpec


def outline_of(spec: Spec) -> SpecOutline:
    """Return what is known of a value."""
    text = spec.describe()
    if isinstance(spec, TableSpec):
        return SpecOutline(kind="table", text=text, table=_table(spec))
    if isinstance(spec, NetworkSpec):
        return SpecOutline(kind="network", text=text, network=_network(spec))
    if isinstance(spec, VariablesSpec):
        return SpecOutline(kind="variables", text=text)
    return SpecOutline(kind="model" if isinstance(spec, ModelSpec) else "figure", text=text)


def _table(spec: TableSpec) -> TableOutline:
    columns = (
        OfferedColumn(name=name, dtype=describe_dtype(dtype), kinds=spec.kinds_of(name), classes=spec.class_names(name))
        for name, dtype in spec.schema.items()
    )
    return TableOutline(rows=spec.rows, columns=tuple(columns))


def _network(spec: NetworkSpec) -> NetworkOutline:
    return NetworkOutline(
        inputs=tuple(_tensor(spec, tensor) for tensor in spec.inputs),
        outputs=tuple(_tensor(spec, tensor) for tensor in spec.outputs),
        layers=tuple(layer.name for layer in spec.layers),
        parameters=spec.parameters,
        offers=spec.offers(),
    )


def _tensor(spec: NetworkSpec, tensor: Tensor) -> TensorOutline:
    found = spec.tensor(tensor)
    return TensorOutline(name=str(tensor), shape=tuple(found.shape), dtype=found.dtype)
