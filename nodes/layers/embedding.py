"""Layers that turn whole numbers, such as the numbers of words, into learned vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import PrivateAttr

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.layers.base import NETWORK_OUT, Inference, UnaryLayer
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import Initializer, RandomUniform
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.shape_checks import FLOAT_TYPES, NUMBER_TYPES, require_dtype
from nodes.kit.layers.tensor_choice import find_tensor
from nodes.kit.layers.weighted import LORA, constraint_setting, initializer_setting, regularizer_setting
from nodes.kit.layers.windows import Size
from nodes.values.network import LayerSpec, Network, NetworkSpec, Shape, TensorSpec, WeightSpec

INPUT_DIM = "How many different numbers come in: the largest one plus 1."
OUTPUT_DIM = "How many numbers each of them becomes."
MASK_ZERO = "Marks zeros as padding, which recurrent and attention layers that follow skip; counting then begins with 1."


class Embedding(UnaryLayer):
    """Turn whole numbers into vectors that are learned: the number of a word, or of any category, becomes a row of numbers.

    The numbers that come in must be from 0 to below the input dimension; they should be of the type int32 (KNIME takes no
    other), others are cast. Their shape stays, and gets the output dimension at its end. Numbers beyond the input dimension are
    an error while computing, or zeros on a graphics card.

    Example: texts as 50 word numbers below 10 000 (an Input Layer of shape 50 and type int32), with the input dimension 10 000
    and the output dimension 64, become 50 x 64 for an LSTM Layer.
    """

    id = "keras.embedding"
    title = "Keras Embedding Layer"
    shelf = "Network / Layers / Embedding"
    icon = "mdi6.book-alphabet"
    keywords = ("Embedding", "word vector", "lookup", "category", "token", "text")
    kind = "Embedding"
    left_out = {
        **LORA,
        "weights": "The weights of a network that is read from a file come with it.",
    }
    accepts = (*NUMBER_TYPES, "bool")
    ignored = frozenset({"input_length"})

    input_dim: Size = setting(1, "Input dimension", INPUT_DIM, start=10000)
    output_dim: Size = setting(1, "Output dimension", OUTPUT_DIM, start=64)
    embeddings_initializer: Initializer = initializer_setting("Embeddings", RandomUniform())
    embeddings_regularizer: Regularizer | None = regularizer_setting("Embeddings")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")
    embeddings_constraint: Constraint | None = constraint_setting("Embeddings")
    mask_zero: bool = setting(False, "Mask zero", MASK_ZERO)

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (..., output dimension)."""
        return (*shape, self.output_dim)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return embeddings (input dimension, output dimension)."""
        return (self.weight("embeddings", (self.input_dim, self.output_dim)),)


class ReversibleEmbedding(PortedLayer):
    """Turn whole numbers into vectors that are learned, by a layer that can also go the way back.

    As the Embedding Layer; after a Keras Reverse Embedding further on in the network, the same weights say for each number how
    well a vector fits it, as language models do. With weights of its own for the way back, both are learned apart. KNIME has
    no node for it.

    Example: with the input dimension 10 000 and the output dimension 64 for word numbers; after the attention layers that
    follow, a Keras Reverse Embedding and a Softmax Layer give the probability of each word to come next.
    """

    id = "keras.reversible_embedding"
    title = "Keras Reversible Embedding Layer"
    shelf = "Network / Layers / Embedding"
    icon = "mdi6.book-refresh-outline"
    keywords = ("ReversibleEmbedding", "tied weights", "language model", "word vector", "token")
    kind = "ReversibleEmbedding"
    input_ports = (Port("network", "network", "Network", "The network that the layer is added to."),)
    call_arguments = {"inputs": ("network",)}
    call_options = ("reverse",)

    input_tensor: str | None = UnaryLayer.model_fields["input_tensor"]  # type: ignore[assignment]
    input_dim: Size = setting(1, "Input dimension", INPUT_DIM, start=10000)
    output_dim: Size = setting(1, "Output dimension", OUTPUT_DIM, start=64)
    tie_weights: bool = setting(True, "Tie weights", "The way back uses the same weights, rather than learning its own.")
    embeddings_initializer: Initializer = initializer_setting("Embeddings", RandomUniform())
    embeddings_regularizer: Regularizer | None = regularizer_setting("Embeddings")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")
    embeddings_constraint: Constraint | None = constraint_setting("Embeddings")
    mask_zero: bool = setting(False, "Mask zero", MASK_ZERO)
    reverse_dtype: Literal["float32", "float64", "float16", "bfloat16"] | None = setting(
        None,
        "Number type of the way back",
        "What the way back is computed in; empty: as its input.",
        group="Advanced",
        advanced=True,
    )
    logit_soft_cap: float | None = setting(
        None,
        "Soft cap",
        "What comes back stays between minus and plus this number, by a tanh; empty: as it is.",
        gt=0,
        group="Advanced",
        advanced=True,
    )

    _reverse: bool = PrivateAttr(default=False)

    def with_options(self, options: Mapping[str, Any]) -> Self:
        """Return the layer as it is in a call that goes the way back."""
        node = self.model_copy()
        node._reverse = bool(options.get("reverse"))
        return node

    def _call_of(self, ports: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        return (), {}

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return (..., output dimension); or on the way back, from vectors, (..., input dimension)."""
        tensor = given["network"]
        weights = [self.weight("embeddings", (self.input_dim, self.output_dim))]
        if not self.tie_weights:
            weights.append(WeightSpec("reverse_embeddings", (self.output_dim, self.input_dim)))
        if not self._reverse:
            require_dtype(tensor, (*NUMBER_TYPES, "bool"))
            out = TensorSpec((*tensor.shape, self.output_dim), self.compute_dtype, tensor.batch)
            self.check_activity(out)
            return Inference((out,), tuple(weights))
        require_dtype(tensor, FLOAT_TYPES)
        if not tensor.shape or tensor.shape[-1] != self.output_dim:
            raise NodeError(
                f"The embedding has vectors of {self.output_dim} numbers, but gets {tensor.describe()}.",
                "Bring its input to that size with a Dense Layer.",
            )
        out = TensorSpec((*tensor.shape[:-1], self.input_dim), self.reverse_dtype or self.compute_dtype, tensor.batch)
        return Inference((out,), tuple(weights))


class ReverseEmbedding(Node):
    """Go the way back through a Reversible Embedding Layer: from vectors to a number for each of its entries.

    It adds no layer, but uses the one that is there once more, with the weights that it has. The numbers say how well a vector
    fits each entry; a Softmax Layer makes probabilities of them. KNIME has no node for it.

    Example: at the end of a language model whose first layer is a Reversible Embedding Layer of 10 000 words and 64 numbers,
    vectors of 64 numbers become 10 000 numbers, one for each word.
    """

    id = "keras.reverse_embedding"
    title = "Keras Reverse Embedding"
    shelf = "Network / Layers / Embedding"
    icon = "mdi6.book-arrow-left-outline"
    keywords = ("ReversibleEmbedding", "reverse", "logits", "tied weights", "language model")
    input_ports = (Port("network", "network", "Network", "The network with the embedding in it."),)
    output_ports = (NETWORK_OUT,)

    layer: str | None = setting(
        None,
        "Embedding",
        "The Reversible Embedding Layer; empty: the only one in the network.",
        layers=Layers("network", "weighted layers"),
    )
    input_tensor: str | None = setting(
        None,
        "Input tensor",
        "Which tensor of the network goes back, as `layer_0:0`; empty: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensors"),
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with the embedding used once more."""
        return {"network": self._added(specs.network())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the same, with the weights that were there."""
        network = values.network()
        return {"network": Network(self._added(network.spec), network.weights)}

    def _added(self, network: NetworkSpec) -> NetworkSpec:
        layer = self._embedding(network)
        tensor = find_tensor(network, self.input_tensor, "input_tensor")
        node = ReversibleEmbedding.from_config(layer.config, layer.name).with_options({"reverse": True})
        outputs, _ = node.infer([network.tensor(tensor)], network.channels_first)
        return network.append_call(layer.name, [tensor], outputs, {"reverse": True})

    def _embedding(self, network: NetworkSpec) -> LayerSpec:
        """The layer that is meant. NodeError if there is none, or several and none is chosen."""
        there = [layer for layer in network.layers if layer.kind == ReversibleEmbedding.kind]
        chosen = [layer for layer in there if layer.name == self.layer] if self.layer else there
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"'{layer.name}'" for layer in there)
        if not there:
            raise NodeError(
                "The network has no Reversible Embedding Layer.", "Use one in place of its Embedding Layer.", setting="layer"
            )
        what = f"The network has no Reversible Embedding Layer '{self.layer}'" if self.layer else f"The network has {len(there)}"
        raise NodeError(f"{what}.", f"Choose one of: {names}.", setting="layer")
