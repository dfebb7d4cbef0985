"""Scripts on networks: a Keras model goes in and out, and becomes a network of our own, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError
from nodes.kit.networks.keras_model import to_keras
from nodes.scripts.python_networks import (
    PythonNetworkCreator,
    PythonNetworkEditor,
    PythonNetworkExecutor,
    PythonNetworkLearner,
)
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.networks.learning import classifier, points
from tests.support import RecordingJob, run

DENSE = "import keras\noutput_network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name='end')])"


def made_by(source: str, **settings: Any) -> Network:
    network = run(PythonNetworkCreator(script=source, **settings))["network"]
    assert isinstance(network, Network)
    return network


def test_the_template_makes_a_network_that_keras_agrees_with() -> None:
    network = run(PythonNetworkCreator())["network"]
    assert [layer.kind for layer in network.spec.layers] == ["InputLayer", "Conv2D", "GlobalAveragePooling2D", "Dense"]
    assert network.spec.describe().startswith("10")
    image = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    assert to_keras(network).predict(image, verbose=0).shape == (2, 10)


def test_the_seed_decides_the_weights_and_they_are_kept() -> None:
    one, same, other = (made_by(DENSE, seed=seed).weights["end"][0] for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert not PythonNetworkCreator(seed=None).reproducible


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("output_network = 3", "is a int, not a keras.Model"),
        ("import keras\noutput_network = keras.Sequential([keras.layers.Dense(3)])", "does not know what goes into it"),
        ("import keras\noutput_network = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x)])", "Lambda"),
        (
            "import keras\nclass Mine(keras.layers.Layer):\n    def call(self, x):\n        return x\n"
            "output_network = keras.Sequential([keras.Input((4,)), Mine()])",
            "Mine",
        ),
        (
            "import keras\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
            "        self.d = keras.layers.Dense(2)\n    def call(self, x):\n        return self.d(x)\n"
            "output_network = Net()\noutput_network(keras.ops.ones((1, 4)))",
            "Net|described by its layers",
        ),
        ("import keras\noutput_network = keras.Model(1)", "line 2"),
    ],
)
def test_what_cannot_become_a_network_is_refused_in_words(source: str, message: str) -> None:
    with pytest.raises(NodeError, match=message) as caught:
        made_by(source)
    assert caught.value.setting == "script"
    assert caught.value.remedy


def test_an_edited_network_keeps_the_weights_of_the_layers_that_stay() -> None:
    before = made_by(DENSE)
    source = (
        "import keras\nx = keras.layers.Dense(2, name='more')(input_network.outputs[0])\n"
        "input_network.get_layer('end').trainable = False\noutput_network = keras.Model(input_network.inputs, x)"
    )
    after = run(PythonNetworkEditor(script=source), {"network": before})["network"]
    assert (after.weights["end"][0] == before.weights["end"][0]).all()
    assert [layer.name for layer in after.spec.layers if layer.weights] == ["end", "more"]
    assert not after.spec.layer("end").trainable
    assert run(PythonNetworkEditor(), {"network": before})["network"].spec.layers[-1].config == before.spec.layers[-1].config


def test_a_script_trains_with_live_curves(tmp_path: Path) -> None:
    source = (
        "x, y = input_table['features'].to_numpy(), input_table['number'].to_numpy()\n"
        "input_network.compile(optimizer='adam', loss='sparse_categorical_crossentropy')\n"
        "input_network.fit(x, y, epochs=2, batch_size=32, verbose=0, callbacks=[live])\n"
        "output_network = input_network"
    )
    job = RecordingJob(tmp_path)
    network = made_by("import keras\noutput_network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, 'softmax')])")
    inputs = {"network": network, "table": points()}
    trained = run(PythonNetworkLearner(script=source), inputs, job=job)["network"]
    assert [(step, set(values)) for step, values, epoch in job.points if epoch] == [(1, {"loss"}), (2, {"loss"})]
    assert job.fractions[-1] == 1.0
    assert [layer.uid for layer in trained.spec.layers] == [layer.uid for layer in network.spec.layers]
    name = trained.spec.layers[-1].name
    assert (trained.weights[name][0] != network.weights[name][0]).any()
    stopped = RecordingJob(tmp_path, stop_requested=True)
    run(PythonNetworkLearner(script=source), inputs, job=stopped)
    assert [step for step, _, epoch in stopped.points if epoch] == [1]


def test_a_script_applies_a_network() -> None:
    source = (
        "import polars as pl\np = input_network.predict(input_table['features'].to_numpy(), verbose=0)\n"
        "output_table = input_table.with_columns(pl.Series('p', p, dtype=pl.Array(pl.Float32, 3)))"
    )
    network, table = classifier(), points(8)
    untouched = run(PythonNetworkExecutor(), {"network": network, "table": table})["table"]
    assert untouched.classes == table.classes
    made: Table = run(PythonNetworkExecutor(script=source), {"network": network, "table": table})["table"]
    assert made.schema["p"] == pl.Array(pl.Float32, 3)
    assert np.allclose(made.frame()["p"].to_numpy().sum(axis=1), 1, atol=1e-5)
