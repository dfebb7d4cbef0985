"""Layers that bring numbers to another scale, with figures that are typed in or come from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from nodes.base import Columns, Job, NodeError, Port, Specs, Values, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, SameShapeLayer, is_number, unlist
from nodes.kit.layers.shape_checks import NUMBER_TYPES, axis_index, require_known
from nodes.values.network import Network, NetworkSpec, Shape, TensorSpec, WeightSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes.kit.networks.binding import TensorReader


def _number_or_numbers(value: Any) -> Any:
    """What was given, if it is a number or a list of numbers. ValueError in plain words if not."""
    if is_number(value) or (isinstance(value, list | tuple) and value and all(map(is_number, value))):
        return value
    raise ValueError("give a number, or a list of numbers, one for each channel")


NUMBERS = BeforeValidator(_number_or_numbers)
PerChannel = Annotated[float | tuple[float, ...], NUMBERS]
"""A number for all channels, or one for each."""


class Rescaling(SameShapeLayer):
    """Multiply all numbers with a factor and add an offset.

    One number serves all channels; several are one for each place of the last dimension.

    Example: right after the Input Layer of 8-bit images, the scale 0.00392156862745098 (1/255) brings pixels from 0...255 to
    0...1; with the scale 0.00784313725490196 (2/255) and the offset -1 to -1...1.
    """

    id = "keras.rescaling"
    title = "Keras Rescaling Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.tune-vertical"
    keywords = ("Rescaling", "scale", "1/255", "offset", "normalize", "pixels")
    kind = "Rescaling"
    accepts = (*NUMBER_TYPES, "bool")

    scale: PerChannel = setting(1 / 255, "Scale", "The factor: one number, or a list of one for each channel.")
    offset: PerChannel = setting(0.0, "Offset", "What is added after: one number, or a list of one for each channel.")

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return a list of one number as that number, as Keras writes it."""
        return unlist(super().to_config(channels_first), "scale", "offset")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; numbers per channel must be as many as there are."""
        for name in ("scale", "offset"):
            given = getattr(self, name)
            count = len(given) if isinstance(given, tuple) else 1
            if count > 1 and (not shape or shape[-1] != count):
                raise NodeError(
                    f"There are {count} numbers for the {name}, but the input is {TensorSpec(shape).describe()}.",
                    "Give one number, or one for each place of the last dimension.",
                    setting=name,
                )
        return shape


class Normalization(SameShapeLayer):
    """Bring numbers to mean 0 and variance 1, by a mean and a variance that are typed in or taken from a table.

    Connect the training data to the second input and choose its columns: mean and variance are those of the table, and
    become part of the network, so that new data are treated alike. Without a table, type both in. Unlike batch
    normalization nothing is learned, and it does the same in training and use. Use the training data only: the test data
    must not tell anything.

    Example: after an Input Layer of shape 4, with the four measurements of the training table as columns and the axis -1,
    each measurement gets mean 0 and variance 1.
    """

    id = "keras.normalization"
    title = "Keras Normalization Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.chart-histogram"
    keywords = ("Normalization", "adapt", "z-score", "standardize", "mean", "variance")
    kind = "Normalization"
    accepts = (*NUMBER_TYPES, "bool")
    input_ports = (
        Port("network", "network", "Network", "The network that the layer is added to."),
        Port("table", "table", "Data", "Rows whose mean and variance are taken; without it they are typed in.", optional=True),
    )

    axis: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (-1,),
        "Axis",
        "The axis along which every place has a mean and a variance of its own; -1 is the last. Empty: one for all numbers.",
        max_length=1,
    )
    columns: tuple[str, ...] = setting(
        (),
        "Columns",
        "The table's columns that are like the layer's input: one of images or vectors, or one for each number.",
        columns=Columns("table", ("number", "category", "boolean", "collection")),
    )
    mean: Annotated[tuple[float, ...], ONE_OR_SEVERAL, NUMBERS] | None = setting(
        None, "Mean", "What is taken away, one number or one for each place of the axis; not used with a table."
    )
    variance: Annotated[tuple[Annotated[float, Field(ge=0)], ...], ONE_OR_SEVERAL, NUMBERS] | None = setting(
        None, "Variance", "Its root is what is divided by, one number or one for each place of the axis; not used with a table."
    )
    invert: bool = setting(False, "Invert", "Goes the other way: from mean 0 and variance 1 to these.")

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if (self.mean is None) != (self.variance is None):
            raise ValueError("mean and variance are given together, or not at all")
        if self.mean is not None and self.variance is not None and len(self.mean) != len(self.variance):
            raise ValueError("mean and variance must have the same number of values")
        return self

    @classmethod
    def arguments(cls) -> list[str]:
        """Return all but the columns, which are the node's own."""
        return [name for name in super().arguments() if name != "columns"]

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a config without an axis too, as Keras also writes it."""
        config = super().upgrade(config)
        if "axis" in config:
            axis = config["axis"]
            config["axis"] = [] if axis is None else axis
        return config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return a single number as such."""
        single: dict[str, float] = {
            name: values[0] for name in ("mean", "variance") if (values := getattr(self, name)) and len(values) == 1
        }
        return super().to_config(channels_first) | single

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axis must exist, and the numbers must fit it."""
        places = self._places(shape)
        if self.mean is not None and len(self.mean) not in (1, places):
            raise NodeError(
                f"There are {len(self.mean)} means, but {places} places along the axis.",
                f"Give one number or {places}.",
                setting="mean",
            )
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return what a layer out of a file has that was adapted to data in Keras: mean, variance, and the number of batches."""
        if self.mean is not None:
            return ()
        sizes = (self._places(shape),) if self.axis else ()
        return (
            self.weight("mean", sizes, trainable=False),
            self.weight("variance", sizes, trainable=False),
            self.weight("count", (), trainable=False),
        )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with this layer appended; mean and variance of a table are known once it has run."""
        if "table" not in specs:
            if self.mean is None:
                raise NodeError(
                    "The layer does not know a mean and a variance.",
                    "Connect the training data to its second input, or type both in.",
                    setting="mean",
                )
            return super().configure(specs)
        given = self._input(specs.network())
        self._bind(specs, given)
        places = self._places(given.shape)
        return self._fixed([0.0] * places, [1.0] * places).configure(Specs({"network": specs["network"]}, specs.node))

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network with this layer appended, with mean and variance of the table if there is one."""
        if "table" not in values:
            return super().execute(values, job)
        network = values.network()
        given = self._input(network.spec)
        table = values.table()
        specs = Specs({"network": network.spec, "table": table.spec}, job.node)
        source = self._bind(specs, given).open(table)
        mean, variance = self._measure(source, table.height, job)
        return self._fixed(mean.tolist(), variance.tolist()).execute(Values({"network": network}), job)

    def _fixed(self, mean: Sequence[float], variance: Sequence[float]) -> Normalization:
        """This layer with these numbers typed in."""
        return self.model_copy(update={"mean": tuple(mean), "variance": tuple(variance)})

    def _input(self, network: NetworkSpec) -> TensorSpec:
        """What the layer is applied to."""
        from nodes.kit.layers.tensor_choice import find_tensor

        return network.tensor(find_tensor(network, self.input_tensor, self.tensor_setting))

    def _bind(self, specs: Specs, given: TensorSpec) -> Any:
        from nodes.kit.networks.binding import bind

        if not self.columns:
            raise NodeError(
                "No columns are chosen, whose mean and variance are to be taken.",
                "Choose those that are like the layer's input.",
                setting="columns",
            )
        network = specs.network()
        tensor = TensorSpec(given.shape, "float32")
        bound = bind(specs.table(), tensor, self.columns, "auto", setting="columns", channels_first=network.channels_first)
        if any(part.conversion == "one-hot" for part in bound.parts):
            bound = bind(specs.table(), tensor, self.columns, "numbers", setting="columns")
        return bound

    def _places(self, shape: Shape) -> int:
        """How many means there are."""
        if not self.axis:
            return 1
        return require_known(shape[axis_index(self.axis[0], len(shape))], "dimension along the axis")

    def _measure(self, source: TensorReader, rows: int, job: Job) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance along the axis, over all rows, a block at a time."""
        import numpy as np

        if not rows:
            raise NodeError("The table has no rows, so there is no mean.", "Connect a table with rows.")
        kept = axis_index(self.axis[0], len(source.shape)) + 1 if self.axis else None
        over = tuple(n for n in range(len(source.shape) + 1) if n != kept)
        block = max(1, 2**22 // max(1, source.row_bytes))
        count, mean, spread = 0, np.zeros(1), np.zeros(1)
        for start in range(0, rows, block):
            job.check_cancelled()
            job.progress(start / rows, "mean and variance")
            numbers = source.read(slice(start, min(start + block, rows))).astype(np.float64)
            n = numbers.size // (numbers.shape[kept] if kept else 1)
            here = np.atleast_1d(numbers.mean(axis=over))
            squares = np.atleast_1d(numbers.var(axis=over)) * n
            # Chan et al.: the blocks' sums of squares around their own means, brought to the common mean.
            spread = spread + squares + (here - mean) ** 2 * (count * n / (count + n))
            mean = mean + (here - mean) * (n / (count + n))
            count += n
        if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
            raise NodeError("The columns have infinite values, so there is no mean.", "Remove such rows before.")
        return mean, spread / count
