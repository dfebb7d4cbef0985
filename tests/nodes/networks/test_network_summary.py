"""The Network Summary: one row per layer, with what Keras would say of it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from nodes.base import Values
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.normalization import BatchNormalization
from nodes.layers.reshaping import Flatten
from nodes.networks.network_summary import NetworkSummary
from nodes.values.network import Call, Network, Tensor
from tests.nodes.layers.building import chain
from tests.support import run


def test_a_row_per_layer():
    network = chain(
        Input(shape=(None, 8, 3)), Conv2D(filters=4, kernel_size=(3, 3)), BatchNormalization(name_prefix="norm"), Flatten()
    )
    table = run(NetworkSummary(), {"network": network})["table"].frame()

    assert table.equals(
        pl.DataFrame(
            {
                "layer": ["node_1", "node_2", "norm_1", "node_4"],
                "class": ["InputLayer", "Conv2D", "BatchNormalization", "Flatten"],
                "output shape": ["? x 8 x 3", "? x 6 x 4", "? x 6 x 4", "?"],
                "parameters": [0, 112, 16, 0],
                "trainable parameters": [0, 112, 8, 0],
                "trainable": [True] * 4,
                "inputs": ["", "node_1_0:0", "node_2_0:0", "norm_1_0:0"],
                "multiply-adds": pl.Series([0, None, None, 0], dtype=pl.Int64),
                "output memory": pl.Series([None] * 4, dtype=pl.Int64),
            }
        )
    )


def test_frozen_and_shared_layers_and_the_totals_in_the_view():
    spec = chain(Input(shape=(2,)), Dense(units=2), Dense(units=500)).spec
    again = Call("node_2", 1, (Tensor("node_2"),), spec.calls[1].outputs)
    spec = replace(spec, calls=(*spec.calls[:2], again, replace(spec.calls[2], inputs=(Tensor("node_2", 1),))))
    spec = spec.with_layers([replace(spec.layer("node_2"), trainable=False)])
    outputs = run(NetworkSummary(), {"network": Network(spec)})

    row = outputs["table"].frame().row(1, named=True)
    assert (row["output shape"], row["inputs"]) == ("2", "node_1_0:0; node_2_0:0")
    assert (row["parameters"], row["trainable parameters"], row["trainable"]) == (6, 0, False)
    text = NetworkSummary().views(Values(outputs))[0].text
    assert text.splitlines()[0].split() == ["Layer", "Class", "Output", "shape", "Parameters", "Multiply-adds", "Inputs"]
    assert "6 frozen" in text
    assert text.endswith(
        "Parameters: 1\u202f506, of which training changes 1\u202f500. One example costs 1\u202f008 multiply-adds."
    )
