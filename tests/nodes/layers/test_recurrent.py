"""Recurrent layers and the wrappers around them: states go where they belong, and mistakes are found early."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from nodes.base import NodeError, Specs, Values
from nodes.kit.layers.base import Layer
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.networks.keras_model import import_keras, to_keras, weights_of
from nodes.layers.bidirectional import RECURRENT_GROUPS, Bidirectional
from nodes.layers.collect import Collect
from nodes.layers.conv_recurrent import ConvLSTM1D, ConvLSTM2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.recurrent import GRU, LSTM, CudnnGRU, CudnnLSTM
from nodes.layers.time_distributed import TimeDistributed
from nodes.values.network import Network, Tensor, TensorSpec
from tests.nodes.layers.building import add
from tests.support import RecordingJob

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
        if isinstance(layer, PortedLayer):
            layer.infer_ports(given, False)
        else:
            layer.infer(list(given.values()), False)

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
