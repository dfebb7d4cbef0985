"""Nodes that change a network, or look into it: what they leave alone matters as much as what they change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import Node, NodeError, Specs, Values
from nodes.kit.networks.cost import multiply_adds
from nodes.kit.networks.keras_model import to_keras, weights_of
from nodes.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Concatenate
from nodes.layers.normalization import BatchNormalization
from nodes.layers.pooling import MaxPooling2D
from nodes.layers.reshaping import Flatten
from nodes.networks.freeze_layers import FreezeLayers
from nodes.networks.layer_weights import LayerWeights
from nodes.networks.load_weights import LoadWeights
from nodes.networks.network_comparison import NetworkComparison
from nodes.networks.rename_layers import RenameLayers
from nodes.networks.reset_weights import ResetWeights
from nodes.networks.set_output_layers import SetOutputLayers
from nodes.values.network import Network
from tests.nodes.layers.building import add, chain
from tests.support import RecordingJob, configure, run


def trained(seed: int = 1) -> Network:
    """Input, convolution, normalization, flatten, dropout, dense; with weights."""
    network = chain(
        Input(shape=(6, 6, 2)), Conv2D(filters=3, kernel_size=(3, 3)), BatchNormalization(), Flatten(), Dropout(), Dense(units=4)
    )
    rng = np.random.default_rng(seed)
    weights = {
        la.name: [rng.uniform(0.1, 1, w.shape).astype("f4") for w in la.weights] for la in network.spec.layers if la.weights
    }
    return Network(network.spec, weights)


def changed(node: Node, network: Network, folder: Path | None = None) -> Network:
    """What a node makes of a network; what it promises is what it gives."""
    made = run(node, {"network": network}, folder)["network"]
    assert isinstance(made, Network)
    assert configure(node, {"network": network}, folder)["network"] == made.spec
    return made


def warnings_of(node: Node, network: Network) -> list[str]:
    specs = Specs({"network": network.spec})
    node.configure(specs)
    return specs.warnings


def frozen(network: Network) -> list[str]:
    return [layer.name for layer in network.spec.layers if not layer.trainable]


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# --------------------------------------------------------------------------------------------------------------- freezing


def test_chosen_layers_are_frozen_and_the_others_stay_as_they_are():
    network = trained()
    once = changed(FreezeLayers(frozen=["node_2"]), network)
    assert frozen(once) == ["node_2"]
    assert once.weights is network.weights
    assert frozen(changed(FreezeLayers(frozen=["node_3"]), once)) == ["node_2", "node_3"]
    assert frozen(changed(FreezeLayers(frozen=["node_3"], others="train"), once)) == ["node_3"]
    assert frozen(changed(FreezeLayers(trainable=["node_6"], others="freeze"), once)) == ["node_2", "node_3"]
    assert frozen(changed(FreezeLayers(trainable=["node_2"]), once)) == []


def test_keras_trains_what_is_not_frozen():
    model = to_keras(changed(FreezeLayers(frozen=["node_2", "node_3"]), trained()))
    assert [tuple(w.shape) for w in model.trainable_weights] == [(48, 4), (4,)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"mode": "wildcard", "pattern": "node_[2-3]"}, []),
        ({"mode": "wildcard", "pattern": "*_?"}, ["node_2", "node_3", "node_6"]),
        ({"mode": "regex", "pattern": "NODE_[23]", "case_sensitive": False}, ["node_2", "node_3"]),
        ({"mode": "up to", "last": "node_4_0:0"}, ["node_2", "node_3"]),
        ({"mode": "up to", "last": "node_2"}, ["node_2"]),
    ],
)
def test_layers_are_found_by_a_pattern_or_as_all_up_to_one(settings: dict[str, Any], expected: list[str]):
    assert frozen(changed(FreezeLayers(**settings), trained())) == expected


def test_freezing_says_what_is_odd():
    network = trained()
    assert "Nothing changes" in warnings_of(FreezeLayers(), network)[0]
    assert "Every layer is frozen" in warnings_of(FreezeLayers(others="freeze"), network)[0]
    with pytest.raises(NodeError, match="no layer 'gone'") as error:
        changed(FreezeLayers(frozen=["gone"]), network)
    assert error.value.setting == "frozen"
    with pytest.raises(NodeError, match="in both lists"):
        changed(FreezeLayers(frozen=["node_2"], trainable=["node_2"]), network)
    with pytest.raises(NodeError, match="No last layer"):
        changed(FreezeLayers(mode="up to"), network)


# ------------------------------------------------------------------------------------------------------ outputs and names


def test_a_hidden_tensor_becomes_the_output_and_what_is_behind_it_is_dropped():
    network = trained()
    cut = changed(SetOutputLayers(outputs=["node_4_0:0"]), network)
    x = np.random.default_rng(0).random((3, 6, 6, 2), np.float32)

    assert [layer.name for layer in cut.spec.layers] == ["node_1", "node_2", "node_3", "node_4"]
    assert set(cut.weights) == {"node_2", "node_3"}
    whole = to_keras(network)
    kernel, bias = whole.get_layer("node_6").get_weights()
    features = to_keras(cut).predict(x, verbose=0)
    np.testing.assert_allclose(features @ kernel + bias, whole.predict(x, verbose=0), rtol=1e-4)


def test_several_outputs_keep_their_order_and_unused_inputs_go():
    left, right = add("left", Input(shape=(2,))), add("right", Input(shape=(3,)))
    one = add("one", Dense(units=2), left)
    both = add("both", Concatenate(), one, right)
    made = changed(SetOutputLayers(outputs=["both", "one_0:0"]), both)
    assert [str(t) for t in made.spec.outputs] == ["both_0:0", "one_0:0"]
    assert [str(t) for t in changed(SetOutputLayers(outputs=["one"]), both).spec.inputs] == ["left_0:0"]
    for outputs, message in (([], "No output"), (["gone"], "no tensor 'gone'"), (["one", "one_0:0"], "chosen twice")):
        with pytest.raises(NodeError, match=message):
            changed(SetOutputLayers(outputs=outputs), both)


def test_renamed_layers_compute_the_same():
    network = trained()
    network = Network(
        network.spec.__class__(**{**vars(network.spec), "classes": {"node_6_0:0": ("a", "b", "c", "d")}}), network.weights
    )
    made = changed(RenameLayers(search=r"node_(\d)", replacement=r"layer\1", regex=True, prefix="p_", suffix="_s"), network)
    x = np.random.default_rng(0).random((2, 6, 6, 2), np.float32)

    assert [layer.name for layer in made.spec.layers] == [f"p_layer{n}_s" for n in range(1, 7)]
    assert made.spec.classes == {"p_layer6_s_0:0": ("a", "b", "c", "d")}
    np.testing.assert_array_equal(to_keras(made).predict(x, verbose=0), to_keras(network).predict(x, verbose=0))
    some = changed(RenameLayers(layers=["node_2"], search="node", replacement="conv"), network)
    assert [layer.name for layer in some.spec.layers][:3] == ["node_1", "conv_2", "node_3"]


def test_names_that_cannot_be_are_refused():
    network = trained()
    for settings, message in (
        ({"search": r"_\d", "regex": True}, "would both be called 'node'"),
        ({"prefix": "a/"}, "cannot be the name"),
        ({"suffix": " Größe"}, "cannot be the name"),
        ({"suffix": "\\"}, "cannot be the name"),
        ({"search": "(", "regex": True}, "cannot be done"),
    ):
        with pytest.raises(NodeError, match=message):
            changed(RenameLayers(**settings), network)  # type: ignore[arg-type]
    assert warnings_of(RenameLayers(), network)


# ---------------------------------------------------------------------------------------------------------------- weights


def test_weights_are_listed_with_their_statistics():
    network = trained()
    kernel = network.weights["node_2"][0]
    kernel[0, 0, 0, 0], kernel[0, 0, 0, 1] = 0, np.nan
    output = run(LayerWeights(values=True), {"network": network})["table"]
    table = output.frame()

    assert table["weight"].to_list() == ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "kernel", "bias"]
    assert table["trainable"].to_list() == [True] * 4 + [False] * 2 + [True] * 2
    first = table.row(0, named=True)
    finite = kernel[np.isfinite(kernel)].astype(np.float64)
    assert (first["shape"], first["count"], first["not finite"]) == ("3 x 3 x 2 x 3", 54, 1)
    for name, value in (("mean", finite.mean()), ("std", finite.std()), ("min", 0), ("max", finite.max()), ("zeros", 1 / 53)):
        assert first[name] == pytest.approx(value)
    assert first["norm"] == pytest.approx(np.linalg.norm(finite))
    assert first["histogram"] == np.histogram(finite, 40)[0].tolist()
    assert np.array_equal(np.array(first["values"], np.float32), kernel.ravel(), equal_nan=True)
    figures = LayerWeights().views(Values({"table": output}))
    assert figures[0].title == "node_2: kernel"
    assert len(figures[0].edges) == 41


def test_weights_that_are_not_there_yet_are_missing():
    table = run(LayerWeights(layers=["node_6"]), {"network": Network(trained().spec)})["table"].frame()
    assert table["mean"].to_list() == [None, None]
    assert table["count"].to_list() == [192, 4]
    assert run(LayerWeights(), {"network": chain(Input(shape=(2,)))})["table"].height == 0
    same_numbers = Network(trained().spec, {"node_6": [np.full((48, 4), 2.0, np.float32), np.full(4, np.inf, np.float32)]})
    constant = run(LayerWeights(layers=["node_6"]), {"network": same_numbers})["table"].frame()
    assert constant.select("mean", "std", "not finite").rows() == [(2.0, 0.0, 0), (None, None, 4)]


def test_new_weights_by_seed():
    network = changed(FreezeLayers(frozen=["node_2"]), trained())
    made, again, other = (changed(ResetWeights(seed=seed), network) for seed in (7, 7, 8))
    assert same(made.weights["node_6"], again.weights["node_6"])
    assert not same(made.weights["node_6"], other.weights["node_6"])
    assert same(made.weights["node_2"], network.weights["node_2"]), "frozen"
    assert same(made.weights["node_3"], [np.ones(3), np.zeros(3), np.zeros(3), np.ones(3)])
    chosen = changed(ResetWeights(layers=["node_2"], seed=7), network)
    assert same(chosen.weights["node_2"], weights_of(to_keras(Network(network.spec), 7), network.spec)["node_2"])
    assert chosen.weights["node_6"] is network.weights["node_6"]
    assert not ResetWeights(seed=None).reproducible
    with pytest.raises(NodeError, match="No layer has weights"):
        changed(ResetWeights(layers=["node_4"]), network)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_weights_of_a_file_go_onto_a_network_by_order_and_by_name(ending: str, tmp_path: Path):
    source, target = trained(3), trained(4)
    model = to_keras(source)
    path = tmp_path / f"some{ending}"
    model.save_weights(path) if ending == ".weights.h5" else saved(model, path)

    for match in ("order", "name"):
        made = changed(LoadWeights(path=str(path), match=match), target)
        assert all(same(made.weights[name], source.weights[name]) for name in source.weights)
    renamed = changed(RenameLayers(prefix="other_"), target)
    by_order = changed(LoadWeights(path=str(path)), renamed)
    assert same(by_order.weights["other_node_2"], source.weights["node_2"])
    with pytest.raises(NodeError, match="No layer of the network is called"):
        configure(LoadWeights(path=str(path), match="name"), {"network": renamed})


def saved(model: Any, path: Path) -> None:
    from absl import logging

    logging.set_verbosity(logging.ERROR)  # Keras advises against .h5
    model.save(path)


def test_weights_that_do_not_fit_stop_the_node_or_are_skipped(tmp_path: Path):
    source = trained(3)
    to_keras(source).save_weights(tmp_path / "a.weights.h5")
    wider = chain(
        Input(shape=(6, 6, 2)), Conv2D(filters=3, kernel_size=(3, 3)), BatchNormalization(), Flatten(), Dropout(), Dense(units=9)
    )
    node = LoadWeights(path="a.weights.h5")
    with pytest.raises(NodeError, match="'node_6' do not fit: it has 48 x 9, 9, stored as 'dense' are 48 x 4, 4"):
        run(node, {"network": wider}, tmp_path)
    job = RecordingJob(tmp_path)
    made = run(LoadWeights(path="a.weights.h5", mismatch="skip"), {"network": wider}, tmp_path, job)["network"]
    assert set(made.weights) == {"node_2", "node_3"}
    assert "node_6" in job.warnings[0]
    with pytest.raises(NodeError, match="has 1 layers with weights, the file 3"):
        run(node, {"network": chain(Input(shape=(6, 6, 2)), Conv2D(filters=3, kernel_size=(3, 3)))}, tmp_path)


def test_files_without_weights_are_refused(tmp_path: Path):
    (tmp_path / "no.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    for path, message in (("", "No file"), ("gone.h5", "There is no file"), ("no.h5", "cannot be read")):
        with pytest.raises(NodeError, match=message):
            configure(LoadWeights(path=path), {"network": trained()}, tmp_path)


# ------------------------------------------------------------------------------------------------------------- what it costs


def test_multiply_adds_are_those_counted_by_hand():
    network = chain(
        Input(shape=(8, 8, 3)),
        Conv2D(filters=4, kernel_size=(3, 3), strides=(2, 2), padding="same"),
        DepthwiseConv2D(kernel_size=(3, 3), depth_multiplier=2),
        SeparableConv2D(filters=5, kernel_size=(1, 1)),
        MaxPooling2D(),
        Flatten(),
        Dense(units=7),
    )
    cost = {layer.name: multiply_adds(network.spec, layer) for layer in network.spec.layers}
    assert cost == {
        "node_1": 0, "node_2": 4 * 4 * 27 * 4, "node_3": 2 * 2 * 9 * 8, "node_4": 2 * 2 * (8 + 8 * 5), "node_5": 0,
        "node_6": 0, "node_7": 5 * 7,
    }  # fmt: skip


def test_networks_side_by_side():
    small, large = trained(), chain(Input(shape=(6, 6, 2)), Flatten(), Dense(units=50), Dense(units=4))
    inputs = {"network_1": small, "network_2": large}
    output = run(NetworkComparison(names=["CNN"]), inputs)["table"]
    table = output.frame()

    assert table["network"].to_list() == ["CNN", "Network 2"]
    assert table["inputs"].to_list() == ["6 x 6 x 2"] * 2
    assert table["parameters"].to_list() == [to_keras(n).count_params() for n in (small, large)]
    assert table["weight memory"].to_list() == [4 * n for n in table["parameters"]]
    assert table["multiply-adds"].to_list() == [4 * 4 * 54 + 48 + 48 * 4, 72 * 50 + 50 * 4]
    assert [figure.title for figure in NetworkComparison().views(Values({"table": output}))] == ["Parameters", "Multiply-adds"]
    unknown = run(NetworkComparison(), {"network_1": chain(Input(shape=(None, 6, 2)), Conv2D(filters=1)), "network_2": large})
    assert unknown["table"].frame().select(pl.col("multiply-adds", "output memory").null_count()).row(0) == (1, 1)
    with pytest.raises(NodeError, match="same name"):
        configure(NetworkComparison(names=["a", "a"]), inputs)
