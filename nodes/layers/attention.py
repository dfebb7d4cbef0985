"""Layers that let each step of a sequence look at all others, and take from those that matter to it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field

from nodes.base import Layers, NodeError, Port, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, Inference
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import GlorotUniform, Initializer, Zeros
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.settings import layer_seed_setting
from nodes.kit.layers.shape_checks import FLOAT_TYPES, require_dtype, require_known, require_rank
from nodes.kit.layers.weighted import constraint_setting, initializer_setting, regularizer_setting
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape, TensorSpec, WeightSpec

T = TypeVar("T")

QUERY = Port("query", "network", "Query", "The sequence whose steps ask: the output has as many.")
VALUE = Port("value", "network", "Value", "The sequence that is looked at; the same network as the query for self-attention.")
KEY = Port(
    "key",
    "network",
    "Key",
    "What queries are compared with, one for each step of the value; without it, the value.",
    optional=True,
)
SEQUENCE = "sequences (steps, features)"
FLASH: Mapping[str, str] = {
    "flash_attention": "Keras chooses the way of computing by itself; forced to this one, a network fails on most machines."
}


def _tensor(port: str, title: str) -> Any:
    help = "Which tensor of the network at this port goes in, as `layer_0:0`; empty: its first output."
    return setting(None, title, help, group="Naming", advanced=True, layers=Layers(port, "tensors"))


def _mask_port(name: str, title: str, help: str) -> Port:
    return Port(name, "network", title, help, optional=True)


class AttentionLayer(PortedLayer):
    """A layer with a query, a value and perhaps a key."""

    shelf = "Network / Layers / Attention"
    call_options = ("return_attention_scores", "use_causal_mask")

    input_tensor: str | None = _tensor("query", "Query tensor")
    value_tensor: str | None = _tensor("value", "Value tensor")
    key_tensor: str | None = _tensor("key", "Key tensor")
    dropout: float = setting(0.0, "Dropout", "The part of the attention weights that is dropped while training.", ge=0, le=1)
    seed: int | None = layer_seed_setting("the same weights drop")
    use_causal_mask: bool = setting(
        False, "Causal mask", "Each step looks at itself and the steps before only, as a decoder must that writes one by one."
    )
    return_attention_scores: bool = setting(
        False, "Return attention scores", "Puts out how much each step looks at which, as a second output of the network."
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Drop Keras 2's switch for the causal mask; off, it changes nothing."""
        return {key: value for key, value in super().upgrade(config).items() if key != "causal" or value}

    def check_inputs(self, given: Mapping[str, TensorSpec]) -> None:
        """Raise NodeError if numbers are of the wrong type, or there is not a key for each step of the value."""
        for port in ("query", "value", "key"):
            if port in given:
                require_dtype(given[port], FLOAT_TYPES)
        batches = {tensor.batch for tensor in given.values()} - {None}
        if len(batches) > 1:
            raise NodeError("The inputs have different batch sizes.", "Set the same batch size in all input layers.")
        value, key = given["value"], given.get("key", given["value"])
        if not _may_be_equal(value.shape[:-1], key.shape[:-1]):
            raise NodeError(
                f"There is not a key for each step of the value: {value.describe()} and {key.describe()}.",
                "Give both as many steps.",
                setting="key_tensor",
            )


def _may_be_equal(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(None in (a, b) or a == b for a, b in zip(one, other, strict=True))


def _check_mask(given: Mapping[str, TensorSpec], port: str, wanted: Shape) -> None:
    """NodeError if a mask is not of bools, or not of the shape that is wanted."""
    mask = given.get(port)
    if mask is not None and (mask.dtype != "bool" or not _may_be_equal(mask.shape, wanted)):
        raise NodeError(
            f"The mask is {mask.describe()} of type {mask.dtype}, but must be {TensorSpec(wanted).describe()} of type bool.",
            "Connect an input layer of that shape and type.",
            setting=f"{port}_tensor",
        )


# ------------------------------------------------------------------------------------------------------------ one head


class PlainAttention(AttentionLayer):
    """An attention layer without kernels."""

    input_ports = (
        QUERY,
        VALUE,
        KEY,
        _mask_port("query_mask", "Query mask", "Which steps of the query count (bool); without it, what layers before marked."),
        _mask_port("value_mask", "Value mask", "Which steps of the value count (bool); without it, what layers before marked."),
    )
    call_arguments = {
        "inputs": ("query", "value", "key"), "mask": ("query_mask", "value_mask"),
    }  # fmt: skip
    listed_arguments = frozenset({"inputs", "mask"})

    query_mask_tensor: str | None = _tensor("query_mask", "Query mask tensor")
    value_mask_tensor: str | None = _tensor("value_mask", "Value mask tensor")

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Do as any layer; Keras wants both masks, of which one may be None."""
        positional, named = super().keras_call(roles, tensors)
        if "mask" in named:
            named["mask"] = [*named["mask"], None][:2]
        return positional, named

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return (query's steps, value's features); scores are (query's steps, value's steps)."""
        query, value = given["query"], given["value"]
        key = given.get("key", value)
        for tensor in (query, value, key):
            require_rank(tensor.shape, 2, SEQUENCE)
        self.check_inputs(given)
        features, compared = query.shape[1], key.shape[1]
        if features is None or compared is None or features != compared:
            raise NodeError(
                f"Queries have {features or 'open'} features, but what they are compared with has {compared or 'open'}.",
                "Bring both to one size with Dense Layers.",
            )
        _check_mask(given, "query_mask", query.shape[:1])
        _check_mask(given, "value_mask", value.shape[:1])
        made = [TensorSpec((query.shape[0], value.shape[1]), self.compute_dtype, query.batch)]
        if self.return_attention_scores:
            made.append(TensorSpec((query.shape[0], value.shape[0]), self.compute_dtype, query.batch))
        return Inference(tuple(made), self.scales(features))

    @abstractmethod
    def scales(self, features: int) -> tuple[WeightSpec, ...]:
        """Return the learned factors, for queries of so many features."""


class Attention(PlainAttention):
    """Let each step of a sequence take from those steps of another that it is most like (Luong et al., 2015).

    Each step of the query is compared with each key by their scalar product; a softmax makes weights of that, by which the steps
    of the value are summed up. Nothing is learned but, if wanted, a factor. Padding that an Embedding or Masking Layer has marked
    is left out. KNIME has no node for it.

    Example: the sequence of a decoder (10 x 64) as query and that of an encoder (20 x 64) as value give 10 x 64: for each word to
    write, what matters of the words read. Concatenate joins it with the decoder's own sequence.
    """

    id = "keras.attention"
    title = "Keras Attention Layer"
    icon = "mdi6.eye-outline"
    keywords = ("Attention", "Luong", "dot product", "query", "key", "value", "alignment")
    kind = "Attention"

    use_scale: bool = setting(False, "Use scale", "Learns a factor on the scores.")
    score_mode: Literal["dot", "concat"] = setting(
        "dot",
        "Score mode",
        "How a query and a key are compared.",
        choices={"dot": "By their scalar product.", "concat": "By the sum of the tanh of their sum, with a learned factor."},
    )

    def scales(self, features: int) -> tuple[WeightSpec, ...]:
        """Return scale and concat_score_weight, each a number, as far as they are used."""
        used = (("scale", self.use_scale), ("concat_score_weight", self.score_mode == "concat"))
        return tuple(WeightSpec(name, ()) for name, there in used if there)


class AdditiveAttention(PlainAttention):
    """Let each step of a sequence take from those steps of another that fit it (Bahdanau et al., 2014).

    Each step of the query is compared with each key by the sum of the tanh of their sum, with a learned factor per feature; a
    softmax makes weights of that, by which the steps of the value are summed up. KNIME has no node for it.

    Example: the sequence of a decoder (10 x 64) as query and that of an encoder (20 x 64) as value, in a translator of short
    sentences.
    """

    id = "keras.additive_attention"
    title = "Keras Additive Attention Layer"
    icon = "mdi6.eye-plus-outline"
    keywords = ("AdditiveAttention", "Bahdanau", "query", "key", "value", "alignment")
    kind = "AdditiveAttention"

    use_scale: bool = setting(True, "Use scale", "Learns a factor for each feature.")

    def scales(self, features: int) -> tuple[WeightSpec, ...]:
        """Return scale (features,), if it is used."""
        return (WeightSpec("scale", (features,)),) if self.use_scale else ()


# ------------------------------------------------------------------------------------------------------------ many heads


class HeadsLayer(AttentionLayer):
    """An attention layer that projects query, key and value by learned kernels, and its result back."""

    input_ports = (
        QUERY,
        VALUE,
        KEY,
        _mask_port(
            "attention_mask",
            "Attention mask",
            "Which step of the query may look at which of the value (bool); padding that layers before marked is left out too.",
        ),
    )
    call_arguments = {
        "query": ("query",), "value": ("value",), "key": ("key",), "query_mask": (), "value_mask": (), "key_mask": (),
        "attention_mask": ("attention_mask",),
    }  # fmt: skip
    ignored = frozenset({"query_shape", "value_shape", "key_shape"})
    """The shapes that the layer was built for, in Keras 2."""
    folders: ClassVar[Mapping[str, str]]
    """Kernel -> the part of a `.keras` file that it is in."""

    attention_mask_tensor: str | None = _tensor("attention_mask", "Attention mask tensor")
    use_bias: bool = setting(True, "Use bias", "Adds learned numbers to all projections.", group="Advanced")
    use_gate: bool = setting(
        False, "Use gate", "Learns for each query how much of each head's result goes through.", group="Advanced", advanced=True
    )
    sliding_window: Size | None = setting(
        None,
        "Sliding window",
        "Each step looks only at steps less than so many away; empty: at all.",
        group="Advanced",
        advanced=True,
    )
    kernel_initializer: Initializer = initializer_setting("Kernels", GlorotUniform())
    bias_initializer: Initializer = initializer_setting("Bias", Zeros())
    kernel_regularizer: Regularizer | None = regularizer_setting("Kernels")
    bias_regularizer: Regularizer | None = regularizer_setting("Bias")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")
    kernel_constraint: Constraint | None = constraint_setting("Kernels")
    bias_constraint: Constraint | None = constraint_setting("Bias")

    def projection(self, name: str, kernel: tuple[int, ...], bias: tuple[int, ...]) -> tuple[WeightSpec, ...]:
        """Return the weights of one projection, named after it."""
        made = [self.weight(f"{name}/kernel", kernel, "kernel")]
        return (*made, self.weight(f"{name}/bias", bias, "bias")) if self.use_bias else tuple(made)

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return paths in which each projection is a layer of its own."""
        paths: list[str] = []
        for weight in weights:
            folder = cls.folders[weight.name.partition("/")[0]]
            paths.append(f"{folder}/vars/{sum(path.startswith(f'{folder}/') for path in paths)}")
        return paths


class MultiHeadAttention(HeadsLayer):
    """Let each step look at all others with several heads, each with an eye for something else (Vaswani et al., 2017).

    The heart of transformers. Query, key and value are projected by learned kernels for each head, the scalar products of
    queries and keys become weights, and what the heads take from the value is projected back to the query's features. Query and
    value may be the same network: self-attention. Padding that an Embedding or Masking Layer has marked is left out of the query;
    where all inputs have masks of their own, connect an attention mask. KNIME has no node for it.

    Example: 4 heads with the key dimension 16 on a sequence of 50 x 64, connected to both Query and Value, give 50 x 64; an Add
    Layer with the input and a Layer Normalization Layer make a transformer block of it.
    """

    id = "keras.multi_head_attention"
    title = "Keras Multi-Head Attention Layer"
    icon = "mdi6.eye-settings-outline"
    keywords = (
        "MultiHeadAttention",
        "MHA",
        "transformer",
        "self-attention",
        "vision transformer",
        "heads",
    )
    kind = "MultiHeadAttention"
    left_out = FLASH
    folders = {
        "query": "query_dense", "key": "key_dense", "gate": "_gate_dense", "value": "value_dense",
        "attention_output": "output_dense",
    }  # fmt: skip

    num_heads: Size = setting(8, "Heads", "How many things each step looks for at once.")
    key_dim: Size = setting(64, "Key dimension", "The size of queries and keys in each head.")
    value_dim: Size | None = setting(None, "Value dimension", "The size of what each head takes; empty: the key dimension.")
    output_shape: Annotated[tuple[Size, ...], ONE_OR_SEVERAL] | None = setting(
        None,
        "Output shape",
        "What the result is projected to; empty: as many features as the query has.",
        advanced=True,
        min_length=1,
    )
    attention_axes: tuple[Annotated[int, Field(ge=1)], ...] | None = setting(
        None,
        "Attention axes",
        "Along which axes steps look at each other, counted from 1; empty: all but the features.",
        advanced=True,
        min_length=1,
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read single numbers too, as Keras also writes them."""
        config = super().upgrade(config)
        single = {key: [config[key]] for key in ("output_shape", "attention_axes") if isinstance(config.get(key), int)}
        return config | single

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return the query's places with the output shape; scores are (heads, query's steps, value's steps)."""
        query, value = given["query"], given["value"]
        key = given.get("key", value)
        rank = len(query.shape)
        if rank < 2 or len(value.shape) != rank or len(key.shape) != rank:
            shapes = " and ".join(tensor.describe() for tensor in (query, value))
            raise NodeError(
                f"Query and value must be {SEQUENCE} of as many dimensions, but are {shapes}.",
                "Bring them into shape with Reshape Layers: an image's height and width become steps.",
            )
        self.check_inputs(given)
        axes = self.attention_axes or tuple(range(1, rank))
        if len(set(axes)) < len(axes) or max(axes) >= rank:
            raise NodeError(
                f"The attention axes {', '.join(map(str, axes))} are not all among those of the steps.",
                f"Choose from 1 to {rank - 1}, each once; the last is that of the features.",
                setting="attention_axes",
            )
        if rank > 2 and (self.use_causal_mask or self.sliding_window):
            raise NodeError(
                "Keras can compute the causal mask and the sliding window of sequences (steps, features) only.",
                "Do without, or bring the inputs into that shape with Reshape Layers.",
                setting="use_causal_mask" if self.use_causal_mask else "sliding_window",
            )
        others = [axis for axis in range(1, rank) if axis not in axes]
        if not _may_be_equal(tuple(query.shape[a - 1] for a in others), tuple(value.shape[a - 1] for a in others)):
            raise NodeError(
                "Query and value differ along axes that they do not look along.", "Add these axes.", setting="attention_axes"
            )
        steps = tuple(query.shape[a - 1] for a in axes), tuple(value.shape[a - 1] for a in axes)
        if len(axes) == 1 and not others:
            _check_mask(given, "attention_mask", (*steps[0], *steps[1]))
        elif "attention_mask" in given:
            _check_mask(given, "attention_mask", (*(query.shape[a - 1] for a in others), *steps[0], *steps[1]))
        features = [require_known(tensor.shape[-1], "number of features") for tensor in (query, value, key)]
        out = self.output_shape or (features[0],)
        heads, size = self.num_heads, self.value_dim or self.key_dim
        weights = [
            *self.projection("query", (features[0], heads, self.key_dim), (heads, self.key_dim)),
            *self.projection("key", (features[2], heads, self.key_dim), (heads, self.key_dim)),
            *(self.projection("gate", (features[0], heads, size), (heads, size)) if self.use_gate else ()),
            *self.projection("value", (features[1], heads, size), (heads, size)),
            *self.projection("attention_output", (heads, size, *out), out),
        ]
        made = [TensorSpec((*query.shape[:-1], *out), self.compute_dtype, query.batch)]
        if self.return_attention_scores:
            scores = (*(query.shape[a - 1] for a in others), heads, *steps[0], *steps[1])
            made.append(TensorSpec(scores, self.compute_dtype, query.batch))
        for tensor in made:
            self.check_activity(tensor)
        return Inference(tuple(made), tuple(weights))


class GroupQueryAttention(HeadsLayer):
    """Let each step look at all others with several heads, of which groups share keys and values (Ainslie et al., 2023).

    As multi-head attention, with fewer weights: the query heads are divided among the key and value heads. One of these is
    multi-query attention; as many as query heads is multi-head attention. KNIME has no node for it.

    Example: on a sequence of 50 x 64, 8 query heads and 2 key and value heads with the head dimension 8 give 50 x 64, with a
    quarter of the weights for keys and values.
    """

    id = "keras.group_query_attention"
    title = "Keras Group Query Attention Layer"
    icon = "mdi6.account-group-outline"
    keywords = (
        "GroupQueryAttention",
        "GroupedQueryAttention",
        "GQA",
        "multi-query",
        "transformer",
        "heads",
    )
    kind = "GroupQueryAttention"
    left_out = FLASH
    python_class = "GroupedQueryAttention"
    folders = {
        "query": "_query_dense", "key": "_key_dense", "gate": "_gate_dense", "value": "_value_dense",
        "attention_output": "_output_dense",
    }  # fmt: skip

    head_dim: Size = setting(64, "Head dimension", "The size of queries, keys and values in each head.")
    num_query_heads: Size = setting(8, "Query heads", "How many things each step looks for at once.")
    num_key_value_heads: Size = setting(
        2, "Key and value heads", "How many heads keys and values have; must divide the query heads."
    )

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return the query's shape; scores are (query heads, query's steps, value's steps)."""
        query, value = given["query"], given["value"]
        key = given.get("key", value)
        for tensor in (query, value, key):
            require_rank(tensor.shape, 2, SEQUENCE)
        self.check_inputs(given)
        if self.num_query_heads % self.num_key_value_heads:
            raise NodeError(
                f"{self.num_query_heads} query heads cannot be divided among {self.num_key_value_heads} key and value heads.",
                "Choose a divisor of the query heads.",
                setting="num_key_value_heads",
            )
        _check_mask(given, "attention_mask", (query.shape[0], value.shape[0]))
        features = [require_known(t.shape[-1], "number of features") for t in (query, value, key)]
        if features[0] != features[1]:
            raise NodeError(
                f"Queries have {features[0]} features, but values {features[1]}.", "Bring both to one size with a Dense Layer."
            )
        asking, asked, size = self.num_query_heads, self.num_key_value_heads, self.head_dim
        weights = [
            *self.projection("query", (features[0], asking, size), (asking, size)),
            *self.projection("key", (features[2], asked, size), (asked, size)),
            *(self.projection("gate", (features[0], asking, size), (asking, size)) if self.use_gate else ()),
            *self.projection("value", (features[1], asked, size), (asked, size)),
            *self.projection("attention_output", (asking, size, features[0]), (features[0],)),
        ]
        made = [TensorSpec(query.shape, self.compute_dtype, query.batch)]
        if self.return_attention_scores:
            made.append(TensorSpec((asking, query.shape[0], value.shape[0]), self.compute_dtype, query.batch))
        for tensor in made:
            self.check_activity(tensor)
        return Inference(tuple(made), tuple(weights))
