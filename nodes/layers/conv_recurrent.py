"""Recurrent layers whose kernels are convolutions: for sequences of signals, images and volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from nodes.base import NodeError, Settings, setting
from nodes.kit.layers.activations import ACTIVATION_CHOICES, Activation
from nodes.kit.layers.base import Inference, unlist
from nodes.kit.layers.shape_checks import FLOAT_TYPES, require_dtype, require_known, require_rank
from nodes.kit.layers.windows import PADDING_CHOICES, Padding, Pair, Size, Triple, join, slide
from nodes.layers.recurrent import (
    CELL_STATE,
    HIDDEN_STATE,
    MASK,
    SEQUENCE,
    STATE_HELP,
    UNIT_FORGET_BIAS,
    SteppingLayer,
    tensor_setting,
)
from nodes.values.network import TensorSpec

KERNEL_SIZE = "Size of the window that slides over each step."
STRIDES = "Step from window to window; the state is as much smaller."
DILATION = "Distance between the window's places; more than 1 leaves gaps. Not together with strides above 1."


class Filtered(Settings):
    """The first setting; named as the last base, so that the dialog has it before all others."""

    filters: Size = setting(100, "Filters", "The number of outputs per place, and the size of the state there.", start=32)


class ConvLSTMLayer(SteppingLayer, Filtered):
    """A recurrent layer that convolves each step and its state."""

    spatial: ClassVar[int]
    """How many dimensions the window slides along."""
    has_data_format = True
    input_ports = (SEQUENCE, HIDDEN_STATE, CELL_STATE, MASK)
    states = ("hidden_state", "cell_state")
    call_arguments = {
        "sequences": ("network",), "initial_state": ("hidden_state", "cell_state"), "mask": ("mask",),
    }  # fmt: skip

    hidden_state_tensor: str | None = tensor_setting("hidden_state", "Hidden state tensor", STATE_HELP)
    cell_state_tensor: str | None = tensor_setting("cell_state", "Cell state tensor", STATE_HELP)
    padding: Padding = setting(
        "valid", "Padding", "What happens at the edges; KNIME's default is 'same'.", choices=PADDING_CHOICES
    )
    recurrent_activation: Activation = setting(
        "sigmoid",
        "Recurrent activation",
        "What the gates go through; KNIME's default is the hard sigmoid.",
        choices=ACTIVATION_CHOICES,
    )
    unit_forget_bias: bool = UNIT_FORGET_BIAS

    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Return the places of the window with filters, for each step or the last; then the two states of that shape."""
        sequence = given["network"]
        require_dtype(sequence, FLOAT_TYPES)
        places = {1: "steps, length, channels", 2: "steps, height, width, channels", 3: "steps, depth, height, width, channels"}
        require_rank(sequence.shape, self.spatial + 2, f"sequences ({places[self.spatial]})")
        steps, *step = sequence.shape
        if self.unroll and steps is None:
            raise NodeError(
                "Unrolled layers must know how many steps there are.", "Fix them in the input layer's shape.", setting="unroll"
            )
        sizes = tuple(step[1:] if channels_first else step[:-1])
        channels = require_known(step[0] if channels_first else step[-1], "number of channels")
        for size in sizes:
            require_known(size, "size of each step")
        kernel, strides, dilation = self._window("kernel_size"), self._window("strides"), self._window("dilation_rate")
        if max(strides) > 1 and max(dilation) > 1:
            raise NodeError(
                "Strides and dilation rate are both above 1, which Keras cannot compute.",
                "Set one of them to 1.",
                setting="dilation_rate",
            )
        state = join(slide(sizes, kernel, strides, self.padding, dilation=dilation), self.filters, channels_first)
        self.check_states(given, state)
        width = 4 * self.filters
        weights = [
            self.weight("kernel", (*kernel, channels, width)),
            self.weight("recurrent_kernel", (*kernel, self.filters, width), "recurrent"),
            *([self.weight("bias", (width,))] if self.use_bias else []),
        ]
        return Inference(self.results(sequence, state, 2), tuple(weights))

    def _window(self, name: str) -> Sequence[int]:
        value = getattr(self, name)
        return (value,) if isinstance(value, int) else value


class ConvLSTM1D(ConvLSTMLayer):
    """Go through a sequence of signals with an LSTM whose kernels are convolutions (Shi et al., 2015).

    The input is (steps, length, channels). Where a place of a step is matters, as in a convolution layer, and so does the order
    of the steps, as in an LSTM. KNIME has no node for it.

    Example: a week of hourly measurements along a river, as 7 steps of 24 places with 3 channels (shape 7, 24, 3), with 16
    filters of 5 and padding 'same'.
    """

    id = "keras.conv_lstm_1d"
    title = "Keras Convolutional LSTM 1D Layer"
    icon = "mdi6.chart-line-stacked"
    keywords = ("ConvLSTM1D", "LSTM", "convolution", "recurrent", "signal", "sequence")
    kind = "ConvLSTM1D"
    spatial = 1

    kernel_size: Size = setting(3, "Kernel size", KERNEL_SIZE)
    strides: Size = setting(1, "Strides", STRIDES)
    dilation_rate: Size = setting(1, "Dilation rate", DILATION)

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a list of one number, as Keras writes it."""
        return unlist(super().upgrade(config), "kernel_size", "strides", "dilation_rate")


class ConvLSTM2D(ConvLSTMLayer):
    """Go through a sequence of images with an LSTM whose kernels are convolutions (Shi et al., 2015).

    The input is (steps, height, width, channels), such as the frames of a film. The state is a set of feature maps. With "Return
    sequences" there are feature maps for each frame, as a second such layer needs them. All sizes of an image must be known.

    Example: ten frames of 64 x 64 grey pixels (shape 10, 64, 64, 1), 32 filters of 3 x 3 with padding 'same', then a
    Convolution 2D Layer of one filter that predicts the next frame.
    """

    id = "keras.conv_lstm_2d"
    title = "Keras Convolutional LSTM 2D Layer"
    icon = "mdi6.filmstrip"
    keywords = ("ConvLSTM2D", "LSTM", "convolution", "recurrent", "video", "frames", "sequence")
    kind = "ConvLSTM2D"
    spatial = 2

    kernel_size: Pair = setting((3, 3), "Kernel size", KERNEL_SIZE)
    strides: Pair = setting((1, 1), "Strides", STRIDES)
    dilation_rate: Pair = setting((1, 1), "Dilation rate", DILATION)


class ConvLSTM3D(ConvLSTMLayer):
    """Go through a sequence of volumes with an LSTM whose kernels are convolutions (Shi et al., 2015).

    The input is (steps, depth, height, width, channels), such as a scan that is repeated. KNIME has no node for it.

    Example: five scans of 16 x 32 x 32 voxels (shape 5, 16, 32, 32, 1), with 8 filters of 3 x 3 x 3 and padding 'same'.
    """

    id = "keras.conv_lstm_3d"
    title = "Keras Convolutional LSTM 3D Layer"
    icon = "mdi6.video-3d"
    keywords = ("ConvLSTM3D", "LSTM", "convolution", "recurrent", "volume", "scan", "sequence")
    kind = "ConvLSTM3D"
    spatial = 3

    kernel_size: Triple = setting((3, 3, 3), "Kernel size", KERNEL_SIZE)
    strides: Triple = setting((1, 1, 1), "Strides", STRIDES)
    dilation_rate: Triple = setting((1, 1, 1), "Dilation rate", DILATION)
