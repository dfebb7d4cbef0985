"""Recurrent layers and the wrappers around them: what they announce is what Keras makes, and states go where they belong."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nodes.base import NodeError, Specs, Values
from nodes.layers.base import Layer
from nodes.layers.collect import Collect
from nodes.layers.conv_recurrent import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from nodes.layers.core import Dense, Input
from nodes.layers.recurrent import GRU, LSTM, CudnnGRU, CudnnLSTM, SimpleRNN
from nodes.layers.wrappers import EACH_STEP, RECURRENT_GROUPS, STEP_GROUPS, Bidirectional, TimeDistributed
from nodes.networks.keras_model import import_keras, to_keras, weights_of
from nodes.values.network import Network, Tensor, TensorSpec
from tests.nodes.layers.building import add
from tests.nodes.layers.ported_cases import (
    Case,
    activations,
    agrees_with_keras,
    policies,
    seeds,
    small,
    weight_options,
)
from tests.support import RecordingJob

flags = st.booleans()
rates = st.sampled_from([0.0, 0.0, 0.5])
UNITS = {"units": st.just(3), "unroll": flags}
GATES = {"recurrent_activation": activations}
STEPPING: dict[str, st.SearchStrategy[Any]] = {
    "activation": activations, "use_bias": flags, "go_backwards": flags, "dropout": rates, "recurrent_dropout": rates,
    "seed": seeds, "zero_output_for_mask": flags, **weight_options("kernel", "recurrent", "bias"),
}  # fmt: skip
RETURNS = {"return_sequences": flags, "return_state": flags}
PADDINGS = st.sampled_from(["valid", "same"])
KINDS: dict[str, tuple[type[Layer], dict[str, st.SearchStrategy[Any]]]] = {
    "SimpleRNN": (SimpleRNN, {**UNITS, **STEPPING}),
    "GRU": (GRU, {**UNITS, **STEPPING, **GATES, "reset_after": flags}),
    "LSTM": (LSTM, {**UNITS, **STEPPING, **GATES, "unit_forget_bias": flags}),
    "ConvLSTM1D": (ConvLSTM1D, {"filters": small, "kernel_size": small, "padding": PADDINGS, "strides": small, **STEPPING}),
    "ConvLSTM2D": (ConvLSTM2D, {"filters": small, "kernel_size": st.tuples(small, small), "padding": PADDINGS, **STEPPING}),
    "ConvLSTM3D": (ConvLSTM3D, {"filters": small, "kernel_size": st.just((2, 1, 2)), "padding": PADDINGS}),
}
EXAMPLES = {"SimpleRNN": 4, "GRU": 5, "LSTM": 5, "Bidirectional": 6, "TimeDistributed": 8}
INSIDE = ("activity_regularizer", "go_backwards", "zero_output_for_mask")


@st.composite
def cases(draw: st.DrawFn, kind: str) -> Case:
    channels_first = False
    given: dict[str, TensorSpec] = {}
    batch = draw(st.sampled_from([None, None, 2]))
    if kind == "TimeDistributed":
        inner = draw(st.sampled_from(sorted(EACH_STEP)))
        shape = {"Conv1D": (4, 2), "LSTM": (4, 2), "GRU": (4, 2), "SimpleRNN": (4, 2), "Embedding": (4,)}.get(inner, (4, 4, 2))
        steps = draw(st.sampled_from([3, None]))
        given["network"] = TensorSpec((steps, *shape), "int32" if inner == "Embedding" else "float32", batch)
        return Case(TimeDistributed(layer=STEP_GROUPS[inner](), dtype=draw(policies)), given)
    shared = {name: draw(strategy) for name, strategy in RETURNS.items()} | {"dtype": draw(policies)}
    shared["stateful"] = batch is not None and draw(flags)
    inner = draw(st.sampled_from(["SimpleRNN", "GRU", "LSTM", "ConvLSTM1D"])) if kind == "Bidirectional" else kind
    values = {name: draw(strategy) for name, strategy in KINDS[inner][1].items()}
    spatial = int(inner[-2]) if "Conv" in inner else 0
    given["network"] = TensorSpec(
        (draw(st.sampled_from([3, 3, None])), *[4] * spatial, 2), draw(policies).removeprefix("mixed_"), batch
    )
    if kind == "Bidirectional":
        group = RECURRENT_GROUPS[inner].model_validate({k: v for k, v in values.items() if k not in INSIDE})
        merge_mode = draw(st.sampled_from(["concat", "sum", "mul", "ave", "none"]))
        return Case(Bidirectional(layer=group, merge_mode=merge_mode, **shared), given)
    layer = KINDS[kind][0].model_validate({**values, **shared})
    if draw(flags):
        state = TensorSpec((3,), batch=batch)
        if spatial:
            try:
                plain = layer.model_copy(update={"return_state": True, "stateful": False})
                state = Case(plain, given, channels_first).infer().outputs[1]
            except NodeError:
                pass
        given |= dict.fromkeys(("hidden_state", "cell_state") if "LSTM" in kind else ("hidden_state",), state)
    if draw(flags):
        given["mask"] = TensorSpec((given["network"].shape[0],), "bool", batch)
    return Case(layer, given, channels_first)


@pytest.mark.parametrize("kind", [*KINDS, "Bidirectional", "TimeDistributed"])
def test_what_is_announced_is_what_keras_makes(kind: str):
    accepted = []

    @hypothesis_settings(
        max_examples=EXAMPLES.get(kind, 3),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(cases(kind))
    def compare(case: Case) -> None:
        accepted.append(agrees_with_keras(case))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare()
    assert any(accepted)


# ------------------------------------------------------------------------------------------------------------------- states


def wired(id: str, layer: Layer, **networks: Network) -> Network:
    """A layer with a network at each of these ports; what is promised must be what comes."""
    promised = layer.configure(Specs({port: network.spec for port, network in networks.items()}, id))["network"]
    made = layer.execute(Values(dict(networks)), RecordingJob(Path.cwd(), id))["network"]
    assert isinstance(made, Network)
    assert made.spec == promised
    return made


def test_a_decoder_begins_with_the_states_of_its_encoder_as_in_keras_by_hand():
    keras = import_keras()
    encoder = wired("encoder", LSTM(units=3, return_state=True, return_sequences=True), network=add("read", Input(shape=(5, 2))))
    assert [encoder.spec.tensor(t).shape for t in encoder.spec.outputs] == [(5, 3), (3,), (3,)]
    decoder = wired(
        "decoder",
        LSTM(units=3, return_sequences=True),
        network=add("written", Input(shape=(4, 2))),
        hidden_state=encoder,
        cell_state=encoder,
    )
    call = decoder.spec.calls[-1]
    assert call.inputs == (Tensor("written"), Tensor("encoder", 0, 1), Tensor("encoder", 0, 2))
    whole = add("out", Dense(units=1), decoder).spec
    network = Network(whole.with_outputs([Tensor("out")]))
    model = to_keras(network, 1)

    x, y = keras.Input((5, 2)), keras.Input((4, 2))
    _, h, c = keras.layers.LSTM(3, return_state=True, return_sequences=True)(x)
    hand = keras.Model([y, x], keras.layers.Dense(1)(keras.layers.LSTM(3, return_sequences=True)(y, initial_state=[h, c])))
    ours = weights_of(model, network.spec)
    hand.set_weights([array for layer in ("encoder", "decoder", "out") for array in ours[layer]])
    random = np.random.default_rng(0)
    reads, written = random.normal(size=(2, 5, 2)), random.normal(size=(2, 4, 2))
    fed = {"read": reads, "written": written}
    np.testing.assert_allclose(model([fed[t.layer] for t in network.spec.inputs]), hand([written, reads]), rtol=1e-5)
    assert not np.allclose(model([fed[t.layer] * (t.layer == "written") for t in network.spec.inputs]), hand([written, reads]))


def test_states_come_from_the_tensors_that_are_chosen():
    encoder = wired("e", LSTM(units=3, return_state=True), network=add("x", Input(shape=(5, 2))))
    settings = {"hidden_state_tensor": "e_0:2", "cell_state_tensor": "e"}
    decoder = wired(
        "d", LSTM(units=3, **settings), network=add("y", Input(shape=(4, 2))), hidden_state=encoder, cell_state=encoder
    )

    assert decoder.spec.calls[-1].inputs == (Tensor("y"), Tensor("e", 0, 2), Tensor("e"))
    with pytest.raises(NodeError, match="no tensor 'nowhere'") as caught:
        wired("d", LSTM(cell_state_tensor="nowhere"), network=encoder, hidden_state=encoder, cell_state=encoder)
    assert caught.value.setting == "cell_state_tensor"


def test_bidirectional_layers_hand_on_their_states():
    layer = Bidirectional(layer=RECURRENT_GROUPS["GRU"](units=3), return_state=True)
    encoder = wired("e", layer, network=add("x", Input(shape=(5, 2))))
    assert [encoder.spec.tensor(t).shape for t in encoder.spec.outputs] == [(6,), (3,), (3,)]
    settings = {"forward_hidden_tensor": "e_0:1", "backward_hidden_tensor": "e_0:2"}
    decoder = wired(
        "d",
        layer.model_copy(update=settings),
        network=add("y", Input(shape=(5, 2))),
        forward_hidden=encoder,
        backward_hidden=encoder,
    )
    assert decoder.spec.calls[-1].roles == ("network", "forward_hidden", "backward_hidden")
    assert to_keras(Network(decoder.spec), 0).count_params() == decoder.spec.parameters
    with pytest.raises(NodeError, match="no cell state"):
        wired("d", layer, network=encoder, forward_cell=encoder)
    with pytest.raises(NodeError, match="backward states are missing"):
        wired("d", layer, network=add("y", Input(shape=(5, 2))), forward_hidden=add("h", Input(shape=(3,))))


def test_a_backward_layer_may_have_options_of_its_own():
    groups = RECURRENT_GROUPS
    layer = Bidirectional(layer=groups["LSTM"](units=2), backward_layer=groups["GRU"](units=2), return_sequences=True)
    spec = wired("b", layer, network=add("x", Input(shape=(5, 2)))).spec

    assert [w.name for w in spec.layers[-1].weights][3:] == ["backward/kernel", "backward/recurrent_kernel", "backward/bias"]
    assert [w.shape for w in spec.layers[-1].weights] == [w.shape for w in to_keras(Network(spec)).layers[-1].weights]
    assert Bidirectional.from_config(spec.layers[-1].config, "b") == layer
    alike = Bidirectional(layer=groups["LSTM"](units=2))
    assert Bidirectional.from_config(alike.to_config(False), "b") == alike
    with pytest.raises(NodeError, match="different sizes"):
        wired("b", layer.model_copy(update={"backward_layer": groups["GRU"](units=3)}), network=add("x", Input(shape=(5, 2))))


@pytest.mark.parametrize(("node", "plain"), [(CudnnGRU, GRU), (CudnnLSTM, LSTM)])
def test_the_cudnn_nodes_are_todays_layers_with_their_defaults(node: type[Layer], plain: type[Layer]):
    ours = add("layer", node(units=3), add("x", Input(shape=(5, 2)))).spec
    theirs = add("layer", plain(units=3), add("x", Input(shape=(5, 2)))).spec

    assert ours == theirs
    assert node.kind == plain.kind
    assert Layer.kinds[plain.kind] is plain


# ----------------------------------------------------------------------------------------------------------------- mistakes

SEQUENCE = TensorSpec((5, 2))


@pytest.mark.parametrize(
    ("layer", "given", "message", "setting"),
    [
        (LSTM(), {"network": TensorSpec((5,))}, r"works on sequences \(steps, features\)", None),
        (LSTM(), {"network": TensorSpec((5, 2), "int32")}, "floating-point", None),
        (LSTM(), {"network": TensorSpec((5, None))}, "number of features must be known", None),
        (LSTM(), {"network": SEQUENCE, "hidden_state": TensorSpec((100,))}, "nothing at 'Cell state'", None),
        (
            GRU(units=3), {"network": SEQUENCE, "hidden_state": TensorSpec((4,))}, "is 4, but the layer's state is 3",
            "hidden_state_tensor",
        ),
        (GRU(unroll=True), {"network": TensorSpec((None, 2))}, "how many steps", "unroll"),
        (GRU(stateful=True), {"network": SEQUENCE}, "how many rows a batch has", "stateful"),
        (GRU(), {"network": SEQUENCE, "mask": TensorSpec((4,), "bool")}, "not one bool per step", "mask_tensor"),
        (GRU(), {"network": SEQUENCE, "mask": TensorSpec((5,))}, "not one bool per step", "mask_tensor"),
        (ConvLSTM2D(), {"network": SEQUENCE}, "steps, height, width, channels", None),
        (ConvLSTM2D(), {"network": TensorSpec((5, 2, 2, 1))}, "window of 3 x 3 is larger", "kernel_size"),
        (ConvLSTM2D(), {"network": TensorSpec((5, None, 4, 1))}, "size of each step must be known", None),
        (ConvLSTM1D(strides=2, dilation_rate=2), {"network": TensorSpec((5, 9, 1))}, "both above 1", "dilation_rate"),
        (TimeDistributed(), {"network": TensorSpec((5,))}, "no steps", None),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_anything_runs(
    layer: Layer, given: Mapping[str, TensorSpec], message: str, setting: str | None
):
    with pytest.raises(NodeError, match=message) as caught:
        Case(layer, given).infer()

    assert caught.value.remedy
    assert caught.value.setting == setting


def test_settings_of_inner_layers_that_clash_are_refused_where_they_are_made():
    with pytest.raises(ValueError, match="units"):
        Bidirectional.model_validate({"layer": {"kind": "LSTM", "units": 0}})
    with pytest.raises(NodeError, match="around a layer of the class 'Dropout'"):
        Bidirectional.from_config({"layer": {"class_name": "Dropout", "config": {}}}, "b")
    with pytest.raises(NodeError, match="not one of the layers"):
        TimeDistributed.from_config({"layer": {"class_name": "Lambda", "config": {}}}, "t")
    with pytest.raises(NodeError, match="not Keras's own"):
        TimeDistributed.from_config({"layer": {"class_name": "Dense", "module": "evil", "config": {"units": 1}}}, "t")


# ------------------------------------------------------------------------------------------------------------------ collect


def test_collect_gives_one_network_the_outputs_of_all():
    stem = add("stem", Dense(units=3), add("x", Input(shape=(4,))))
    kind, age = add("kind", Dense(units=2), stem), add("age", Dense(units=1), stem)

    both = add("both", Collect(), kind, age).spec  # type: ignore[arg-type]
    assert both.outputs == (Tensor("kind"), Tensor("age"))
    assert [layer.name for layer in both.layers] == ["x", "stem", "kind", "age"]
    assert len(to_keras(Network(both)).outputs) == 2

    chosen = add("both", Collect(input_tensors=("stem_0:0", "")), kind, age)  # type: ignore[arg-type]
    assert chosen.spec.outputs == (Tensor("stem"), Tensor("age"))
    assert "kind" not in {layer.name for layer in chosen.spec.layers}
    with pytest.raises(NodeError, match="no tensor 'nowhere'"):
        add("both", Collect(input_tensors=("nowhere",)), kind, age)  # type: ignore[arg-type]


def test_collect_keeps_weights_and_refuses_branches_trained_apart():
    stem = add("stem", Dense(units=1), add("x", Input(shape=(1,))))
    weights = {"stem": [np.ones((1, 1), np.float32), np.zeros(1, np.float32)]}
    trained = Network(stem.spec, weights)
    assert add("both", Collect(), trained, add("more", Dense(), trained)).weights == weights  # type: ignore[arg-type]

    with pytest.raises(NodeError, match="different sets of weights"):
        other = Network(stem.spec, {"stem": [np.zeros((1, 1), np.float32), np.zeros(1, np.float32)]})
        Collect().execute(Values({"network_1": trained, "network_2": other}), RecordingJob(Path.cwd()))
