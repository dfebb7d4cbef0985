"""Random settings and inputs for any layer of the catalog, drawn from nothing but the declarations of its settings.

A layer that needs something special (an equation, say) has it in `SPECIAL`. All draws come from a seeded generator: the same
cases in every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nodes.base import Specs
from nodes.catalog import Catalog
from nodes.errors import NodeError
from nodes.kit.layers.base import Inference, Layer
from nodes.kit.layers.ported import PortedLayer
from nodes.layers.attention import AttentionLayer
from nodes.layers.bidirectional import Bidirectional
from nodes.layers.embedding import Embedding, ReversibleEmbedding
from nodes.layers.input import Input
from nodes.layers.recurrent import StatefulLayer
from nodes.values.network import NetworkSpec, TensorSpec

LAYERS = {
    node_id: cls for node_id, cls in Catalog.load(plugins=False).items() if issubclass(cls, Layer) and cls.kind != "InputLayer"
}
"""Every layer node but the input layer, by its id."""

SIZES = (1, 2, 3, 3, 4, 4, 4, 5, 6, 8)
FLOATS = ("float32", "float32", "float32", "float64", "float16")
OTHERS = ("int32", "int64", "uint8", "int8", "bool")

SKIPPED = frozenset({"name_prefix", "input_tensor", "input_tensors", "columns", "dtype"})
POLICIES = ("float32", "float32", "float32", "float64", "mixed_float16", "mixed_bfloat16")

Draw = Callable[[random.Random], Any]


def one_of(*values: Any) -> Draw:
    return lambda rng: rng.choice(values)


SPECIAL: Mapping[str, Mapping[str, Draw]] = {
    "keras.reshape": {
        "target_shape": lambda rng: tuple(rng.choice([-1, 1, 2, 3, 4, 6, 12]) for _ in range(rng.randint(1, 3))),
    },
    "keras.permute": {"dims": one_of((1,), (2, 1), (1, 2), (2, 3, 1), (3, 1, 2), (1, 1))},
    "keras.einsum_dense": {
        "equation": one_of(
            "ab,bc->ac", "abc,cd->abd", "...b,bc->...c", "...ab,bc->...ac", "ab...,bc->ac...", "abc,bcd->ad", "ab,cd->x"
        ),
        "output_shape": one_of((3,), (3,), (None, 3), (4, 3), (None, 4)),
        "bias_axes": one_of(None, "c", "d", "b", "ac"),
    },
    "keras.dropout": {"noise_shape": one_of(None, None, (None, 1), (None, 1, None), (None, 1, 1, None), (None, 2, 4))},
    "keras.alpha_dropout": {"noise_shape": one_of(None, None, (None, 1), (None, 1, None), (None, 1, 1, None))},
    "keras.normalization": {
        "axis": one_of((-1,), (-1,), (1,), ()),
        "mean": one_of((0.5,), (0.5, 1.0, 2.0)),
        "variance": one_of((2.0,), (0.5, 1.0, 2.0)),
    },
    "keras.random_gaussian_blur": {"kernel_size": one_of((1, 1), (3, 1), (3, 5))},
    "keras.mel_spectrogram": {
        "fft_length": one_of(2, 4, 6, 8), "sequence_length": one_of(None, 2, 4), "sequence_stride": one_of(1, 2, 3),
        "sampling_rate": one_of(8000), "min_freq": one_of(0.0, 20.0), "max_freq": one_of(None, 3000.0),
    },
    "keras.stft_spectrogram": {
        "frame_length": one_of(2, 3, 4), "frame_step": one_of(None, 1, 2), "fft_length": one_of(None, 4, 8),
    },
    "keras.integer_lookup": {
        "vocabulary": one_of((1, 2), (0, 5, 9)), "num_oov_indices": one_of(1, 2), "salt": one_of(None, None, (1, 2)),
    },
    "keras.multi_head_attention": {
        "num_heads": one_of(1, 2, 3), "key_dim": one_of(1, 2, 3), "output_shape": one_of(None, (2,), (2, 3)),
        "attention_axes": one_of(None, None, (2,)),
    },
    "keras.group_query_attention": {
        "num_query_heads": one_of(2, 4), "num_key_value_heads": one_of(1, 2), "head_dim": one_of(1, 2, 3),
    },
    "keras.slice": {"parts": one_of("-1", ":", "0:1", "..., 0", "None, ...", "::2", "1:3, :", "0, -1", "..., :2")},
    "keras.gather": {"indices": one_of((0,), (0, 0, -1), (1, 0)), "axis": one_of(-1, 1, 2), "single": one_of(False, False, True)},
    "keras.split": {"sections": one_of(1, 2, 3), "places": one_of((), (), (1,), (1, 3)), "axis": one_of(-1, 1, 2)},
    "keras.reduce": {"axes": one_of((), (-1,), (1,), (1, 2), (2,))},
    "keras.pad": {"widths": one_of((1, 1), (1, 0, 0, 2), (1, 1, 0, 0, 2, 2), (1, 1, 1, 1))},
    "keras.tile": {"repeats": one_of((2,), (1, 2), (2, 1, 3), (3, 1))},
    "keras.broadcast_to": {"target": one_of((4,), (3, 4), (6, 4), (2, 3, 4))},
    "keras.flip": {"axes": one_of((-1,), (1,), (1, 2))},
    "keras.squeeze": {"axes": one_of((), (), (-1,), (1,), (2,))},
    "keras.swap_dimensions": {"first": one_of(1, 2, -1), "second": one_of(1, -1, -2)},
    "keras.expand_dimensions": {"axis": one_of(1, -1, 2, -2)},
    "keras.cumulative_sum": {"axis": one_of(1, -1, 2)},
    "keras.stack": {"axis": one_of(1, -1, 2)},
    "keras.einsum": {"equation": one_of("ab,ab->ab", "ab,ab,ab->a", "abc,abc->ac", "abc,acd->abd", "abc,adc->abd", "ab,cb->ac")},
    "keras.matrix_product": {"numbers": one_of((), (), (), (1.0, 2.0, 3.0, 4.0)), "columns": one_of(1, 1, 2)},
    "keras.arithmetic": {
        "number": one_of((2,), (0.5,), (1.0, 2.0, 3.0, 4.0)), "number_shape": one_of((), (), (2, 2), (4,)),
        "number_type": one_of(None, None, "float32", "int32"),
    },
    "keras.discretization": {"bin_boundaries": one_of((0.0,), (-1.0, 0.5, 2.0))},
    "keras.category_encoding": {"num_tokens": one_of(2, 3, 5)},
}  # fmt: skip
"""Node id -> settings that are drawn otherwise than from their declaration."""

INPUTS: Mapping[str, Sequence[tuple[tuple[int | None, ...], str]]] = {
    "keras.random_hue": [((3, 5, 3), "float32"), ((3, 6, 3), "uint8")],
    "keras.random_color_jitter": [((3, 5, 3), "float32"), ((3, 6, 3), "uint8")],
    "keras.random_saturation": [((3, 5, 3), "float32"), ((3, 6, 3), "uint8")],
    "keras.random_grayscale": [((3, 5, 3), "float32"), ((3, 6, 3), "uint8")],
    "keras.hashed_crossing": [((1,), "int32"), ((1,), "int64")],
    "keras.hashing": [((1,), "int32"), ((4,), "int64")],
    "keras.squeeze": [((1, 4), "float32"), ((3, 1, 2), "float32"), ((1, 1), "int32")],
    "keras.one_hot": [((3,), "int32"), ((2, 2), "uint8"), ((1,), "int64")],
    "keras.broadcast_to": [((1,), "float32"), ((1, 4), "float32"), ((3, 1), "int32"), ((2, 1, 1), "float32")],
    "keras.pad": [((4,), "float32"), ((3, 4), "float32"), ((3, 4, 4), "int32")],
    "keras.matrix_product": [((4, 4), "float32"), ((2, 4, 4), "float32"), ((2,), "float32")],
    "keras.conv_lstm_1d": [((3, 6, 2), "float32"), ((2, 8, 1), "float32")],
    "keras.conv_lstm_2d": [((3, 6, 5, 2), "float32"), ((2, 8, 8, 1), "float32")],
    "keras.conv_lstm_3d": [((2, 5, 6, 5, 1), "float32"), ((1, 8, 8, 8, 2), "float32")],
}
"""Node id -> shapes and types of input that most of its cases have, where others would hardly ever fit."""


@dataclass(frozen=True)
class Case:
    """A layer about to be connected.

    Attributes:
        node: The layer, with its settings.
        inputs: What is at its ports: networks that are only an input layer.
    """

    node: Layer
    inputs: Mapping[str, NetworkSpec]

    @property
    def given(self) -> dict[str, TensorSpec]:
        """What comes in, by port."""
        return {port: network.calls[0].outputs[0] for port, network in self.inputs.items()}

    @property
    def channels_first(self) -> bool:
        return any(network.channels_first for network in self.inputs.values())

    def infer(self, node: Layer) -> Inference:
        """What another layer makes of the same inputs."""
        if isinstance(node, PortedLayer):
            return node.infer_ports(self.given, self.channels_first)
        return node.infer(list(self.given.values()), self.channels_first)

    def features(self, made: NetworkSpec) -> frozenset[object]:
        """What of all that can be chosen and connected the case has: cases that differ in it say more than alike ones."""
        given = list(self.given.values())
        found: set[object] = {
            ("inputs", len(given)), ("outputs", len(made.outputs)), ("channels first", self.channels_first), *self.inputs,
            ("fixed batch", given[0].batch is not None), ("open", any(None in tensor.shape for tensor in given)),
            ("rank", len(given[0].shape)), given[0].dtype,
        }  # fmt: skip
        for name in type(self.node).model_fields:
            value = getattr(self.node, name)
            if isinstance(value, BaseModel):
                found.add((name, getattr(value, "kind", "")))
            elif isinstance(value, str | bool):
                found.add((name, value))
            elif value != type(self.node).model_fields[name].default:
                found.add(name)
        return frozenset(found)

    def configured(self) -> NetworkSpec:
        """The network with the layer at its end; the node is called `layer`."""
        made = self.node.configure(Specs(dict(self.inputs), "layer"))["network"]
        assert isinstance(made, NetworkSpec)
        return made


def cases(node_id: str, count: int) -> Iterator[Case]:
    """Random cases of a layer, most of which make sense."""
    cls = LAYERS[node_id]
    cls.model_rebuild()
    rng = random.Random(node_id)
    ranks = [1, 2, 3, 4, 5]
    for _ in range(count):
        node = draw_node(cls, node_id, rng)
        if node is not None:
            fitting = draw_fitting(node, rng) if rng.random() < 0.8 else None
            case = Case(node, draw_inputs(cls, node_id, rng, rng.choice(ranks)) if fitting is None else fitting)
            yield case
            rank = len(next(iter(case.inputs.values())).calls[0].outputs[0].shape) if case.inputs else 1
            if len(ranks) < 24 and fits(case):
                ranks.append(rank)


def fits(case: Case) -> bool:
    try:
        case.configured()
    except NodeError:
        return False
    return True


# --------------------------------------------------------------------------------------------------------------- settings


def draw_node(cls: type[Layer], node_id: str, rng: random.Random) -> Layer | None:
    """A layer with some of its settings drawn; None if they do not go together."""
    special = SPECIAL.get(node_id, {})
    values = {}
    for name, info in cls.model_fields.items():
        if name in special:
            values[name] = special[name](rng)
        elif name not in SKIPPED and (info.is_required() or rng.random() < 0.5):
            values[name] = draw(info.annotation, info.metadata, rng, info)
    if "dtype" in cls.model_fields:
        values["dtype"] = rng.choice(POLICIES)
    try:
        return cls.model_validate({name: value for name, value in values.items() if value is not SKIP})
    except ValidationError:
        return None


SKIP = object()
"""What is drawn where only the default makes sense."""


def draw(annotation: Any, metadata: Sequence[Any], rng: random.Random, info: FieldInfo) -> Any:
    """A value of a setting's type, within its bounds."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [m for one in args[1:] for m in (one.metadata if isinstance(one, FieldInfo) else [one])]
        return draw(args[0], [*inner, *metadata], rng, info)
    if origin is Literal:
        return rng.choice(args)
    if origin in (Union, UnionType):
        return draw(rng.choice(args), metadata, rng, info)
    if origin in (tuple, list):
        if origin is tuple and args[-1] is not Ellipsis:
            return tuple(draw(arg, (), rng, info) for arg in args)
        low = int(bound(metadata, "min_length", 0))
        high = int(bound(metadata, "max_length", low + 2))
        return tuple(draw(args[0], (), rng, info) for _ in range(rng.randint(low, high)))
    if annotation in (None, NoneType):
        return None
    if annotation is bool:
        return rng.random() < 0.5
    if annotation is int:
        low = int(bound(metadata, "ge", bound(metadata, "gt", -5) + 1))
        high = int(bound(metadata, "le", bound(metadata, "lt", max(low, 0) + 5) - 1))
        return rng.randint(low, min(high, max(low, 0) + 4))
    if annotation is float:
        least = bound(metadata, "ge", bound(metadata, "gt", -1.0))
        most = bound(metadata, "le", bound(metadata, "lt", max(least, 0.0) + 1.0))
        return round(rng.uniform(least, min(most, least + 2)), 2) or (least if least > 0 else 0.5)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return draw_settings(annotation, rng)
    return SKIP


def draw_settings(model: type[BaseModel], rng: random.Random) -> Any:
    """A group of settings, some of them drawn; as it comes where the draws do not go together."""
    values = {
        n: draw(i.annotation, i.metadata, rng, i) for n, i in model.model_fields.items() if i.is_required() or rng.random() < 0.3
    }
    try:
        return model.model_validate({name: value for name, value in values.items() if value is not SKIP})
    except ValidationError:
        return SKIP if any(i.is_required() for i in model.model_fields.values()) else model()


def bound(metadata: Sequence[Any], name: str, default: float) -> float:
    """One of the bounds in a field's metadata."""
    return next((value for m in metadata if (value := getattr(m, name, None)) is not None), default)


# ----------------------------------------------------------------------------------------------------------------- inputs


def draw_fitting(node: Layer, rng: random.Random) -> dict[str, NetworkSpec] | None:
    """Inputs that fit each other, where they hardly would by chance; None: any will do."""
    batch = rng.choice([None, None, 2])
    if isinstance(node, StatefulLayer):
        return as_networks(sequences(node, rng, 2 if node.stateful else batch), rng)
    if isinstance(node, AttentionLayer):
        return as_networks(questions(node, rng, batch), rng)
    if isinstance(node, Embedding | ReversibleEmbedding):
        shape = rng.choice([(4,), (None,), (2, 3)])
        return as_networks({"network": TensorSpec(shape, rng.choice(["int32", "int64", "uint8", "float32"]), batch)}, rng)
    return None


def sequences(node: StatefulLayer, rng: random.Random, batch: int | None) -> dict[str, TensorSpec]:
    """A sequence; perhaps states of the size that the layer has, and a mask."""
    kind = node.directions()[0].kind if isinstance(node, Bidirectional) else node.kind
    steps, places = rng.choice([3, 3, 4, None]), int(kind[-2]) if kind.startswith("ConvLSTM") else 0
    shape = (steps, *(rng.choice([6, 8]) for _ in range(places)), rng.choice([1, 2]))
    given = {"network": TensorSpec(shape, rng.choice(FLOATS), batch)}
    if rng.random() < 0.5:
        plain = node.model_copy(update={"return_state": True, "stateful": False, "activity_regularizer": None})
        ports = list(node.states)
        if isinstance(node, Bidirectional):
            states = ("hidden", "cell") if "LSTM" in kind else ("hidden",)
            ports = [f"{direction}_{state}" for direction in ("forward", "backward") for state in states]
        try:
            made = plain.infer_ports(given, False).outputs
        except NodeError:
            return given
        given |= {
            port: TensorSpec(tensor.shape, "float32", batch) for port, tensor in zip(ports, made[-len(ports) :], strict=True)
        }
    if rng.random() < 0.4:
        given["mask"] = TensorSpec((steps,), "bool", batch)
    return given


def questions(node: AttentionLayer, rng: random.Random, batch: int | None) -> dict[str, TensorSpec]:
    """A query and a value; perhaps a key, and masks."""
    before = (2,) if getattr(node, "attention_axes", None) is not None else ()
    steps = rng.choice([4, 4, None])
    shapes = {"query": (*before, 3, 2), "value": (*before, steps, rng.choice([2, 2, 3])), "key": (*before, steps, 2)}
    masks = {"query_mask": (3,), "value_mask": (steps,), "attention_mask": (*before, 3, steps)}
    given = {}
    for port in node.input_ports:
        if not port.optional or rng.random() < 0.5:
            shape = shapes.get(port.name) or masks[port.name]
            given[port.name] = TensorSpec(shape, "bool" if port.name in masks else rng.choice(FLOATS), batch)
    return given


def as_networks(tensors: Mapping[str, TensorSpec], rng: random.Random) -> dict[str, NetworkSpec]:
    """A network for each port that is an input of this kind."""
    order = "channels_first" if rng.random() < 0.1 else "channels_last"
    made = {}
    for number, (port, tensor) in enumerate(tensors.items()):
        node = Input.model_validate(
            {"shape": tensor.shape, "dtype": tensor.dtype, "batch_size": tensor.batch, "data_format": order}
        )
        made[port] = node.configure(Specs({}, f"input_{number}"))["network"]
    return made


def draw_inputs(cls: type[Layer], node_id: str, rng: random.Random, rank: int) -> dict[str, NetworkSpec]:
    """Networks for a layer's ports, whose shapes are mostly alike."""
    open_sizes = rng.random() < 0.15
    shape = tuple(None if open_sizes and rng.random() < 0.5 else rng.choice(SIZES) for _ in range(rank))
    dtype = rng.choice(FLOATS) if rng.random() < 0.75 else rng.choice(OTHERS)
    if node_id in INPUTS and rng.random() < 0.7:
        shape, dtype = rng.choice(INPUTS[node_id])
    batch = rng.choice([None, None, None, 2])
    channels_first = rng.random() < 0.2
    names: list[str] = []
    for port in cls.input_ports:
        if port.kind == "network" and not (port.optional and rng.random() < 0.6):
            names += [f"{port.name}_{n}" for n in range(1, rng.choice([2, 2, 3]) + 1)] if port.grows else [port.name]
    made = {}
    for number, name in enumerate(names):
        given = shape if number == 0 or rng.random() < 0.6 else changed(shape, rng)
        node = Input(
            shape=given, dtype=dtype, batch_size=batch, data_format="channels_first" if channels_first else "channels_last"
        )
        network = node.configure(Specs({}, f"input_{number}"))["network"]
        assert isinstance(network, NetworkSpec)
        made[name] = network
    return made


def changed(shape: Sequence[int | None], rng: random.Random) -> tuple[int | None, ...]:
    """A shape much like another one."""
    if len(shape) > 1 and rng.random() < 0.2:
        return tuple(shape[1:])
    if rng.random() < 0.1:
        return (*shape, 2)
    return tuple(rng.choice([n, n, n, 1, 3]) for n in shape)
