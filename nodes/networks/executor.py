"""Keras Network Executor: applies a network to a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.networks.binding import FEEDABLE, Binding
from nodes.networks.device import DEVICE_PATTERN, use_device
from nodes.networks.feeding import TensorColumns, bind_inputs, check_batch_size, resolve_tensor
from nodes.networks.pipeline import Block, Feed
from nodes.values.network import Network, NetworkSpec, Tensor, TensorSpec
from nodes.values.table import Table, TableSpec, grouped

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

UNTRAINED_SEED = 0
"""Layers without weights get their initial ones by this seed: the same in every run."""

NARROW_FLOATS = ("float16", "bfloat16")
POLARS_NAMES = {
    "bool": "Boolean", "float32": "Float32", "float64": "Float64",
    "int8": "Int8", "int16": "Int16", "int32": "Int32", "int64": "Int64",
    "uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
}  # fmt: skip
"""Keras's names of the dtypes that come out -> polars's."""
"""Floating-point types that are put out as Float32, which every later node computes with."""


class InputColumns(TensorColumns):
    """Columns that fill one input of the network."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns that fill it, in this order; empty: the only one that fits.",
        columns=Columns("table", FEEDABLE),
    )


class OutputColumns(Settings):
    """A tensor of the network to put out, and how."""

    tensor: str | None = setting(
        None, "Tensor", "Any layer of the network, hidden ones too, by its name; empty: the network's first output."
    )
    conversion: Literal["array", "numbers"] = setting(
        "array",
        "Conversion",
        "What the tensor becomes.",
        choices={"array": "One column of arrays.", "numbers": "A column of numbers per element of the tensor."},
    )
    name: str | None = setting(
        None,
        "Column name",
        "The column's name, or for several columns what stands before their numbers; empty: the layer's name.",
        min_length=1,
    )


@dataclass(frozen=True)
class Output:
    """A tensor to compute, and the columns it becomes.

    Attributes:
        tensor: The tensor.
        shape: Shape of one example of it.
        dtype: What it is put out as (Keras's name).
        columns: One name for a column of arrays or of single numbers, or a name per element.
        is_array: Whether the column is one of arrays.
        classes: Names of the classes whose probabilities it holds.
    """

    tensor: Tensor
    shape: tuple[int, ...]
    dtype: str
    columns: tuple[str, ...]
    is_array: bool
    classes: tuple[str, ...] | None

    def schema(self) -> dict[str, pl.DataType]:
        """Names and dtypes of the columns."""
        import polars as pl

        number = getattr(pl, POLARS_NAMES[self.dtype])()
        dtype: pl.DataType = pl.Array(number, self.shape) if self.is_array else number
        return dict.fromkeys(self.columns, dtype)

    def series(self, values: NDArray[Any]) -> Iterator[pl.Series]:
        """The columns of some rows (rows, *shape)."""
        import polars as pl

        if self.is_array:
            yield pl.Series(self.columns[0], values, dtype=self.schema()[self.columns[0]])
        else:
            flat = values.reshape(len(values), len(self.columns))
            for place, column in enumerate(self.columns):
                yield pl.Series(column, flat[:, place])


class Executor(Node):
    """Apply a network to the rows of a table.

    Every output becomes a column of arrays, such as the class probabilities of a classifier; Class Extractor turns those
    into the most probable class. The tensors of hidden layers can be put out as well, as features for other models.

    Columns that are not chosen are found where only one fits an input. Rows keep their order.
    """

    id: ClassVar[str] = "networks.executor"
    title: ClassVar[str] = "Keras Network Executor"
    shelf: ClassVar[str] = "Network"
    icon: ClassVar[str] = "mdi6.play-network"
    keywords: ClassVar[tuple[str, ...]] = (
        "DL Keras Network Executor", "DL Network Executor", "predict", "apply", "inference", "features",
    )  # fmt: skip
    needs_keras: ClassVar[bool] = True
    input_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Network", "The network to apply."),
        Port("table", "table", "Table", "The rows to apply it to."),
    )
    output_ports: ClassVar[tuple[Port, ...]] = (
        Port("table", "table", "Predictions", "The network's outputs, and the input columns where they are kept."),
    )

    batch_size: int = setting(100, "Batch size", "Rows that are computed together; changes the speed, not the result.", ge=1)
    keep_input_columns: bool = setting(
        False, "Keep input columns", "Put the outputs beside the columns of the table, instead of giving out nothing else."
    )
    inputs: list[InputColumns] = setting(
        [], "Inputs", "Columns for the network's inputs; an input without an entry gets the only column that fits."
    )
    outputs: list[OutputColumns] = setting(
        [], "Outputs", "Which tensors to put out, and how; empty: all outputs of the network, as arrays."
    )
    device: str = setting(
        "",
        "Device",
        "Where to compute: cpu, gpu:0, gpu:1, ...; empty: a graphics card, if there is one.",
        advanced=True,
        pattern=DEVICE_PATTERN,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of the outputs, after the kept ones."""
        network, table = specs.network(), specs.table()
        check_batch_size(network, self.batch_size, "batch_size")
        bind_inputs(network, table, self.inputs)
        outputs = self._outputs(network, table)
        made = {column: dtype for output in outputs for column, dtype in output.schema().items()}
        kept = table if self.keep_input_columns else table.with_schema({})
        return {"table": kept.with_columns(made, _classes(outputs))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Computes block by block; what is done is on disk already."""
        network, table = values.network(), values.table()
        outputs = self._outputs(network.spec, table.spec)
        tensors = list(dict.fromkeys(output.tensor for output in outputs))
        needed = network.spec.with_outputs(tensors)
        random_layers = [layer.name for layer in needed.layers if layer.weights and layer.name not in network.weights]
        if random_layers:
            job.warn(
                f"{len(random_layers)} layer(s) of the network have not been trained ('{random_layers[0]}', ...): "
                "what comes out is computed with random weights."
            )
        bindings = bind_inputs(network.spec, table.spec, self.inputs)
        by_input = dict(zip(network.spec.inputs, bindings, strict=True))
        weights = {name: arrays for name, arrays in network.weights.items() if name in {layer.name for layer in needed.layers}}
        with use_device(self.device):
            frames = self._frames(Network(needed, weights), [by_input[tensor] for tensor in needed.inputs], outputs, table, job)
            predicted = job.stream(frames)
        named = Table(predicted.parts, predicted.columns, _classes(outputs))
        return {"table": table.with_columns(named) if self.keep_input_columns else named}

    # -- what comes out

    def _outputs(self, network: NetworkSpec, table: TableSpec) -> list[Output]:
        """The outputs to compute.

        Raises:
            NodeError: If there is no such tensor, its size is not known, or two columns would have one name.
        """
        entries = self.outputs or [OutputColumns(tensor=str(tensor)) for tensor in network.outputs]
        outputs = [_output(network, entry, f"outputs.{number}") for number, entry in enumerate(entries)]
        taken = set(table.schema) if self.keep_input_columns else set()
        for number, output in enumerate(outputs):
            clash = next((column for column in output.columns if column in taken), None)
            if clash is not None:
                raise NodeError(
                    f"There would be two columns '{clash}'.", "Choose another name.", setting=f"outputs.{number}.name"
                )
            taken |= set(output.columns)
        return outputs

    # -- computing it

    def _frames(
        self, network: Network, bindings: Sequence[Binding], outputs: Sequence[Output], table: Table, job: Job
    ) -> Iterator[pl.DataFrame]:
        import polars as pl

        yield pl.DataFrame(schema={c: d for output in outputs for c, d in output.schema().items()})
        if not table.height:
            return
        job.progress(0.0, "preparing")
        feed = Feed([binding.open(table) for binding in bindings], table.height, self.batch_size)
        predict = _Predictor(network, bindings, feed, outputs)
        with closing(feed.blocks()) as blocks:
            for block in blocks:
                job.check_cancelled()
                computed = predict(block)
                yield pl.DataFrame([s for output in outputs for s in output.series(computed[output.tensor])])
                done = block.first + block.rows
                job.progress(done / table.height, f"{grouped(done)} of {grouped(table.height)} rows")


class _Predictor:
    """Computes the tensors of a block."""

    def __init__(self, network: Network, bindings: Sequence[Binding], feed: Feed, outputs: Sequence[Output]) -> None:
        import tensorflow as tf

        from nodes.networks.keras_model import to_keras

        model = to_keras(network, UNTRAINED_SEED)
        self._tensors = network.spec.outputs
        dtypes = {output.tensor: output.dtype for output in outputs}
        self._fixed = any(network.spec.tensor(tensor).batch for tensor in network.spec.inputs)
        self._batch_size = feed.batch_size
        signature = tuple(tf.TensorSpec((None, *source.shape), source.dtype) for source in feed.sources)

        def compute(arrays: Sequence[Any]) -> list[Any]:
            inputs = [tf.cast(array, binding.dtype) for array, binding in zip(arrays, bindings, strict=True)]
            made = model(inputs if len(inputs) > 1 else inputs[0], training=False)
            listed = made if isinstance(made, list | tuple) else [made]
            return [tf.cast(tensor, dtypes[name]) for name, tensor in zip(self._tensors, listed, strict=True)]

        self._compute: Callable[..., list[Any]] = tf.function(compute, input_signature=[signature], autograph=False)

    def __call__(self, block: Block) -> dict[Tensor, NDArray[Any]]:
        """Tensor -> its values for the rows of a block."""
        import numpy as np

        size = self._batch_size
        batches = [
            self._compute(tuple(self._filled(array[start : start + size]) for array in block.tensors))
            for start in range(0, block.rows, size)
        ]
        columns = zip(*batches, strict=True)
        return {
            name: np.concatenate([tensor.numpy() for tensor in column])[: block.rows]
            for name, column in zip(self._tensors, columns, strict=True)
        }

    def _filled(self, batch: NDArray[Any]) -> NDArray[Any]:
        """A batch of full size where the network demands it: the last row is repeated."""
        import numpy as np

        missing = self._batch_size - len(batch)
        return np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)]) if self._fixed and missing else batch


def _output(network: NetworkSpec, entry: OutputColumns, where: str) -> Output:
    tensor = resolve_tensor(network, entry.tensor, f"{where}.tensor") if entry.tensor else network.outputs[0]
    spec: TensorSpec = network.tensor(tensor)
    shape = tuple(n for n in spec.shape if n is not None)
    if len(shape) < len(spec.shape):
        raise NodeError(
            f"The size of tensor '{tensor}' is not fixed ({spec.describe()}), but all cells of a column have one size.",
            "Give the input layer a fixed shape, or choose a tensor behind a global pooling layer.",
            setting=f"{where}.tensor",
        )
    name = entry.name or (tensor.layer if (tensor.call, tensor.output) == (0, 0) else str(tensor))
    columns: tuple[str, ...] = (name,)
    if entry.conversion == "numbers" and shape:
        prefix = entry.name or f"{name}_"
        columns = tuple(f"{prefix}{n}" for n in range(math.prod(shape)))
    dtype = "float32" if spec.dtype in NARROW_FLOATS else spec.dtype
    classes = network.classes.get(str(tensor)) if entry.conversion == "array" else None
    return Output(tensor, shape, dtype, columns, entry.conversion == "array" and bool(shape), classes)


def _classes(outputs: Sequence[Output]) -> dict[str, tuple[str, ...]]:
    """The class names of the columns that hold probabilities of classes."""
    return {output.columns[0]: output.classes for output in outputs if output.classes}
