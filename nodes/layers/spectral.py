"""Spectral normalization: a layer around a layer, which is chosen in the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

from pydantic import Field, ValidationError, create_model, model_validator

from nodes.base import NodeError, Settings, setting
from nodes.declaration.mistakes import in_one_line
from nodes.kit.layers.base import Inference, UnaryLayer, is_channels_first
from nodes.kit.layers.windows import Size
from nodes.layers.convolution import Conv1D, Conv2D
from nodes.layers.dense import Dense, EinsumDense
from nodes.values.network import Shape, TensorSpec, WeightSpec

INNER: Mapping[str, type[UnaryLayer]] = {cls.kind: cls for cls in (Dense, Conv1D, Conv2D, EinsumDense)}
"""The layers that can be normalized: those with one kernel."""


def _as_settings(cls: type[UnaryLayer]) -> type[Settings]:
    """A group of settings with those of a layer node, but for its names and its number type, which the outer layer has."""
    cls.model_rebuild()
    fields: dict[str, Any] = {
        name: (info.annotation, info) for name, info in cls.model_fields.items() if name in cls.arguments() and name != "dtype"
    }
    kind: Any = Literal[cls.kind]
    made: type[Settings] = create_model(
        f"Spectral{cls.kind}", __base__=Settings, __module__=__name__, __doc__=cls.description(), kind=(kind, cls.kind), **fields
    )
    return made


MODELS = {kind: _as_settings(cls) for kind, cls in INNER.items()}

if TYPE_CHECKING:
    InnerLayer = Settings
else:
    InnerLayer = Annotated[Union[tuple(MODELS.values())], Field(discriminator="kind")]  # noqa: UP007


class SpectralNormalization(UnaryLayer):
    """A dense or convolution layer whose kernel is kept from growing (Miyato et al., 2018).

    After each step of training the kernel is divided by its largest singular value, so the layer stretches no input by more
    than a factor of 1. That steadies the training of generative adversarial networks. The layer itself is chosen here, with
    all its settings.

    Example: in the discriminator of a GAN, in place of a Convolution 2D Layer, with Conv2D of 64 filters as its layer.
    """

    id = "keras.spectral_normalization"
    title = "Keras Spectral Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.weight-lifter"
    keywords = ("SpectralNormalization", "singular value", "Lipschitz", "GAN", "wrapper")
    kind = "SpectralNormalization"

    layer: InnerLayer = setting(MODELS["Dense"](), "Layer", "The layer whose kernel is normalized.")
    power_iterations: Size = setting(
        1, "Power iterations", "How many steps are made at each batch to find the largest singular value.", advanced=True
    )

    @model_validator(mode="after")
    def _has_a_layer(self) -> Self:
        try:
            self.inner()
        except ValidationError as error:
            wrong = in_one_line(INNER[str(dict(self.layer)["kind"])], dict(self.layer), error)
            raise ValueError(f"layer: {wrong}") from error
        return self

    def inner(self) -> UnaryLayer:
        """Return the node of the layer that is wrapped. ValidationError if its settings do not go together."""
        values = dict(self.layer)
        return INNER[values.pop("kind")].model_validate({**values, "dtype": self.dtype})

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Turn the inner layer's config into its settings."""
        config = super().upgrade(config)
        given = config.get("layer")
        if not isinstance(given, Mapping):
            return config
        kind = str(given.get("class_name"))
        if kind not in INNER or given.get("registered_name") not in (None, kind):
            raise NodeError(f"Spectral normalization is around '{kind}', which Layerloom cannot normalize.", "Save it otherwise.")
        inner = INNER[kind].from_config(given.get("config") or {}, f"the inner {kind}")
        return config | {"layer": {"kind": kind, **{n: getattr(inner, n) for n in MODELS[kind].model_fields if n != "kind"}}}

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments, with the inner layer as Keras serializes it."""
        inner = self.inner()
        layer = {"module": "keras.layers", "class_name": inner.kind, "config": inner.to_config(channels_first)}
        return {"layer": layer | {"registered_name": None}, "power_iterations": self.power_iterations, "dtype": self.dtype}

    @classmethod
    def normalize(cls, config: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Do as `Layer.normalize`; it is the inner layer that has a data format."""
        inner = config.get("layer")
        first = isinstance(inner, Mapping) and is_channels_first(inner.get("config") or {})
        return cls.from_config(config, name).to_config(first)

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return the paths: the kernel is the outer layer's too, the others of the inner layer's weights are in its part."""
        return ["vars/0", "vars/1", *(f"layer/vars/{n}" for n in range(1, len(weights) - 1))]

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the inner layer's shape."""
        return self.inner().shape(shape, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return the kernel, the vector that approximates a singular one, and the rest of the inner layer's weights."""
        kernel, *rest = self.inner().weights(shape, channels_first)
        vector = WeightSpec("vector_u", (1, kernel.shape[-1]), trainable=False)
        return (kernel, vector, *rest)

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as the inner layer."""
        self.inner().infer(inputs, channels_first)
        return super().infer(inputs, channels_first)
