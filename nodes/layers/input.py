"""The Input Layer, with which every network begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from nodes.base import Job, Specs, Values, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, Inference, Layer
from nodes.kit.layers.windows import Size
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec

InputDtype = Literal[
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"
]  # fmt: skip


SAME_SHAPES = "Such tensors cannot come from a table, whose cells of one column are all of one shape."


class Input(Layer):
    """Say what goes into the network: the shape and type of one example.

    Images are height, width, channels, such as 28, 28, 1; or channels, height, width where the data format is
    "channels first". A dimension left empty may differ from batch to batch.

    Example: for grey images of 28 x 28 pixels, the shape 28, 28, 1; a Convolution 2D Layer follows. For a table of
    four measurements, the shape 4, followed by a Dense Layer.
    """

    id = "keras.input"
    title = "Keras Input Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.import"
    keywords = ("Input", "InputLayer", "shape", "start", "placeholder")
    kind = "InputLayer"
    left_out = {
        "batch_shape": "It is the batch size and the shape in one.",
        "input_tensor": "A network here begins with what is fed to it.",
        "sparse": SAME_SHAPES,
        "ragged": SAME_SHAPES,
        "optional": "Every input of a network is fed.",
    }

    shape: Annotated[tuple[Size | None, ...], ONE_OR_SEVERAL] = setting(
        (1,),
        "Shape",
        "The size of one example, without the batch; an empty dimension is not fixed.",
        min_length=1,
        start=[28, 28, 1],
    )
    batch_size: Size | None = setting(
        None, "Batch size", "Fixes the number of examples that are computed together.", advanced=True
    )
    dtype: InputDtype = setting("float32", "Data type", "The type of the numbers that are fed.")
    data_format: Literal["channels_last", "channels_first"] = setting(
        "channels_last",
        "Data format",
        "Where images have their channels; all layers that follow keep to it.",
        choices={"channels_last": "height, width, channels.", "channels_first": "channels, height, width."},
    )

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return Keras's arguments; it has no data format of its own."""
        return {"batch_shape": [self.batch_size, *self.shape], "dtype": self.dtype}

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read the batch size and the shape out of one list; flags that are off change nothing."""
        config = super().upgrade(config)
        flags = {key: value for key, value in config.items() if key in ("sparse", "ragged", "optional") and value}
        batch, *shape = config.get("batch_shape") or config.get("batch_input_shape") or [None]
        return {"shape": shape, "batch_size": batch, "dtype": config.get("dtype") or "float32"} | flags

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Return one tensor, as the settings say."""
        return Inference((TensorSpec(self.shape, self.dtype, self.batch_size),))

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise a network of one layer."""
        return {"network": self._network(specs.node)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give a network of one layer, without weights."""
        return {"network": Network(self._network(job.node))}

    def _network(self, node: str) -> NetworkSpec:
        first = self.data_format == "channels_first"
        layer = LayerSpec(self.layer_name(None, node), self.kind, self.to_config(first), node)
        tensor = Tensor(layer.name)
        call = Call(layer.name, 0, (), self.infer((), first).outputs)
        return NetworkSpec((layer,), (call,), (tensor,), (tensor,), channels_first=first)
