"""Layers that turn whole numbers, or numbers in bins, into places of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from nodes.base import NodeError, setting
from nodes.kit.layers.base import Inference, UnaryLayer
from nodes.kit.layers.shape_checks import FLOAT_TYPES, only, require_rank
from nodes.kit.layers.windows import Size
from nodes.layers.merge import MergeLayer
from nodes.values.network import Shape, TensorSpec

TYPED_IN = "It is for what Keras finds in the data; here that is typed in, or done on the table before."
COUNTED = "It is for rows of 0 and 1 or of counts, for which Keras announces another type than comes out."
SPARSE = "Few layers take sparse tensors, and tables hold none."
INTEGERS = ("int32", "int64")
"""The types that TensorFlow's lookups and hashes take."""


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
        """Do as `Layer.infer`, of class numbers."""
        given = only(inputs)
        if given.dtype not in self.accepts:
            raise NodeError(
                f"The layer computes with {' and '.join(self.accepts)}, but gets {given.dtype}.",
                f"Give the input layer the type {self.accepts[0]}.",
            )
        return super().infer(inputs, channels_first)

    def encoded(self, shape: Shape, mode: str, depth: int) -> Shape:
        """Return the shape that numbers of `shape` have, encoded in rows of `depth`."""
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

    id = "keras.category_encoding"
    title = "Keras Category Encoding Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.code-array"
    keywords = ("CategoryEncoding", "one-hot", "multi-hot", "one to many", "dummy", "count")
    kind = "CategoryEncoding"
    left_out = {"sparse": SPARSE}
    accepts = (*INTEGERS, *FLOAT_TYPES)

    num_tokens: Size = setting(2, "Number of tokens", "How many classes there are; numbers go from 0 to one below.")
    output_mode: Literal["multi_hot", "one_hot", "count"] = setting(
        "multi_hot", "Output mode", "What comes out.", choices={k: v for k, v in OUTPUT_MODES.items() if k != "int"}
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read `binary`, which Keras 2 called multi_hot."""
        return _dense(super().upgrade(config))

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the tokens in place of, or after, the last dimension."""
        if not shape:
            raise NodeError("The input has no dimension.", "Give the input layer the shape 1.")
        return self.encoded(shape, self.output_mode, self.num_tokens)


class Discretization(EncodingLayer):
    """Sort numbers into bins, and give the number of the bin.

    The first bin is all below the first boundary, the last all from the last boundary on. The boundaries are typed in:
    for boundaries that follow the data, use a binner on the table before.

    Example: an age, with the boundaries 18, 40, 65, becomes a number from 0 to 3; with the output mode one hot, a row of four.
    """

    id = "keras.discretization"
    title = "Keras Discretization Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.stairs"
    keywords = ("Discretization", "bins", "binner", "boundaries", "histogram", "quantize")
    kind = "Discretization"
    left_out = {
        "num_bins": TYPED_IN,
        "epsilon": TYPED_IN,
        "sparse": SPARSE,
    }
    accepts = (*FLOAT_TYPES, *INTEGERS)
    ignored = frozenset({"epsilon"})  # how exactly Keras finds boundaries, which are given here

    bin_boundaries: tuple[float, ...] = setting((0.0,), "Boundaries", "Where a new bin begins, rising.", min_length=1)
    output_mode: OutputMode = setting("int", "Output mode", "What comes out.", choices=OUTPUT_MODES)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if any(b <= a for a, b in zip(self.bin_boundaries, self.bin_boundaries[1:], strict=False)):
            raise ValueError("the boundaries must rise")
        return self

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Drop the number of bins that Keras was asked for: it follows from the boundaries that it found; and an integer type."""
        config = _dense(super().upgrade(config))
        if str(config.get("dtype")).startswith("int"):
            config["dtype"] = None
        return {k: v for k, v in config.items() if not (k == "num_bins" and config.get("bin_boundaries"))}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came, or encoded."""
        return self.encoded(shape, self.output_mode, len(self.bin_boundaries) + 1)

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; bin numbers are int32."""
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

    id = "keras.integer_lookup"
    title = "Keras Integer Lookup Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.book-search-outline"
    keywords = ("IntegerLookup", "vocabulary", "index", "codes", "category to number")
    kind = "IntegerLookup"
    left_out = {
        "max_tokens": TYPED_IN,
        "vocabulary_dtype": "It is int64, as places are.",
        "idf_weights": COUNTED,
        "output_mode": COUNTED,
        "pad_to_max_tokens": COUNTED,
        "sparse": SPARSE,
    }
    ignored = frozenset({"vocabulary_size", "has_input_vocabulary", "vocabulary_dtype", "max_tokens", "pad_to_max_tokens"})

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
        """Read one salt too. Other output modes than places are refused, as all that is not known."""
        config = _dense(super().upgrade(config))
        if str(config.get("dtype")).startswith("int"):  # of Keras 2
            config["dtype"] = None
        if config.get("output_mode") == "int":
            del config["output_mode"]
        salt = config.get("salt")
        return config | {"salt": [salt, salt]} if isinstance(salt, int) else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments without a number type: Keras's lookup layers compute in none of their own."""
        return {name: value for name, value in super().to_config(channels_first).items() if name != "dtype"}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came."""
        return shape

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; places are int64."""
        return _as_integers(super().infer(inputs, channels_first), "int", "int64")


class Hashing(EncodingLayer):
    """Spread whole numbers over a given number of bins, without a vocabulary.

    The same number always gets the same bin, but different ones may share one. For codes with too many values to list.

    Example: customer numbers after an Input Layer of type int64, in 100 bins, before an Embedding Layer for 100 tokens.
    """

    id = "keras.hashing"
    title = "Keras Hashing Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.pound"
    keywords = ("Hashing", "hash", "bins", "feature hashing", "codes")
    kind = "Hashing"
    left_out = {"sparse": SPARSE}

    num_bins: Size = setting(10, "Number of bins", "How many bins there are, the mask's included.")
    mask_value: int | None = setting(None, "Mask value", "A number that gets the bin 0 for itself; empty: none.", advanced=True)
    salt: tuple[int, int] | None = setting(None, "Salt", "Two numbers that give another hash; empty: a fast one.", advanced=True)
    output_mode: OutputMode = setting("int", "Output mode", "What comes out.", choices=OUTPUT_MODES)

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read one salt too, and drop the integer type of bin numbers, which is always int64 here."""
        config = _dense(super().upgrade(config))
        if str(config.get("dtype")).startswith("int"):
            config["dtype"] = None
        salt = config.get("salt")
        return config | {"salt": [salt, salt]} if isinstance(salt, int) else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments without the integer type: bin numbers are int64."""
        config = super().to_config(channels_first)
        return config | {"dtype": "int64"} if self.output_mode == "int" else config

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came, or encoded."""
        if self.output_mode == "one_hot" and shape != (1,):
            raise NodeError(
                f"Keras's hashing gives one-hot rows for single numbers only, not for {TensorSpec(shape).describe()}.",
                "Choose the output mode int and let a Category Encoding Layer follow.",
                setting="output_mode",
            )
        return self.encoded(shape, self.output_mode, self.num_bins)

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`; bin numbers are int64."""
        return _as_integers(super().infer(inputs, channels_first), self.output_mode, "int64")


class HashedCrossing(MergeLayer):
    """Make one category of two, by hashing each pair of numbers into a given number of bins.

    A network that adds up single features cannot see that two occur together; the pair as a category of its own shows it.

    Example: two Input Layers of shape 1 and type int32, for weekday and hour, in 168 bins, one hot, before a Dense Layer.
    """

    id = "keras.hashed_crossing"
    title = "Keras Hashed Crossing Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.vector-intersection"
    keywords = ("HashedCrossing", "feature cross", "interaction", "hash", "pairs")
    kind = "HashedCrossing"
    left_out = {"sparse": SPARSE}
    accepts = INTEGERS

    num_bins: Size = setting(10, "Number of bins", "How many bins there are.")
    output_mode: Literal["int", "one_hot"] = setting(
        "int", "Output mode", "What comes out.", choices={k: v for k, v in OUTPUT_MODES.items() if k in ("int", "one_hot")}
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Drop the integer type of bin numbers, which is always int64 here."""
        config = _dense(super().upgrade(config))
        return config | {"dtype": None} if str(config.get("dtype")).startswith("int") else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments without the integer type: bin numbers are int64."""
        config = super().to_config(channels_first)
        return config | {"dtype": "int64"} if self.output_mode == "int" else config

    def dtype_of(self, inputs: Sequence[TensorSpec]) -> str:
        """Return int64 for bin numbers, and for rows what the layer computes in."""
        return "int64" if self.output_mode == "int" else self.compute_dtype

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return (1,), or (bins,) for rows."""
        if len(shapes) != 2 or any(shape != (1,) for shape in shapes):
            given = " and ".join(TensorSpec(shape).describe() for shape in shapes)
            raise NodeError(f"The layer crosses two single numbers, but gets {given}.", "Give it two inputs of shape 1.")
        if self.output_mode == "one_hot":
            _require_float32(self.dtype)
        return (1,) if self.output_mode == "int" else (self.num_bins,)


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
