"""Layers that bring raw numbers into the form that a network works with: scale, categories, spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from nodes.base import Columns, Job, NodeError, Port, Specs, Values, setting
from nodes.layers.base import (
    FLOAT_TYPES,
    NUMBER_TYPES,
    ONE_OR_SEVERAL,
    Inference,
    SameShapeLayer,
    UnaryLayer,
    axis_index,
    is_number,
    only,
    require_known,
    require_rank,
    unlist,
)
from nodes.layers.core import Size
from nodes.layers.merge import MergeLayer
from nodes.layers.options import SCALING_CHOICES, WINDOW_CHOICES, Window
from nodes.values.network import Network, NetworkSpec, Shape, TensorSpec, WeightSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes.networks.binding import Source

TYPED_IN = "It is for what Keras finds in the data; here that is typed in, or done on the table before."
COUNTED = "It is for rows of 0 and 1 or of counts, for which Keras announces another type than comes out."
SPARSE = "Few layers take sparse tensors, and tables hold none."
INTEGERS = ("int32", "int64")
"""The types that TensorFlow's lookups and hashes take."""

# ----------------------------------------------------------------------------------------------------------------- scale


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

    id: ClassVar[str] = "keras.rescaling"
    title: ClassVar[str] = "Keras Rescaling Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.tune-vertical"
    keywords: ClassVar[tuple[str, ...]] = ("Rescaling", "scale", "1/255", "offset", "normalize", "pixels")
    kind: ClassVar[str] = "Rescaling"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")

    scale: PerChannel = setting(1 / 255, "Scale", "The factor: one number, or a list of one for each channel.")
    offset: PerChannel = setting(0.0, "Offset", "What is added after: one number, or a list of one for each channel.")

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """A list of one number as that number, as Keras writes it."""
        return unlist(super().to_config(channels_first), "scale", "offset")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; numbers per channel must be as many as there are."""
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

    id: ClassVar[str] = "keras.normalization"
    title: ClassVar[str] = "Keras Normalization Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.chart-histogram"
    keywords: ClassVar[tuple[str, ...]] = ("Normalization", "adapt", "z-score", "standardize", "mean", "variance")
    kind: ClassVar[str] = "Normalization"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")
    input_ports: ClassVar[tuple[Port, ...]] = (
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
        """All but the columns, which are the node's own."""
        return [name for name in super().arguments() if name != "columns"]

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes no axis."""
        config = super().upgrade(config)
        if "axis" in config:
            axis = config["axis"]
            config["axis"] = [] if axis is None else axis
        return config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """A single number as such."""
        single: dict[str, float] = {
            name: values[0] for name in ("mean", "variance") if (values := getattr(self, name)) and len(values) == 1
        }
        return super().to_config(channels_first) | single

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; the axis must exist, and the numbers must fit it."""
        places = self._places(shape)
        if self.mean is None:
            raise NodeError(
                "The layer does not know a mean and a variance.",
                "Connect the training data to its second input, or type both in.",
                setting="mean",
            )
        if len(self.mean) not in (1, places):
            raise NodeError(
                f"There are {len(self.mean)} means, but {places} places along the axis.",
                f"Give one number or {places}.",
                setting="mean",
            )
        return shape

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """The network with this layer appended; mean and variance of a table are known once it has run."""
        if "table" not in specs:
            return super().configure(specs)
        given = self._input(specs.network())
        self._bind(specs, given)
        places = self._places(given.shape)
        return self._fixed([0.0] * places, [1.0] * places).configure(Specs({"network": specs["network"]}, specs.node))

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """The network with this layer appended, with mean and variance of the table if there is one."""
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
        from nodes.layers.base import find_tensor

        return network.tensor(find_tensor(network, self.input_tensor, self.tensor_setting))

    def _bind(self, specs: Specs, given: TensorSpec) -> Any:
        from nodes.networks.binding import bind

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

    def _measure(self, source: Source, rows: int, job: Job) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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


# ------------------------------------------------------------------------------------------------------------ categories

OutputMode = Literal["int", "one_hot", "multi_hot", "count"]
OUTPUT_MODES: Mapping[str, str] = {
    "int": "The number itself.",
    "one_hot": "For each number a row that is 1 at its place.",
    "multi_hot": "For the numbers of an example together one row that is 1 at each of their places.",
    "count": "For the numbers of an example together one row of how often each is there.",
}


class EncodingLayer(UnaryLayer):
    """A layer that turns numbers into places of a row."""

    accepts: ClassVar[Sequence[str]] = INTEGERS

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """As `Layer.infer`, of class numbers."""
        given = only(inputs)
        if given.dtype not in self.accepts:
            raise NodeError(
                f"The layer computes with {' and '.join(self.accepts)}, but gets {given.dtype}.",
                f"Give the input layer the type {self.accepts[0]}.",
            )
        return super().infer(inputs, channels_first)

    def encoded(self, shape: Shape, mode: str, depth: int) -> Shape:
        """The shape that numbers of `shape` have, encoded in rows of `depth`."""
        if mode == "int":
            return shape
        _require_float32(self.dtype)
        if mode == "one_hot":
            return (*(shape[:-1] if shape[-1:] == (1,) else shape), depth)
        require_rank(shape, 1, "rows of numbers for this output mode")
        return (depth,)


class CategoryEncoding(EncodingLayer):
    """Turn class numbers from 0 on into rows of 0 and 1.

    The numbers must be below the number of tokens.

    Example: after an Input Layer of shape 1 and type int32, with 7 tokens and the output mode one hot, a weekday becomes a
    row of 7 numbers for a Dense Layer.
    """

    id: ClassVar[str] = "keras.category_encoding"
    title: ClassVar[str] = "Keras Category Encoding Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.code-array"
    keywords: ClassVar[tuple[str, ...]] = ("CategoryEncoding", "one-hot", "multi-hot", "one to many", "dummy", "count")
    kind: ClassVar[str] = "CategoryEncoding"
    left_out: ClassVar[Mapping[str, str]] = {"sparse": SPARSE}
    accepts: ClassVar[Sequence[str]] = (*INTEGERS, *FLOAT_TYPES)

    num_tokens: Size = setting(2, "Number of tokens", "How many classes there are; numbers go from 0 to one below.")
    output_mode: Literal["multi_hot", "one_hot", "count"] = setting(
        "multi_hot", "Output mode", "What comes out.", choices={k: v for k, v in OUTPUT_MODES.items() if k != "int"}
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras 2 called multi_hot binary."""
        return _dense(super().upgrade(config))

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """The tokens in place of, or after, the last dimension."""
        if not shape:
            raise NodeError("The input has no dimension.", "Give the input layer the shape 1.")
        return self.encoded(shape, self.output_mode, self.num_tokens)


class Discretization(EncodingLayer):
    """Sort numbers into bins, and give the number of the bin.

    The first bin is all below the first boundary, the last all from the last boundary on. The boundaries are typed in:
    for boundaries that follow the data, use a binner on the table before.

    Example: an age, with the boundaries 18, 40, 65, becomes a number from 0 to 3; with the output mode one hot, a row of four.
    """

    id: ClassVar[str] = "keras.discretization"
    title: ClassVar[str] = "Keras Discretization Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.stairs"
    keywords: ClassVar[tuple[str, ...]] = ("Discretization", "bins", "binner", "boundaries", "histogram", "quantize")
    kind: ClassVar[str] = "Discretization"
    left_out: ClassVar[Mapping[str, str]] = {
        "num_bins": TYPED_IN,
        "epsilon": TYPED_IN,
        "sparse": SPARSE,
    }
    accepts: ClassVar[Sequence[str]] = (*FLOAT_TYPES, *INTEGERS)
    ignored: ClassVar[frozenset[str]] = frozenset({"epsilon"})  # how exactly Keras finds boundaries, which are given here

    bin_boundaries: tuple[float, ...] = setting((0.0,), "Boundaries", "Where a new bin begins, rising.", min_length=1)
    output_mode: OutputMode = setting("int", "Output mode", "What comes out.", choices=OUTPUT_MODES)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if any(b <= a for a, b in zip(self.bin_boundaries, self.bin_boundaries[1:], strict=False)):
            raise ValueError("the boundaries must rise")
        return self

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """The number of bins that Keras was asked for follows from the boundaries that it found."""
        config = _dense(super().upgrade(config))
        return {k: v for k, v in config.items() if not (k == "num_bins" and config.get("bin_boundaries"))}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came, or encoded."""
        return self.encoded(shape, self.output_mode, len(self.bin_boundaries) + 1)

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Bin numbers are int32."""
        return _as_integers(super().infer(inputs, channels_first), self.output_mode, "int32")


class IntegerLookup(EncodingLayer):
    """Replace whole numbers by their places in a vocabulary.

    Numbers that are not in it share one place or several at its beginning (out of vocabulary). It is for codes with gaps,
    such as postcodes or article numbers. The vocabulary is typed in: for one that follows the data, use Category to Number
    on the table before. For rows of 0 and 1, let a Category Encoding Layer follow: Keras's own output modes give whole
    numbers where it announces others, and are left out.

    Example: with the vocabulary 12, 36, 1138, the number 36 becomes 2, and an unknown 7 becomes 0; an Embedding
    Layer for 4 tokens follows.
    """

    id: ClassVar[str] = "keras.integer_lookup"
    title: ClassVar[str] = "Keras Integer Lookup Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.book-search-outline"
    keywords: ClassVar[tuple[str, ...]] = ("IntegerLookup", "vocabulary", "index", "codes", "category to number")
    kind: ClassVar[str] = "IntegerLookup"
    left_out: ClassVar[Mapping[str, str]] = {
        "max_tokens": TYPED_IN,
        "vocabulary_dtype": "It is int64, as places are.",
        "idf_weights": COUNTED,
        "output_mode": COUNTED,
        "pad_to_max_tokens": COUNTED,
        "sparse": SPARSE,
    }
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"vocabulary_size", "has_input_vocabulary", "vocabulary_dtype", "max_tokens", "pad_to_max_tokens"}
    )

    vocabulary: tuple[int, ...] = setting((1,), "Vocabulary", "The numbers that are known, each once.", min_length=1)
    num_oov_indices: int = setting(1, "Places for unknown numbers", "0: an unknown number is an error.", ge=0)
    mask_token: int | None = setting(
        None, "Mask number", "A number that gets the place 0, for padding; empty: none.", advanced=True
    )
    oov_token: int = setting(-1, "Unknown number", "What stands for an unknown place when going backwards.", advanced=True)
    invert: bool = setting(False, "Invert", "Goes backwards, from places to numbers.")
    oov_method: Literal["floormod", "farmhash"] = setting(
        "floormod",
        "Unknown numbers go",
        "Which of several places an unknown number gets.",
        choices={"floormod": "By the rest of a division.", "farmhash": "By a hash."},
        advanced=True,
    )
    salt: tuple[int, int] | None = setting(
        None, "Salt", "Two numbers that give another hash.", advanced=True, shown_if={"oov_method": "farmhash"}
    )

    @model_validator(mode="after")
    def _is_a_vocabulary(self) -> Self:
        if len(set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError("every number of the vocabulary must be there once")
        if self.num_oov_indices and self.oov_token in self.vocabulary:
            raise ValueError(f"the vocabulary must not have {self.oov_token}, which stands for unknown numbers")
        if self.mask_token is not None and self.mask_token in (*self.vocabulary, self.oov_token):
            raise ValueError("the mask number must be one that means nothing else")
        if self.invert and self.num_oov_indices > 1:
            raise ValueError("going backwards there is at most one place for unknown numbers")
        if self.salt is not None and self.oov_method != "farmhash":
            raise ValueError("only a hash can be salted")
        return self

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes one salt. Other output modes than places are refused, as all that is not known."""
        config = _dense(super().upgrade(config))
        if config.get("output_mode") == "int":
            del config["output_mode"]
        salt = config.get("salt")
        return config | {"salt": [salt, salt]} if isinstance(salt, int) else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Keras's lookup layers compute in no type of their own."""
        return {name: value for name, value in super().to_config(channels_first).items() if name != "dtype"}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came."""
        return shape

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Places are int64."""
        return _as_integers(super().infer(inputs, channels_first), "int", "int64")


class Hashing(EncodingLayer):
    """Spread whole numbers over a given number of bins, without a vocabulary.

    The same number always gets the same bin, but different ones may share one. For codes with too many values to list.

    Example: customer numbers after an Input Layer of type int64, in 100 bins, before an Embedding Layer for 100 tokens.
    """

    id: ClassVar[str] = "keras.hashing"
    title: ClassVar[str] = "Keras Hashing Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.pound"
    keywords: ClassVar[tuple[str, ...]] = ("Hashing", "hash", "bins", "feature hashing", "codes")
    kind: ClassVar[str] = "Hashing"
    left_out: ClassVar[Mapping[str, str]] = {"sparse": SPARSE}

    num_bins: Size = setting(10, "Number of bins", "How many bins there are, the mask's included.")
    mask_value: int | None = setting(None, "Mask value", "A number that gets the bin 0 for itself; empty: none.", advanced=True)
    salt: tuple[int, int] | None = setting(None, "Salt", "Two numbers that give another hash; empty: a fast one.", advanced=True)
    output_mode: OutputMode = setting("int", "Output mode", "What comes out.", choices=OUTPUT_MODES)

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes one salt, and the integer type of bin numbers, which is always int64 here."""
        config = _dense(super().upgrade(config))
        if str(config.get("dtype")).startswith("int"):
            config["dtype"] = None
        salt = config.get("salt")
        return config | {"salt": [salt, salt]} if isinstance(salt, int) else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Bin numbers are int64."""
        config = super().to_config(channels_first)
        return config | {"dtype": "int64"} if self.output_mode == "int" else config

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came, or encoded."""
        if self.output_mode == "one_hot" and shape != (1,):
            raise NodeError(
                f"Keras's hashing gives one-hot rows for single numbers only, not for {TensorSpec(shape).describe()}.",
                "Choose the output mode int and let a Category Encoding Layer follow.",
                setting="output_mode",
            )
        return self.encoded(shape, self.output_mode, self.num_bins)

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Bin numbers are int64."""
        return _as_integers(super().infer(inputs, channels_first), self.output_mode, "int64")


class HashedCrossing(MergeLayer):
    """Make one category of two, by hashing each pair of numbers into a given number of bins.

    A network that adds up single features cannot see that two occur together; the pair as a category of its own shows it.

    Example: two Input Layers of shape 1 and type int32, for weekday and hour, in 168 bins, one hot, before a Dense Layer.
    """

    id: ClassVar[str] = "keras.hashed_crossing"
    title: ClassVar[str] = "Keras Hashed Crossing Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.vector-intersection"
    keywords: ClassVar[tuple[str, ...]] = ("HashedCrossing", "feature cross", "interaction", "hash", "pairs")
    kind: ClassVar[str] = "HashedCrossing"
    left_out: ClassVar[Mapping[str, str]] = {"sparse": SPARSE}
    accepts: ClassVar[Sequence[str]] = INTEGERS

    num_bins: Size = setting(10, "Number of bins", "How many bins there are.")
    output_mode: Literal["int", "one_hot"] = setting(
        "int", "Output mode", "What comes out.", choices={k: v for k, v in OUTPUT_MODES.items() if k in ("int", "one_hot")}
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes the integer type of bin numbers, which is always int64 here."""
        config = _dense(super().upgrade(config))
        return config | {"dtype": None} if str(config.get("dtype")).startswith("int") else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Bin numbers are int64."""
        config = super().to_config(channels_first)
        return config | {"dtype": "int64"} if self.output_mode == "int" else config

    def dtype_of(self, inputs: Sequence[TensorSpec]) -> str:
        """Bin numbers are int64, rows what the layer computes in."""
        return "int64" if self.output_mode == "int" else self.compute_dtype

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """(1,), or (bins,) for rows."""
        if len(shapes) != 2 or any(shape != (1,) for shape in shapes):
            given = " and ".join(TensorSpec(shape).describe() for shape in shapes)
            raise NodeError(f"The layer crosses two single numbers, but gets {given}.", "Give it two inputs of shape 1.")
        if self.output_mode == "one_hot":
            _require_float32(self.dtype)
        return (1,) if self.output_mode == "int" else (self.num_bins,)


# --------------------------------------------------------------------------------------------------------------- spectra


class MelSpectrogram(UnaryLayer):
    """Turn sound into an image: how strong each pitch is at each moment, on the mel scale of hearing.

    The sound is cut into overlapping frames; what comes out has a row for each mel band and a column for each frame. It
    must be longer than half the length of the transform. With decibels, values are cut off at a range below the loudest of
    the whole batch.

    Example: after an Input Layer of shape 16000 (a second of sound), with 64 mel bands and a stride of 256, an image of
    64 x 63; a Reshape Layer to 64, 63, 1 and a Convolution 2D Layer follow.
    """

    id: ClassVar[str] = "keras.mel_spectrogram"
    title: ClassVar[str] = "Keras Mel Spectrogram Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.waveform"
    keywords: ClassVar[tuple[str, ...]] = ("MelSpectrogram", "sound", "audio", "speech", "Fourier", "spectrum")
    kind: ClassVar[str] = "MelSpectrogram"

    fft_length: Size = setting(2048, "Transform length", "How many samples a transform takes; not below the frame length.")
    sequence_stride: Size = setting(512, "Stride", "How many samples lie between the beginnings of two frames.")
    sequence_length: Size | None = setting(None, "Frame length", "How many samples a frame has; empty: as the transform.")
    window: Literal["hann", "hamming"] = setting(
        "hann",
        "Window",
        "What fades each frame in and out.",
        choices={name: WINDOW_CHOICES[name] for name in ("hann", "hamming")},
    )
    sampling_rate: Size = setting(16000, "Sampling rate", "How many samples a second of the sound has.")
    num_mel_bins: Size = setting(128, "Mel bands", "How many pitches are told apart.")
    min_freq: float = setting(20.0, "Lowest frequency", "The lowest frequency that a band covers, in hertz.", ge=0)
    max_freq: float | None = setting(None, "Highest frequency", "In hertz; empty: half the sampling rate.", gt=0)
    power_to_db: bool = setting(True, "Decibels", "Gives strengths on a logarithmic scale.")
    top_db: float = setting(80.0, "Range", "In decibels: what is further below the loudest is cut off.", ge=0)
    mag_exp: float = setting(2.0, "Exponent", "1 for magnitudes, 2 for powers.", gt=0, advanced=True)
    min_power: float = setting(1e-10, "Smallest power", "Powers below count as this.", gt=0, advanced=True)
    ref_power: float = setting(1.0, "Reference power", "The power that is 0 decibels.", gt=0, advanced=True)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.sequence_length is not None and self.sequence_length > self.fft_length:
            raise ValueError("the frame length must not be above the transform length")
        top = self.max_freq if self.max_freq is not None else self.sampling_rate // 2
        if self.min_freq >= top:
            raise ValueError(f"the lowest frequency ({self.min_freq:g}) must be below the highest ({top:g})")
        return self

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(mel bands, frames)."""
        if self.power_to_db and self.compute_dtype == "float64":
            remedy = "Choose the number type float32, or do without decibels."
            raise NodeError("Keras cannot compute decibels in float64.", remedy, setting="dtype")
        require_rank(shape, 1, "sounds of one channel (samples)")
        (samples,) = shape
        if samples is None:
            return (self.num_mel_bins, None)
        if samples <= self.fft_length // 2:
            raise NodeError(
                f"The sound has {samples} samples; it must have more than {self.fft_length // 2}, half the transform length.",
                "Choose a shorter transform.",
                setting="fft_length",
            )
        frames = 1 + samples // self.sequence_stride
        if frames != (samples + self.sequence_stride + 1) // self.sequence_stride:
            raise NodeError(
                f"Keras reckons one frame too many for {samples} samples and a stride of {self.sequence_stride}.",
                "Choose another stride above 1, or a sound that is one sample longer.",
                setting="sequence_stride",
            )
        return (self.num_mel_bins, frames)


class STFTSpectrogram(UnaryLayer):
    """Turn signals into spectrograms: how strong each frequency is at each moment.

    The signal is cut into frames, each of which becomes a column of frequencies (a short-time Fourier transform). It is
    computed as a convolution, whose kernel starts as the transform and can be trained on; freeze the layer to keep it.

    Example: after an Input Layer of shape 16000, 1 (a second of sound), with frames of 256 samples every 128 and the mode
    log, 124 frames of 129 frequencies.
    """

    id: ClassVar[str] = "keras.stft_spectrogram"
    title: ClassVar[str] = "Keras STFT Spectrogram Layer"
    shelf: ClassVar[str] = "Network / Layers / Preprocessing"
    icon: ClassVar[str] = "mdi6.chart-scatter-plot-hexbin"
    keywords: ClassVar[tuple[str, ...]] = ("STFTSpectrogram", "short-time Fourier transform", "sound", "frequency", "signal")
    kind: ClassVar[str] = "STFTSpectrogram"
    has_data_format: ClassVar[bool] = True

    mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = setting(
        "log",
        "Mode",
        "What of the complex numbers comes out.",
        choices={
            "log": "The logarithm of the magnitude.",
            "magnitude": "The magnitude.",
            "psd": "The power spectral density.",
            "real": "The real part.",
            "imag": "The imaginary part.",
            "angle": "The phase.",
            "stft": "Real and imaginary part, one after the other.",
        },
    )
    frame_length: Annotated[int, Field(ge=2)] = setting(256, "Frame length", "How many samples a frame has.")
    frame_step: Size | None = setting(
        None, "Frame step", "How many samples lie between the beginnings of two frames; empty: half a frame."
    )
    fft_length: Size | None = setting(
        None, "Transform length", "Not below the frame length; empty: the next power of two.", advanced=True
    )
    window: Window = setting(
        "hann", "Window", "What fades each frame in and out; boxcar leaves it as it is.", choices=WINDOW_CHOICES
    )
    periodic: bool = setting(False, "Periodic", "Takes the window as one period of a wave that goes on.", advanced=True)
    scaling: Literal["density", "spectrum", "none"] = setting(
        "density",
        "Scaling",
        "What the window is divided by.",
        choices={**SCALING_CHOICES, "none": "By nothing."},
        advanced=True,
    )
    padding: Literal["valid", "same"] = setting(
        "valid",
        "Padding",
        "What happens at the ends.",
        choices={"valid": "Frames must fit in.", "same": "Zeros are added at the ends."},
    )
    expand_dims: bool = setting(
        False, "Channels apart", "Gives the signal's channels an axis of their own; else their frequencies follow each other."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.frame_step is not None and self.frame_step > self.frame_length:
            raise ValueError("the frame step must not be above the frame length")
        if self.fft_length is not None and self.fft_length < self.frame_length:
            raise ValueError("the transform length must not be below the frame length")
        return self

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Without a window Keras does not scale either."""
        config = super().upgrade(config)
        if "window" in config and config["window"] is None:
            return config | {"window": "boxcar", "scaling": "none"}
        return config | {"scaling": "none"} if "scaling" in config and config["scaling"] is None else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Keras writes no scaling as nothing."""
        return super().to_config(channels_first) | {"scaling": None if self.scaling == "none" else self.scaling}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(frames, frequencies), with an axis for channels if they are apart."""
        if self.compute_dtype == "bfloat16":
            remedy = "Choose another number type, such as float32 or mixed_float16."
            raise NodeError("Keras cannot compute spectrograms in bfloat16.", remedy, setting="dtype")
        require_rank(shape, 2, "signals (samples, channels)")
        channels, samples = shape if channels_first else shape[::-1]
        channels = require_known(channels, "number of the signal's channels")
        step = self.frame_step or self.frame_length // 2
        frames: int | None = None
        if samples is not None:
            frames = -(-samples // step) if self.padding == "same" else (samples - self.frame_length) // step + 1
            if frames < 1:
                raise NodeError(
                    f"The signal has {samples} samples, fewer than a frame of {self.frame_length}.",
                    "Choose a shorter frame, or the padding same.",
                    setting="frame_length",
                )
        frequencies = self._frequencies * (2 if self.mode == "stft" else 1)
        if not self.expand_dims:
            return (channels * frequencies, frames) if channels_first else (frames, channels * frequencies)
        return (channels, frames, frequencies) if channels_first else (frames, frequencies, channels)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """real_kernel and imag_kernel, as far as they are used: (frame length, 1, frequencies)."""
        size = (self.frame_length, 1, self._frequencies)
        used = {"real": ("real",), "imag": ("imag",)}.get(self.mode, ("real", "imag"))
        return tuple(self.weight(f"{side}_kernel", size) for side in used)

    @property
    def _frequencies(self) -> int:
        return (self.fft_length or 1 << (self.frame_length - 1).bit_length()) // 2 + 1


# --------------------------------------------------------------------------------------------------------------- helpers


def _require_float32(dtype: str) -> None:
    """NodeError if rows of 0 and 1 were to be of another type, which Keras announces but does not make."""
    if dtype != "float32":
        raise NodeError(
            f"The layer makes rows of float32 only, not of {dtype}.", "Choose the number type float32.", setting="dtype"
        )


def _dense(config: dict[str, Any]) -> dict[str, Any]:
    """The same config with Keras 2's names of output modes, and without the flag for sparse outputs if it is off."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(str(config.get("output_mode")), config.get("output_mode"))
    return {k: v for k, v in config.items() if k != "sparse" or v} | ({"output_mode": mode} if "output_mode" in config else {})


def _as_integers(made: Inference, mode: str, dtype: str) -> Inference:
    """The same with the type of bin numbers, where these come out."""
    out = made.outputs[0]
    return Inference((TensorSpec(out.shape, dtype, out.batch),)) if mode == "int" else made
