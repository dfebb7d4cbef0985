"""What Keras 1 called layers and their arguments, and how it laid out their weights, as Keras 2 has them.

What it had and no later Keras has (`border_mode="full"`, modes of BatchNormalization, branches inside of Merge) is refused by
name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodes.errors import NodeError
from nodes.values.network import LayerSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLASSES = {
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D", "AtrousConvolution2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D", "TimeDistributedDense": "Dense",
}  # fmt: skip
_ARGUMENTS = {
    "nb_filter": "filters", "border_mode": "padding", "subsample": "strides", "subsample_length": "strides",
    "filter_length": "kernel_size", "atrous_rate": "dilation_rate", "init": "kernel_initializer",
    "inner_init": "recurrent_initializer", "inner_activation": "recurrent_activation", "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout", "bias": "use_bias", "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer", "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint", "b_constraint": "bias_constraint", "p": "rate", "pool_length": "pool_size",
    "stride": "strides", "beta_init": "beta_initializer", "gamma_init": "gamma_initializer", "sigma": "stddev",
}  # fmt: skip
_WITHOUT_EFFECT = ("consume_less", "input_length", "unroll", "bias_init")
_MARKS = frozenset({*_ARGUMENTS, "dim_ordering", "nb_row", "kernel_dim1", "forget_bias_init"}) - {"p", "init", "bias", "sigma"}
"""Arguments that only Keras 1 wrote."""
_INITIALIZERS = {"zero": "zeros", "one": "ones", "uniform": "random_uniform", "normal": "random_normal"}
_SIZED = ("Dense", "LSTM", "GRU", "SimpleRNN", "TimeDistributedDense")
"""Layers whose units were called `output_dim`."""
_MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}


def as_keras_2(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a layer of a config as Keras 2 would have written it; one of Keras 2 or 3 as it is.

    Raises:
        NodeError: If no later Keras has that.
    """
    kind, config = entry["class_name"], entry["config"]
    if not isinstance(config, Mapping):
        return entry
    if kind == "Merge":
        return _merge(entry)
    if not _is_of_keras_1(kind, config):
        return entry
    named = {str(_ARGUMENTS.get(key, key)): value for key, value in config.items() if key not in _WITHOUT_EFFECT}
    made = {name: _value(name, value) for name, value in named.items()}
    _refuse_what_is_gone(kind, made)
    _sizes(kind, made)
    if (order := made.pop("dim_ordering", None)) is not None:
        made["data_format"] = "channels_first" if order == "th" else "channels_last"
    if kind == "Embedding" and "kernel_initializer" in made:
        made["embeddings_initializer"] = made.pop("kernel_initializer")
    if kind == "GRU":
        made["reset_after"] = False
    return {**entry, "class_name": _CLASSES.get(kind, kind), "config": made}


def _is_of_keras_1(kind: str, config: Mapping[str, Any]) -> bool:
    marks = {"Dropout": "p", "SpatialDropout2D": "p", "GaussianDropout": "p", "BatchNormalization": "mode"}
    sized = kind in _SIZED and "output_dim" in config
    return kind in _CLASSES or sized or not _MARKS.isdisjoint(config) or marks.get(kind, "") in config


def _refuse_what_is_gone(kind: str, made: dict[str, Any]) -> None:
    """Take away what is as every later Keras has it. NodeError if it is otherwise."""
    name = made.get("name", kind)
    if made.get("padding") == "full":
        raise NodeError(f"Layer '{name}' has border_mode='full', which no later Keras has.", "Build the part anew, with 'same'.")
    if made.pop("mode", 0) != 0:
        raise NodeError(f"Layer '{name}' ({kind}) has a mode that no later Keras has.", "Build the part anew.")
    if made.pop("forget_bias_init", None) not in (None, "zero", "one"):
        raise NodeError(f"Layer '{name}' begins with a forget bias that no later Keras has.", "Build the part anew.")


def _value(argument: str, value: Any) -> Any:
    """The value of an argument that has its new name already."""
    if argument.endswith("_initializer") and isinstance(value, str):
        return _INITIALIZERS.get(value, value)
    return _option(value) if argument.endswith(("_regularizer", "_constraint")) else value


def _sizes(kind: str, made: dict[str, Any]) -> None:
    """Numbers that were arguments of their own."""
    for names in (("kernel_dim1", "kernel_dim2", "kernel_dim3"), ("nb_row", "nb_col")):
        if names[0] in made:
            made["kernel_size"] = [made.pop(name) for name in names]
    if kind in _SIZED and "output_dim" in made:
        made["units"] = made.pop("output_dim")
        made.pop("input_dim", None)
    if kind.startswith(("Convolution1D", "AtrousConvolution1D")):
        made.pop("input_dim", None)


def _option(value: Any) -> Any:
    """A regularizer or constraint: `{"name": "WeightRegularizer", "l1": 0, "l2": 0.01}`."""
    if not isinstance(value, Mapping) or "name" not in value:
        return value
    config = {key: number for key, number in value.items() if key != "name"}
    kind = {"WeightRegularizer": "L1L2", "ActivityRegularizer": "L1L2"}.get(value["name"], value["name"])
    if "m" in config:
        config["max_value"] = config.pop("m")
    return {"class_name": kind, "config": config}


def _merge(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Merge layer, which was all merge layers in one."""
    config = entry["config"]
    kind = _MERGES.get(str(config.get("mode")))
    if kind is None or config.get("layers"):
        raise NodeError(
            f"Layer '{config.get('name', 'Merge')}' merges branches inside of it, or by code of its own, as only Keras 1 did.",
            "Build the network anew, with the branches and a merge layer.",
        )
    made: dict[str, Any] = {"name": config.get("name")}
    if kind == "Concatenate":
        made["axis"] = config.get("concat_axis", -1)
    if kind == "Dot":
        axes = config.get("dot_axes", -1)
        made |= {"axes": axes, "normalize": config.get("mode") == "cos"}
    return {**entry, "class_name": kind, "config": made}


def as_keras_2_weights(layer: LayerSpec, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return a layer's arrays as Keras 2 lays them out.

    Raises:
        ValueError: If they are not of the shapes that the layer needs.
    """
    import numpy as np

    made = list(arrays)
    if layer.kind == "LSTM" and len(made) == 12:  # gate by gate: in, cell, forget, out
        made = [np.concatenate([made[gate + n] for gate in (0, 6, 3, 9)], axis=-1) for n in range(3)]
    elif layer.kind == "GRU" and len(made) == 9:
        made = [np.concatenate([made[gate + n] for gate in (0, 3, 6)], axis=-1) for n in range(3)]
    elif layer.kind == "Conv1D" and made[0].ndim == 4:
        made[0] = made[0][:, 0]
    elif layer.kind == "Conv2D" and layer.config.get("data_format") == "channels_first":
        made[0] = made[0].transpose(2, 3, 1, 0)
    elif layer.kind == "Conv3D" and layer.config.get("data_format") == "channels_first":
        made[0] = made[0].transpose(2, 3, 4, 1, 0)
    shapes = [array.shape for array in made]
    if shapes != [weight.shape for weight in layer.weights]:
        raise ValueError(f"the weights of layer '{layer.name}' are of shapes {shapes}, as no layer of Keras 1 has them")
    return made
