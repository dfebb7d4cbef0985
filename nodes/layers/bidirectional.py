"""Bidirectional: a recurrent layer in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, Union

from pydantic import Field, model_validator

from nodes.base import NodeError, Port, Settings, setting
from nodes.kit.layers.base import Inference, is_channels_first
from nodes.kit.layers.inner import as_entry, as_group, check_node, node_of, read_inner, settings_of
from nodes.layers.conv_recurrent import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from nodes.layers.recurrent import GRU, LSTM, MASK, SEQUENCE, STATE_HELP, SimpleRNN, StatefulLayer, SteppingLayer, tensor_setting
from nodes.values.network import Tensor, TensorSpec, WeightSpec

T = TypeVar("T")

RECURRENT: Mapping[str, type[SteppingLayer]] = {
    cls.kind: cls for cls in (LSTM, GRU, SimpleRNN, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D)
}
SHARED = ("return_sequences", "return_state", "stateful")
"""What both directions must have alike: settings of the wrapper."""
RECURRENT_GROUPS = {
    kind: settings_of(cls, "Bidirectional", (*SHARED, "go_backwards", "zero_output_for_mask")) for kind, cls in RECURRENT.items()
}

if TYPE_CHECKING:
    RecurrentGroup = Settings
else:
    RecurrentGroup = Annotated[Union[tuple(RECURRENT_GROUPS.values())], Field(discriminator="kind")]  # noqa: UP007


def _state_port(name: str, title: str) -> Port:
    help = "What this direction begins with; connect all states that the layer has, or none."
    return Port(name, "network", title, help, optional=True)


class Bidirectional(StatefulLayer):
    """Go through a sequence in both directions with two recurrent layers, and put their results together.

    So what comes later in a sequence counts for each step as well. The recurrent layer is chosen here, with all its options; the
    backward one is as the forward one unless it is given options of its own. Both have weights of their own, and compute in the
    number type chosen here. States are those of the forward layer, then those of the backward one; LSTM layers have two each.
    Keras does not hand on the mask of an Embedding or Masking Layer where states are connected: connect the mask, too. KNIME
    has no node for it.

    Example: after an Embedding Layer, an LSTM of 32 units in both directions with "Return sequences" gives 64 numbers for each
    word, from which a Dense Layer tells what kind of word it is.
    """

    id = "keras.bidirectional"
    title = "Keras Bidirectional Layer"
    icon = "mdi6.arrow-left-right-bold-outline"
    keywords = ("Bidirectional", "BiLSTM", "BiGRU", "both directions", "wrapper", "recurrent")
    kind = "Bidirectional"
    left_out = {"weights": "The weights of a network that is read from a file come with it."}
    input_ports = (
        SEQUENCE,
        _state_port("forward_hidden", "Forward hidden state"),
        _state_port("forward_cell", "Forward cell state"),
        _state_port("backward_hidden", "Backward hidden state"),
        _state_port("backward_cell", "Backward cell state"),
        MASK,
    )
    call_arguments = {
        "sequences": ("network",),
        "initial_state": ("forward_hidden", "forward_cell", "backward_hidden", "backward_cell"),
        "mask": ("mask",),
    }
    ignored = frozenset({"activity_regularizer"})

    forward_hidden_tensor: str | None = tensor_setting("forward_hidden", "Forward hidden state tensor", STATE_HELP)
    forward_cell_tensor: str | None = tensor_setting("forward_cell", "Forward cell state tensor", STATE_HELP)
    backward_hidden_tensor: str | None = tensor_setting("backward_hidden", "Backward hidden state tensor", STATE_HELP)
    backward_cell_tensor: str | None = tensor_setting("backward_cell", "Backward cell state tensor", STATE_HELP)
    layer: RecurrentGroup = setting(RECURRENT_GROUPS["LSTM"](), "Layer", "The recurrent layer.")
    backward_layer: RecurrentGroup | None = setting(
        None,
        "Backward layer",
        "The layer for the other direction; empty: as the first one, with weights of its own.",
        advanced=True,
    )
    merge_mode: Literal["concat", "sum", "mul", "ave", "none"] = setting(
        "concat",
        "Merge mode",
        "How the results of both directions become one.",
        choices={
            "concat": "End to end: twice as many numbers.",
            "sum": "Their sum.",
            "mul": "Their product.",
            "ave": "Their mean.",
            "none": "Not at all: the network gets two outputs.",
        },
    )

    @model_validator(mode="after")
    def _has_layers(self) -> Self:
        check_node(self.layer, RECURRENT, "layer")
        check_node(self.backward_layer, RECURRENT, "backward_layer")
        return self

    def directions(self) -> tuple[SteppingLayer, SteppingLayer]:
        """Return the nodes of the forward and the backward layer."""
        shared = {name: getattr(self, name) for name in (*SHARED, "dtype")}
        shared["zero_output_for_mask"] = self.return_sequences  # as Keras has it in both directions
        forward = node_of(self.layer, RECURRENT, shared)
        backward = node_of(self.backward_layer or self.layer, RECURRENT, {**shared, "go_backwards": True})
        return forward, backward

    # -- Keras's config

    @classmethod
    def arguments(cls) -> list[str]:
        """Do as any layer, without what belongs to the layers inside."""
        return [name for name in super().arguments() if name not in SHARED]

    @classmethod
    def settings_inside(cls) -> list[str]:
        """Do as any layer: what belongs to the layers inside is set here."""
        return super().arguments()

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments, with the inner layers as Keras serializes them."""
        forward, backward = self.directions()
        return {
            "layer": as_entry(forward, channels_first, name=forward.kind.lower()),
            "backward_layer": as_entry(backward, channels_first, name=f"backward_{backward.kind.lower()}"),
            "merge_mode": None if self.merge_mode == "none" else self.merge_mode,
            "dtype": self.dtype,
        }

    @classmethod
    def normalize(cls, config: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Do as `Layer.normalize`; it is the inner layer that has a data format."""
        inner = config.get("layer")
        first = isinstance(inner, Mapping) and is_channels_first(inner.get("config") or {})
        return cls.from_config(config, name).to_config(first)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], name: str) -> Self:
        """Do as `Layer.from_config`; what both inner layers must have alike becomes settings of the wrapper."""
        forward = read_inner(config.get("layer"), RECURRENT, f"'{name}' (Bidirectional)")
        given = config.get("backward_layer")
        backward = read_inner(given, RECURRENT, f"'{name}' (Bidirectional)") if given is not None else None
        if forward.go_backwards or (backward is not None and not backward.go_backwards):
            raise NodeError(f"Layer '{name}' (Bidirectional) has its directions exchanged.", "Exchange the layers in Keras.")
        if backward is not None and any(getattr(forward, n) != getattr(backward, n) for n in SHARED):
            raise NodeError(
                f"The two layers inside '{name}' (Bidirectional) do not return the same.", "Save it again from Keras."
            )
        groups = RECURRENT_GROUPS
        there, back = as_group(forward, groups), as_group(backward, groups) if backward is not None else None
        rest = {key: value for key, value in config.items() if key not in ("layer", "backward_layer")}
        if "merge_mode" in rest and rest["merge_mode"] is None:
            rest["merge_mode"] = "none"
        node = super().from_config(rest, name)
        inner = {"layer": there, "backward_layer": None if back == there else back}
        return cls.model_validate({**dict(node), **inner, **{n: getattr(forward, n) for n in SHARED}})

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return paths in the parts of the cells of the two layers."""
        places = []
        for direction in ("forward", "backward"):
            count = sum(weight.name.startswith(f"{direction}/") for weight in weights)
            places += [f"{direction}_layer/cell/vars/{n}" for n in range(count)]
        return places

    # -- the layer

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Do as any layer; layers without cell states get a list without them."""
        positional, named = super().keras_call(roles, tensors)
        if "initial_state" in named:
            named["initial_state"] = [state for state in named["initial_state"] if state is not None]
        return positional, named

    @classmethod
    def read_call(cls, arguments: Mapping[str, Any]) -> tuple[tuple[Tensor, ...], tuple[str, ...], dict[str, Any]]:
        """Do as any layer; two states are the hidden ones."""
        states = arguments.get("initial_state")
        if isinstance(states, list) and len(states) == 2:
            arguments = {**arguments, "initial_state": [states[0], None, states[1], None]}
        return super().read_call(arguments)

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return the results of both directions put together; then the forward and the backward states."""
        if self.stateful and self.return_state:
            raise NodeError(
                "Keras cannot return the states of a stateful layer in both directions.", "Do without one.", setting="stateful"
            )
        forward, backward = self.directions()
        there = _direction(forward, "forward", given, channels_first)
        back = _direction(backward, "backward", given, channels_first)
        one, other = there.outputs[0], back.outputs[0]
        if self.merge_mode == "none":
            merged: tuple[TensorSpec, ...] = (one, other)
        else:
            if self.merge_mode == "concat" and channels_first and "Conv" in forward.kind:
                raise NodeError(
                    "Both directions are joined along the last axis, which is not the channels' where channels come first.",
                    "Choose another merge mode, or channels last in the input layer.",
                    setting="merge_mode",
                )
            joined = (
                (*one.shape[:-1], (one.shape[-1] or 0) + (other.shape[-1] or 0)) if self.merge_mode == "concat" else one.shape
            )
            alike = one.shape == other.shape
            if not alike or len(there.outputs) != len(back.outputs):
                raise NodeError(
                    "The results of the two directions are of different sizes.",
                    "Give both layers the same class and size, or choose the merge mode 'none'.",
                    setting="backward_layer",
                )
            merged = (TensorSpec(joined, one.dtype, one.batch),)
        return Inference((*merged, *there.outputs[1:], *back.outputs[1:]), (*there.weights, *back.weights))


def _direction(layer: SteppingLayer, name: str, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
    """What the layer of one direction makes of the inputs that are meant for it; its weights are named after it."""
    ports = {f"{name}_hidden": "hidden_state", f"{name}_cell": "cell_state"}
    for port, inner in ports.items():
        if port in given and inner not in layer.states:
            raise NodeError(f"{layer.kind} has no cell state to begin with.", "Disconnect the cell states.")
    states = [port for port in given if port not in ("network", "mask")]
    if states and not any(port in given for port in ports):
        raise NodeError(f"The {name} states are missing.", "Connect the states of both directions, or none.")
    inner_given = {ports.get(port, port): tensor for port, tensor in given.items() if port in (*ports, "network", "mask")}
    outputs, weights = layer.infer_ports(inner_given, channels_first)
    return Inference(outputs, tuple(WeightSpec(f"{name}/{w.name}", w.shape, w.trainable) for w in weights))
