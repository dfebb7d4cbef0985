"""Layers that go through a sequence step by step and remember what they have seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from nodes.base import Layers, NodeError, Port, Settings, setting
from nodes.kit.layers.activations import ACTIVATION_CHOICES, Activation
from nodes.kit.layers.base import Inference
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import GlorotUniform, Initializer, Orthogonal, Zeros
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.settings import layer_seed_setting
from nodes.kit.layers.shape_checks import FLOAT_TYPES, require_dtype, require_known, require_rank
from nodes.kit.layers.weighted import constraint_setting, initializer_setting, regularizer_setting
from nodes.kit.layers.windows import Size
from nodes.values.network import NetworkSpec, Shape, Tensor, TensorSpec, WeightSpec

SEQUENCE = Port("network", "network", "Network", "The network whose sequence the layer goes through.")
HIDDEN_STATE = Port(
    "hidden_state",
    "network",
    "Hidden state",
    "What the layer begins with, such as the last state of an encoder; without it, zeros.",
    optional=True,
)
CELL_STATE = Port(
    "cell_state", "network", "Cell state", "The second state to begin with; connected together with the first.", optional=True
)
MASK = Port(
    "mask",
    "network",
    "Mask",
    "Which steps count (true) and which are padding (false), as an input of type bool; without it, what an Embedding or Masking "
    "Layer before has marked.",
    optional=True,
)


def tensor_setting(port: str, title: str, help: str) -> Any:
    """Declare that chooses the tensor of the network at a port."""
    return setting(None, title, help, group="Naming", advanced=True, layers=Layers(port, "tensors"))


STATE_HELP = (
    "Which tensor of the network at this port is the state, as `layer_0:2`; empty: the state of the recurrent layer at its end, "
    "if that returns its states, else its first output."
)
MASK_HELP = "Which tensor of the network at this port is the mask, as `layer_0:0`; empty: its first output."


def is_recurrent_with_states(network: NetworkSpec, layer: str) -> bool:
    """Return whether a layer of a network puts out its last states after its result."""
    config = network.layer(layer).config
    inner = config.get("layer")
    return bool((inner.get("config") or {} if isinstance(inner, Mapping) else config).get("return_state"))


class Sized(Settings):
    """The first setting of a recurrent layer; named as its last base, so that the dialog has it before all others."""

    units: Size = setting(100, "Units", "The size of the state, and of the output.", start=64)


USE_CUDNN: Mapping[str, str] = {
    "use_cudnn": "Keras uses cuDNN wherever it can; forced to, the network would fail on machines without it.",
    "implementation": "KNIME's choice of the order of computing: Keras 3 takes it and makes nothing of it.",
}


class StatefulLayer(PortedLayer):
    """A layer that carries states from step to step, and may be given them to begin with."""

    shelf = "Network / Layers / Recurrent"
    states: ClassVar[tuple[str, ...]] = ("hidden_state",)
    """The input ports of its states, in Keras's order."""
    ignored = frozenset({"implementation"})
    """In which order the sums are computed, in Keras 2; the results are the same."""
    listed_arguments = frozenset({"initial_state"})

    input_tensor: str | None = setting(
        None,
        "Input tensor",
        "Which tensor of the network the layer is applied to, as `layer_0:0`; empty: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensors"),
    )
    mask_tensor: str | None = tensor_setting("mask", "Mask tensor", MASK_HELP)
    return_sequences: bool = setting(
        False,
        "Return sequences",
        "Puts out the result of every step, as a further recurrent layer needs it, not of the last only.",
    )
    return_state: bool = setting(
        False, "Return state", "Puts out the last states too, as further outputs of the network, for a decoder to begin with."
    )
    stateful: bool = setting(
        False,
        "Stateful",
        "Each batch goes on from the states that the batch before left, row by row. The input layer must fix the batch size.",
        advanced=True,
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Drop Keras 2's switch that takes the steps before the batch; off, it changes nothing."""
        return {key: value for key, value in super().upgrade(config).items() if key != "time_major" or value}

    def default_tensor(self, network: NetworkSpec, port: str) -> Tensor:
        """Return, for a state, that of the recurrent layer at the network's end, if it returns its states."""
        first = network.outputs[0]
        if port in self.states and is_recurrent_with_states(network, first.layer):
            state = first._replace(output=1 + self.states.index(port))
            if state in network.outputs:
                return state
        return first

    def check_states(self, given: Mapping[str, TensorSpec], shape: Shape) -> None:
        """Raise NodeError if some states are missing, or are not of `shape`; or if the mask or the batch size does not fit."""
        connected = [port for port in self.states if port in given]
        titles = {port.name: port.title for port in self.input_ports}
        if connected and len(connected) < len(self.states):
            missing = next(titles[port] for port in self.states if port not in given)
            raise NodeError(f"There is nothing at '{missing}'.", "Connect all states, or none.")
        for port in connected:
            if given[port].shape != shape:
                raise NodeError(
                    f"'{titles[port]}' is {given[port].describe()}, but the layer's state is {TensorSpec(shape).describe()}.",
                    "Give both layers the same number of units, and choose the tensor that is the state.",
                    setting=self.tensor_setting_of(port),
                )
            require_dtype(given[port], FLOAT_TYPES)
        sequence = given["network"]
        if "mask" in given:
            mask, steps = given["mask"], sequence.shape[0]
            fits = len(mask.shape) == 1 and (None in (steps, mask.shape[0]) or mask.shape[0] == steps)
            if mask.dtype != "bool" or not fits:
                raise NodeError(
                    f"The mask is {mask.describe()} of type {mask.dtype}, not one bool per step.",
                    f"Connect an input layer of shape {steps or 'steps'} and type bool.",
                    setting="mask_tensor",
                )
        batches = {tensor.batch for tensor in given.values()} - {None}
        if len(batches) > 1:
            raise NodeError("The inputs have different batch sizes.", "Set the same batch size in all input layers.")
        if self.stateful and sequence.batch is None:
            raise NodeError(
                "A stateful layer needs to know how many rows a batch has.",
                "Set the batch size in the input layer (advanced), or do without states that last.",
                setting="stateful",
            )

    def results(self, sequence: TensorSpec, out: Shape, states: int, state: Shape | None = None) -> tuple[TensorSpec, ...]:
        """Return the outputs: for each step, or the last one only; then the states, if they are returned."""
        shape = (sequence.shape[0], *out) if self.return_sequences else out
        returned = [state or out] * states if self.return_state else []
        made = tuple(TensorSpec(s, self.compute_dtype, sequence.batch) for s in (shape, *returned))
        for tensor in made:
            self.check_activity(tensor)
        return made


class RecurrentLayer(StatefulLayer):
    """A recurrent layer with a kernel for what comes in, and one for its state."""

    kernel_initializer: Initializer = initializer_setting("Kernel", GlorotUniform())
    recurrent_initializer: Initializer = initializer_setting("Recurrent kernel", Orthogonal())
    bias_initializer: Initializer = initializer_setting("Bias", Zeros())
    kernel_regularizer: Regularizer | None = regularizer_setting("Kernel")
    recurrent_regularizer: Regularizer | None = regularizer_setting("Recurrent kernel")
    bias_regularizer: Regularizer | None = regularizer_setting("Bias")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")
    kernel_constraint: Constraint | None = constraint_setting("Kernel")
    recurrent_constraint: Constraint | None = constraint_setting("Recurrent kernel")
    bias_constraint: Constraint | None = constraint_setting("Bias")

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return paths in the part of the cell inside the layer."""
        return [f"cell/vars/{n}" for n in range(len(weights))]


class SteppingLayer(RecurrentLayer):
    """A recurrent layer with all options."""

    activation: Activation = setting(
        "tanh", "Activation function", "What the new state goes through.", choices=ACTIVATION_CHOICES
    )
    use_bias: bool = setting(True, "Use bias", "Adds a learned number to every sum.", group="Advanced")
    go_backwards: bool = setting(False, "Go backwards", "Begins with the last step; results come in that order, too.")
    dropout: float = setting(
        0.0, "Dropout", "The part of the inputs that is dropped while training; the same at all steps of a sequence.", ge=0, le=1
    )
    recurrent_dropout: float = setting(
        0.0,
        "Recurrent dropout",
        "The part of the state that is dropped while training; more than 0 keeps it from cuDNN.",
        ge=0,
        le=1,
    )
    seed: int | None = layer_seed_setting("the same numbers drop")
    unroll: bool = setting(
        False,
        "Unroll",
        "Lays out all steps one after the other instead of a loop: faster for short sequences, but takes more memory.",
        group="Advanced",
        advanced=True,
    )
    zero_output_for_mask: bool = setting(
        False,
        "Zeros for masked steps",
        "Where sequences are returned, masked steps are zeros rather than the result of the step before.",
        group="Advanced",
        advanced=True,
    )


class UnitsLayer(SteppingLayer, Sized):
    """A recurrent layer whose state is a row of numbers."""

    gates: ClassVar[int] = 1
    """How many sums of the state's size the kernels give."""

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return (units,), or (steps, units) for sequences; then the states, each (units,)."""
        sequence = given["network"]
        require_dtype(sequence, FLOAT_TYPES)
        require_rank(sequence.shape, 2, "sequences (steps, features)")
        if self.unroll and sequence.shape[0] is None:
            raise NodeError(
                "Unrolled layers must know how many steps there are.", "Fix them in the input layer's shape.", setting="unroll"
            )
        features = require_known(sequence.shape[1], "number of features")
        self.check_states(given, (self.units,))
        width = self.units * self.gates
        weights = [
            self.weight("kernel", (features, width)),
            self.weight("recurrent_kernel", (self.units, width), "recurrent"),
            *([self.weight("bias", self.bias_shape(width))] if self.use_bias else []),
        ]
        return Inference(self.results(sequence, (self.units,), len(self.states)), tuple(weights))

    def bias_shape(self, width: int) -> tuple[int, ...]:
        """Return the bias's shape for kernels of a width."""
        return (width,)


class SimpleRNN(UnitsLayer):
    """Go through a sequence and keep a state: activation(step x kernel + state x recurrent kernel + bias).

    The plainest recurrent layer. It forgets within some ten steps; LSTM and GRU remember longer. With "Return sequences" its
    output is a sequence again, so that recurrent layers can be stacked; with "Return state" the network gets the last state as
    a second output. A state can be given to begin with, which must have as many numbers as there are units. Keras does not
    hand on the mask of an Embedding or Masking Layer where a state is connected: connect the mask, too. KNIME's nodes have no
    stateful, seed, mask and zeros for masked steps.

    Example: windows of 24 hourly measurements with 3 features (shape 24, 3), 32 units, then a Dense Layer of one unit that
    forecasts the next hour.
    """

    id = "keras.simple_rnn"
    title = "Keras Simple RNN Layer"
    icon = "mdi6.refresh"
    keywords = ("SimpleRNN", "recurrent", "Elman", "sequence", "time series", "SimpleRNNCell")
    kind = "SimpleRNN"
    input_ports = (SEQUENCE, HIDDEN_STATE, MASK)
    call_arguments = {
        "sequences": ("network",), "initial_state": ("hidden_state",), "mask": ("mask",),
    }  # fmt: skip

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)


class GatedLayer(UnitsLayer):
    """A recurrent layer with gates that decide what is kept."""

    recurrent_activation: Activation = setting(
        "sigmoid",
        "Recurrent activation",
        "What the gates go through; KNIME's default is the hard sigmoid.",
        choices=ACTIVATION_CHOICES,
    )


class GRU(GatedLayer):
    """Go through a sequence with gated recurrent units, which learn what to keep and what to forget (Cho et al., 2014).

    As good as LSTM for most tasks, with three quarters of its weights. On NVIDIA cards cuDNN computes it, several times faster,
    as long as activation and recurrent activation are tanh and sigmoid, bias and reset after are on, and recurrent dropout and
    unroll are off. KNIME's defaults are others (hard sigmoid, reset after off), and its option Implementation, which changed
    only the order of computing, is gone. Keras does not hand on the mask of an Embedding or Masking Layer where a state is
    connected: connect the mask, too.

    Example: an Embedding Layer of 64 numbers per word, a GRU Layer of 64 units, then a Dense Layer with softmax that tells
    the topic of a text.
    """

    id = "keras.gru"
    title = "Keras GRU Layer"
    icon = "mdi6.gate"
    keywords = ("GRU", "gated recurrent unit", "recurrent", "sequence", "time series", "GRUCell")
    kind = "GRU"
    left_out = USE_CUDNN
    input_ports = (SEQUENCE, HIDDEN_STATE, MASK)
    gates = 3
    call_arguments = {
        "sequences": ("network",), "initial_state": ("hidden_state",), "mask": ("mask",),
    }  # fmt: skip

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)
    reset_after: bool = setting(
        True,
        "Reset after",
        "The reset gate comes after the recurrent kernel, as in cuDNN, rather than before (as in KNIME); takes a second bias.",
        group="Advanced",
    )

    def bias_shape(self, width: int) -> tuple[int, ...]:
        """Return two rows, one for each kernel, if the reset comes after."""
        return (2, width) if self.reset_after else (width,)


UNIT_FORGET_BIAS: Any = setting(
    True,
    "Unit forget bias",
    "The bias of the forget gate begins with 1, so that nothing is forgotten at first.",
    group="Advanced",
)


class LSTM(GatedLayer):
    """Go through a sequence with long short-term memory: a state and a cell, whose content gates guard (Hochreiter, 1997).

    It learns to remember over hundreds of steps. On NVIDIA cards cuDNN computes it, several times faster, as long as activation
    and recurrent activation are tanh and sigmoid, the bias is on, and recurrent dropout and unroll are off. KNIME's recurrent
    activation is the hard sigmoid by default, and its option Implementation, which changed only the order of computing, is
    gone. With "Return state" the network gets the last hidden state and the last cell state as further outputs; connected to
    both state ports of a second LSTM Layer, that goes on where the first ended. Keras does not hand on the mask of an Embedding
    or Masking Layer where states are connected: connect the mask, too.

    Example: an encoder of 64 units that returns its state reads a sequence; connected to both state ports of a decoder of 64
    units that returns sequences, it makes the decoder write another one.
    """

    id = "keras.lstm"
    title = "Keras LSTM Layer"
    icon = "mdi6.memory"
    keywords = ("LSTM", "long short-term memory", "recurrent", "sequence", "time series", "LSTMCell")
    kind = "LSTM"
    left_out = USE_CUDNN
    input_ports = (SEQUENCE, HIDDEN_STATE, CELL_STATE, MASK)
    states = ("hidden_state", "cell_state")
    gates = 4
    call_arguments = {
        "sequences": ("network",), "initial_state": ("hidden_state", "cell_state"), "mask": ("mask",),
    }  # fmt: skip

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)
    cell_state_tensor: str | None = tensor_setting("cell_state", "Cell state tensor", STATE_HELP)
    unit_forget_bias: bool = UNIT_FORGET_BIAS


# ------------------------------------------------------------------------------------------------ nodes that KNIME has besides


class CudnnLayer(RecurrentLayer, Sized):
    """What Keras 2 had a class of its own for: today's class, with the options that cuDNN needs."""

    left_out = {**USE_CUDNN, **dict.fromkeys(
        (
            "activation", "recurrent_activation", "use_bias", "reset_after", "dropout", "recurrent_dropout", "seed", "unroll",
            "go_backwards", "zero_output_for_mask",
        ),
        "As cuDNN, and so KNIME's node, has it: use today's layer to choose it.",
    )}  # fmt: skip

    @abstractmethod
    def layer(self) -> UnitsLayer:
        """Return the same layer as a node of today's class."""

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Do as today's class."""
        return self.layer().infer_ports(given, channels_first)

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Do as today's class."""
        return self.layer().to_config(channels_first)


class CudnnGRU(CudnnLayer):
    """Go through a sequence with gated recurrent units as NVIDIA's cuDNN computes them.

    Keras 3 has no such layer any more: its GRU Layer uses cuDNN by itself where it can. This node is that layer with the
    options that cuDNN needs (tanh, sigmoid, bias, reset after, no recurrent dropout), so it computes exactly what KNIME's node
    did, and on any machine.

    Example: as a GRU Layer whose options are to stay such that a graphics card computes it fast, with 128 units.
    """

    id = "keras.cudnn_gru"
    title = "Keras CuDNN GRU Layer"
    icon = "mdi6.gate-and"
    keywords = ("CuDNNGRU", "GRU", "NVIDIA", "GPU", "recurrent", "sequence")
    kind = "GRU"
    input_ports = (SEQUENCE, HIDDEN_STATE, MASK)
    call_arguments = GRU.call_arguments

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)

    def layer(self) -> UnitsLayer:
        """Return a GRU Layer of these settings."""
        return GRU.model_validate({name: getattr(self, name) for name in self.arguments()})


class CudnnLSTM(CudnnLayer):
    """Go through a sequence with long short-term memory as NVIDIA's cuDNN computes it.

    Keras 3 has no such layer any more: its LSTM Layer uses cuDNN by itself where it can. This node is that layer with the
    options that cuDNN needs (tanh, sigmoid, bias, no recurrent dropout), so it computes exactly what KNIME's node did, and on
    any machine.

    Example: as an LSTM Layer whose options are to stay such that a graphics card computes it fast, with 128 units.
    """

    id = "keras.cudnn_lstm"
    title = "Keras CuDNN LSTM Layer"
    icon = "mdi6.expansion-card-variant"
    keywords = ("CuDNNLSTM", "LSTM", "NVIDIA", "GPU", "recurrent", "sequence")
    kind = "LSTM"
    input_ports = (SEQUENCE, HIDDEN_STATE, CELL_STATE, MASK)
    states = LSTM.states
    call_arguments = LSTM.call_arguments

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)
    cell_state_tensor: str | None = tensor_setting("cell_state", "Cell state tensor", STATE_HELP)
    unit_forget_bias: bool = UNIT_FORGET_BIAS

    def layer(self) -> UnitsLayer:
        """Return an LSTM Layer of these settings."""
        return LSTM.model_validate({name: getattr(self, name) for name in self.arguments()})
