"""Keras Network Executor: applies a network to a table."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Layers, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.networks.batches import BatchBlock, BatchLoader
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.device import device_setting, use_device
from nodes.kit.networks.inputs import (
    CONVERTERS,
    LEFT_OUT,
    UNTRAINED_SEED,
    InputColumns,
    batch_size_setting,
    bind_inputs,
    check_batch_size,
    inputs_setting,
    resolve_tensor,
    tell_inputs,
)
from nodes.kit.networks.sizes import with_sizes
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.naming import frame_of
from nodes.values.network import Network, NetworkSpec, Tensor, TensorSpec
from nodes.values.table import Table, TableSpec
from nodes.wording import done_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

NARROW_FLOATS = ("float16", "bfloat16")
"""Floating-point types that are put out as Float32, which every later node computes with."""
FLOAT_CHOICES = ("network", "float32", "float64")
POLARS_NAMES = {
    "bool": "Boolean", "float32": "Float32", "float64": "Float64",
    "int8": "Int8", "int16": "Int16", "int32": "Int32", "int64": "Int64",
    "uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
}  # fmt: skip
"""Keras's names of the dtypes that come out -> polars's."""


class OutputColumns(Settings):
    """A tensor of the network to put out, and how."""

    tensor: str | None = setting(
        None,
        "Tensor",
        "Any layer of the network, hidden ones too, by its name; empty: the network's first output.",
        layers=Layers("network", "tensors"),
    )
    conversion: Literal["array", "numbers", "list", "image"] = setting(
        "array",
        "Conversion",
        "What the tensor becomes.",
        choices={
            "array": "One column of arrays of the tensor's shape.",
            "numbers": "A column of numbers per element of the tensor.",
            "list": "One column of lists, all elements in one row.",
            "image": "One column of images: height, width, channels, whatever order the network has them in; a tensor of height "
            "and width alone is an image of one channel.",
        },
    )
    type: Literal["network", "float32", "float64", "int32", "int64", "boolean"] = setting(
        "network",
        "Number type",
        "What the numbers are put out as.",
        advanced=True,
        choices={
            "network": "As the network computes them, 16 bits as Float32.",
            "float32": "Float32.",
            "float64": "Float64.",
            "int32": "Int32, rounded.",
            "int64": "Int64, rounded.",
            "boolean": "True above one half.",
        },
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
        form: What the column is made of; single numbers where there is a name per element.
        classes: Names of the classes whose probabilities it holds.
        moves_channels: Whether (channels, height, width) is turned to (height, width, channels).
        deviation: Whether it is the standard deviation over samples instead of the tensor.
    """

    tensor: Tensor
    shape: tuple[int, ...]
    dtype: str
    columns: tuple[str, ...]
    form: Literal["array", "list", "numbers"]
    classes: tuple[str, ...] | None
    moves_channels: bool = False
    deviation: bool = False

    def schema(self) -> dict[str, pl.DataType]:
        """Return names and dtypes of the columns."""
        number = getattr(pl, POLARS_NAMES[self.dtype])()
        dtype: pl.DataType = number
        if self.form == "array":
            dtype = pl.Array(number, self.shape)
        elif self.form == "list":
            dtype = pl.List(number)
        return dict.fromkeys(self.columns, dtype)

    def series(self, values: NDArray[Any]) -> Iterator[pl.Series]:
        """Yield the columns of some rows (rows, *shape of the tensor)."""
        import numpy as np

        values = values.transpose(0, 2, 3, 1) if self.moves_channels else values
        values = np.ascontiguousarray(_as_type(values, self.dtype)).reshape(len(values), *self.shape)
        if self.form == "array":
            yield pl.Series(self.columns[0], values, dtype=self.schema()[self.columns[0]])
            return
        flat = values.reshape(len(values), math.prod(self.shape))
        if self.form == "list":
            number = self.schema()[self.columns[0]].inner  # type: ignore[attr-defined]
            yield pl.Series(self.columns[0], flat, dtype=pl.Array(number, flat.shape[1])).arr.to_list()
            return
        for place, column in enumerate(self.columns):
            yield pl.Series(column, flat[:, place])


def _as_type(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    import numpy as np

    if dtype == "bool":
        return values > 0.5 if values.dtype != bool else values
    wanted = np.dtype(dtype)
    rounded = np.rint(values) if wanted.kind in "iu" and values.dtype.kind == "f" else values
    return rounded.astype(wanted, copy=False)


class NetworkExecutor(Node):
    """Apply a network to the rows of a table.

    Every output becomes a column of arrays, such as the class probabilities of a classifier; Class Extractor turns those
    into the most probable class. The tensors of hidden layers can be put out as well, as features for other models.

    Columns that are not chosen are found where only one fits an input. Rows keep their order, and their last batch may be short.

    With dropout samples (Gal & Ghahramani, 2016), the dropout and noise layers stay at work as in training, each row is computed
    that often, and mean and standard deviation are put out: where the deviation is large, the network is not sure. Layers of
    batch normalization keep what they have learned. Augmenting layers are at work too.

    KNIME's To Number is the conversion `numbers`, with a name per element; its list of doubles is `list` with Float64. Its
    executors for TensorFlow's networks have no other options than this one; where to compute is the Device.

    Example: behind the Learner, with the test images and 'Keep input columns' for the column label, every row gets the ten class
    probabilities as one array, which Class Extractor turns into a prediction that the Scorer compares with label.
    """

    id = "networks.executor"
    title = "Keras Network Executor"
    shelf = "Network"
    icon = "mdi6.play-network"
    keywords = (
        "DL Keras Network Executor", "DL Network Executor", "predict", "apply", "inference", "features", "Monte Carlo dropout",
        "uncertainty", "TensorFlow Network Executor", "TensorFlow 2 Network Executor", "CUDA visible devices", *CONVERTERS,
        "To Number", "To Boolean", "To List of Number", "To Image",
        "model.predict",
    )  # fmt: skip
    needs_keras = True
    left_out = {
        "verbose": "The progress and the console show how far it is.",
        "steps": "It computes all rows: a Row Filter or Row Sampling before it takes some.",
        "callbacks": "They are code of one's own: a Python Network Executor runs it.",
        **dict.fromkeys(
            ("To String", "To Bit Vector", "To Byte Vector"),
            "Networks of Keras layers put out numbers: a Number to String node makes text of them.",
        ),
        "per-process memory fraction": "TensorFlow takes the memory of a graphics card for the whole program, not for a node.",
        **LEFT_OUT,
    }
    input_ports = (
        Port("network", "network", "Network", "The network to apply."),
        Port("table", "table", "Table", "The rows to apply it to."),
    )
    output_ports = (Port("table", "table", "Predictions", "The network's outputs, and the input columns where they are kept."),)

    batch_size: int = batch_size_setting()
    keep_input_columns: bool = setting(
        False,
        "Keep input columns",
        "Put the outputs beside the columns of the table, instead of giving out nothing else.",
        start=True,
    )
    kept_columns: list[str] = setting(
        [],
        "Kept columns",
        "Which columns of the table to keep; empty: all.",
        columns=Columns("table"),
        shown_if={"keep_input_columns": True},
    )
    inputs: list[InputColumns] = inputs_setting()
    outputs: list[OutputColumns] = setting(
        [], "Outputs", "Which tensors to put out, and how; empty: all outputs of the network, as arrays."
    )
    dropout_samples: int = setting(
        0,
        "Dropout samples",
        "How often each row is computed with dropout at work; mean and standard deviation are put out. 0: once, without dropout.",
        ge=0,
        group="Uncertainty",
    )
    seed: int | None = seed_setting(
        "Fixes what dropout leaves out, so that every run with the same batch size gives the same; empty: each differs.",
        most=SEEDS_32,
        group="Uncertainty",
    )
    device: str = device_setting()

    @property
    def reproducible(self) -> bool:
        """Only samples without a seed are not."""
        return not self.dropout_samples or self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns of the outputs, after the kept ones."""
        network, table = specs.network(), specs.table()
        check_batch_size(network, self.batch_size, "batch_size")
        bindings = bind_inputs(network, table, self.inputs)
        tell_inputs(specs, self.inputs, bindings)
        outputs = self._outputs(_sized(network, bindings), table)
        made = {column: dtype for output in outputs for column, dtype in output.schema().items()}
        if self.dropout_samples and not _is_random(network.with_outputs([output.tensor for output in outputs])):
            specs.warn("The network has no dropout: all samples are the same.")
        kept = table.with_schema({column: table.schema[column] for column in self._kept(table)})
        return {"table": kept.with_columns(made, _classes(outputs))}

    def leaves_columns_out(self) -> str | None:
        """It gives out nothing else than the network's outputs where it does not keep the columns."""
        return None if self.keep_input_columns else "keep_input_columns"

    def _kept(self, table: TableSpec) -> list[str]:
        """The columns of the table that come out."""
        if not self.keep_input_columns:
            return []
        for column in self.kept_columns:
            table.require(column, setting="kept_columns")
        return list(dict.fromkeys(self.kept_columns)) or list(table.schema)

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute block by block; what is done is on disk already."""
        network, table = values.network(), values.table()
        bindings = bind_inputs(network.spec, table.spec, self.inputs)
        outputs = self._outputs(_sized(network.spec, bindings), table.spec)
        tensors = list(dict.fromkeys(output.tensor for output in outputs))
        needed = network.spec.with_outputs(tensors)
        random_layers = [layer.name for layer in needed.layers if layer.weights and layer.name not in network.weights]
        if random_layers:
            job.warn(
                f"{len(random_layers)} layer(s) of the network have not been trained ('{random_layers[0]}', ...): "
                "what comes out is computed with random weights."
            )
        by_input = dict(zip(network.spec.inputs, bindings, strict=True))
        weights = {name: arrays for name, arrays in network.weights.items() if name in {layer.name for layer in needed.layers}}
        with use_device(self.device):
            frames = self._frames(Network(needed, weights), [by_input[tensor] for tensor in needed.inputs], outputs, table, job)
            predicted = job.stream(frames)
        named = Table(predicted.parts, predicted.columns, _classes(outputs))
        kept = self._kept(table.spec)
        return {"table": table.select(kept).with_columns(named) if kept else named}

    # -- what comes out

    def _outputs(self, network: NetworkSpec, table: TableSpec) -> list[Output]:
        """The outputs to compute.

        Raises:
            NodeError: If there is no such tensor, its size is not known, or two columns would have one name.
        """
        entries = self.outputs or [OutputColumns(tensor=str(tensor)) for tensor in network.outputs]
        outputs = [_output(network, entry, f"outputs.{number}") for number, entry in enumerate(entries)]
        if self.dropout_samples:
            outputs = [o for output in outputs for o in (_averaged(output), _deviation(output))]
        taken = set(self._kept(table))
        for number, output in enumerate(outputs):
            clash = next((column for column in output.columns if column in taken), None)
            if clash is not None:
                raise NodeError(
                    f"There would be two columns '{clash}'.",
                    "Choose another name.",
                    setting=f"outputs.{number // (2 if self.dropout_samples else 1)}.name",
                )
            taken |= set(output.columns)
        return outputs

    # -- computing it

    def _frames(
        self, network: Network, bindings: Sequence[Binding], outputs: Sequence[Output], table: Table, job: Job
    ) -> Iterator[pl.DataFrame]:
        yield pl.DataFrame(schema={c: d for output in outputs for c, d in output.schema().items()})
        if not table.height:
            return
        job.progress(0.0, "preparing")
        loader = BatchLoader([binding.open(table) for binding in bindings], table.height, self.batch_size)
        predict = _BlockPredictor(network, bindings, loader, outputs, (self.dropout_samples, self.seed))
        with closing(loader.blocks()) as blocks:
            for block in blocks:
                job.check_cancelled()
                computed = predict(block)
                found = ((output, computed[output.tensor][int(output.deviation)]) for output in outputs)
                yield frame_of(s for output, values in found for s in output.series(values))
                done = block.first + block.rows
                job.progress(done / table.height, done_of(done, table.height))


class _BlockPredictor:
    """Computes the tensors of a block."""

    def __init__(
        self,
        network: Network,
        bindings: Sequence[Binding],
        loader: BatchLoader,
        outputs: Sequence[Output],
        sampling: tuple[int, int | None],
    ) -> None:
        import tensorflow as tf

        from nodes.kit.networks.keras_model import to_keras

        samples, seed = sampling
        model = to_keras(network, UNTRAINED_SEED if not samples else _sampling_seed(seed))
        if samples:
            model.trainable = False  # batch normalization then does not go by the batch, nor learn from it
        self._tensors = network.spec.outputs
        narrow = {t: "float32" for t in self._tensors if network.spec.tensor(t).dtype in NARROW_FLOATS}
        self._fixed = any(network.spec.tensor(tensor).batch for tensor in network.spec.inputs)
        self._batch_size = loader.batch_size
        signature = tuple(tf.TensorSpec((None, *source.shape), source.dtype) for source in loader.sources)

        def once(inputs: Sequence[Any]) -> list[Any]:
            made = model(inputs if len(inputs) > 1 else inputs[0], training=samples > 0)
            return list(made) if isinstance(made, list | tuple) else [made]

        def compute(arrays: Sequence[Any]) -> list[Any]:
            """Each tensor, or its mean over the samples and then its standard deviation."""
            inputs = [tf.cast(array, binding.dtype) for array, binding in zip(arrays, bindings, strict=True)]
            if samples:
                return _sampled(lambda: once(inputs), samples)
            made = zip(self._tensors, once(inputs), strict=True)
            return [[tf.cast(tensor, narrow.get(name, tensor.dtype))] for name, tensor in made]

        self._compute: Callable[..., list[Any]] = tf.function(compute, input_signature=[signature], autograph=False)

    def __call__(self, block: BatchBlock) -> dict[Tensor, list[NDArray[Any]]]:
        """Tensor -> its values for the rows of a block, and their deviation where there are samples."""
        import numpy as np

        size = self._batch_size
        batches = [
            self._compute(tuple(self._filled(array[start : start + size]) for array in block.tensors))
            for start in range(0, block.rows, size)
        ]
        columns = zip(*batches, strict=True)
        return {
            name: [np.concatenate([t.numpy() for t in pieces])[: block.rows] for pieces in zip(*column, strict=True)]
            for name, column in zip(self._tensors, columns, strict=True)
        }

    def _filled(self, batch: NDArray[Any]) -> NDArray[Any]:
        """A batch of full size where the network demands it: the last row is repeated."""
        import numpy as np

        missing = self._batch_size - len(batch)
        return np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)]) if self._fixed and missing else batch


def _sized(network: NetworkSpec, bindings: Sequence[Binding]) -> NetworkSpec:
    """The network with the sizes that the columns have, where it leaves sizes open."""
    return with_sizes(network, {tensor: binding.shape for tensor, binding in zip(network.inputs, bindings, strict=True)})


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
    number_type = "float32" if spec.dtype in NARROW_FLOATS else spec.dtype
    if entry.type != "network":
        number_type = "bool" if entry.type == "boolean" else entry.type
    moves = entry.conversion == "image" and len(shape) == 3 and network.channels_first
    if entry.conversion == "image":
        shape = _image_shape(shape, moves, tensor, where)
    name = entry.name or (tensor.layer if (tensor.call, tensor.output) == (0, 0) else str(tensor))
    columns: tuple[str, ...] = (name,)
    if entry.conversion == "numbers" and shape:
        prefix = entry.name or f"{name}_"
        count = math.prod(shape)
        columns = (entry.name,) if entry.name and count == 1 else tuple(f"{prefix}{n}" for n in range(count))
    classes = network.classes.get(str(tensor)) if entry.conversion == "array" and entry.type in FLOAT_CHOICES else None
    form: Literal["array", "list", "numbers"] = "list" if entry.conversion == "list" else "array"
    if entry.conversion == "numbers" or (form == "array" and not shape):
        form = "numbers"
    return Output(tensor, shape, number_type, columns, form, classes, moves)


def _image_shape(shape: tuple[int, ...], moves: bool, tensor: Tensor, where: str) -> tuple[int, int, int]:
    """Height, width, channels. NodeError if a tensor's shape is not that of an image."""
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) == 3:
        return (shape[1], shape[2], shape[0]) if moves else (shape[0], shape[1], shape[2])
    raise NodeError(
        f"Tensor '{tensor}' has {len(shape)} dimensions; an image has height, width and perhaps channels.",
        "Choose another conversion, or another tensor.",
        setting=f"{where}.conversion",
    )


def _averaged(output: Output) -> Output:
    """The mean over samples: whole numbers and truth values become fractions."""
    return output if output.dtype.startswith("float") else replace(output, dtype="float32")


def _deviation(output: Output) -> Output:
    """The standard deviation over samples, in columns of its own."""
    columns = tuple(f"{column} (std)" for column in output.columns)
    return replace(_averaged(output), columns=columns, classes=None, deviation=True)


def _sampling_seed(seed: int | None) -> int:
    return random.SystemRandom().getrandbits(32) if seed is None else seed


def _is_random(network: NetworkSpec) -> bool:
    """Whether a network has layers that are random while training."""
    for layer in network.layers:
        if "Dropout" in layer.kind or "Noise" in layer.kind or layer.kind.startswith("Random"):
            return True
        if any(key.endswith("dropout") and value for key, value in layer.config.items()):
            return True
    return False


def _sampled(once: Callable[[], list[Any]], samples: int) -> list[Any]:
    """Mean and standard deviation (over the samples, not corrected for their number) of each tensor, by Welford's method."""
    import tensorflow as tf

    def step(number: Any, means: Any, squares: Any) -> Any:
        found = [tf.cast(tensor, tf.float64) for tensor in once()]
        share = tf.cast(number, tf.float64)
        new = [mean + (value - mean) / share for mean, value in zip(means, found, strict=True)]
        more = [s + (v - m) * (v - n) for s, v, m, n in zip(squares, found, means, new, strict=True)]
        return number + 1, new, more

    first = [tf.cast(tensor, tf.float64) for tensor in once()]
    start = (tf.constant(2), first, [tf.zeros_like(tensor) for tensor in first])
    _, means, squares = tf.while_loop(lambda n, *_: n <= samples, step, start, parallel_iterations=1)
    return [[mean, tf.sqrt(square / samples)] for mean, square in zip(means, squares, strict=True)]


def _classes(outputs: Sequence[Output]) -> dict[str, tuple[str, ...]]:
    """The class names of the columns that hold probabilities of classes."""
    return {output.columns[0]: output.classes for output in outputs if output.classes}
