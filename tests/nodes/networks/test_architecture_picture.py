"""Architecture Picture: boxes for layers, arrows for what flows between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodes.layers.convolution import Conv2D
from nodes.layers.core import Dropout
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Add
from nodes.layers.reshaping import Flatten
from nodes.networks.architecture_picture import ArchitecturePicture
from nodes.values.figure import DiagramEdge, DiagramFigure
from nodes.values.network import Call, Network, Tensor
from tests.nodes.layers.building import add, chain, image
from tests.support import run


def picture(network: Network, **settings: Any) -> DiagramFigure:
    figure = run(ArchitecturePicture.model_validate(settings), {"network": network})["figure"]
    assert isinstance(figure, DiagramFigure)
    return figure


def test_boxes_say_what_a_layer_is_and_arrows_what_flows():
    network = chain(Input(shape=(8, 8, 1)), Conv2D(filters=4, kernel_size=(3, 3), activation="relu"), Flatten())
    figure = picture(network)

    assert [box.title for box in figure.boxes] == ["InputLayer", "Conv2D", "Flatten"]
    assert [list(box.lines) for box in figure.boxes] == [["node_1"], ["node_2", "40 parameters · relu"], ["node_3"]]
    assert figure.boxes[0].hue is None
    assert figure.boxes[1].hue != figure.boxes[2].hue
    assert figure.edges == [DiagramEdge(0, 1, "8 × 8 × 1"), DiagramEdge(1, 2, "6 × 6 × 4"), DiagramEdge(2, None, "144")]


def test_what_is_not_wanted_is_left_out():
    network = chain(Input(shape=(None, 2)), Dense(units=3, activation="softmax"))
    off = dict.fromkeys(("show_layer_names", "show_parameters", "show_layer_activations", "show_shapes"), False)

    assert [box.lines for box in picture(network, **off).boxes] == [[], []]
    assert {edge.label for edge in picture(network, **off).edges} == {""}
    assert picture(network, show_parameters=False).boxes[1].lines == ["node_2", "softmax"]
    assert [edge.label for edge in picture(network, show_dtype=True).edges] == ["? × 2 float32", "? × 3 float32"]


def test_frozen_layers_say_so():
    network = chain(Input(shape=(2,)), Dense(units=1))
    frozen = [replace(layer, trainable=False) for layer in network.spec.layers]

    assert picture(Network(replace(network.spec, layers=tuple(frozen)), {})).boxes[1].lines == ["node_2", "3 parameters, frozen"]


def test_branches_meet():
    start = image(4)
    figure = picture(add("sum", Add(), add("left", Dense(units=4), start), add("right", Dense(units=4), start)))

    assert [edge for edge in figure.edges if edge.target == 3] == [DiagramEdge(1, 3, "4"), DiagramEdge(2, 3, "4")]


def test_a_layer_used_twice_has_two_boxes():
    spec = chain(Input(shape=(4,)), Dense(units=4)).spec
    again = Call("node_2", 1, (Tensor("node_2"),), spec.calls[1].outputs)
    figure = picture(Network(replace(spec, calls=(*spec.calls, again), outputs=(Tensor("node_2", 1),)), {}))

    assert [box.title for box in figure.boxes] == ["InputLayer", "Dense", "Dense"]
    assert figure.edges == [DiagramEdge(0, 1, "4"), DiagramEdge(1, 2, "4"), DiagramEdge(2, None, "4")]


def test_blocks_that_repeat_are_one_box_in_a_deep_network():
    blocks = [layer for _ in range(5) for layer in (Conv2D(filters=4, kernel_size=(3, 3), padding="same"), Conv2D(filters=2, kernel_size=(1, 1)), Dropout(rate=0.1), Dropout(rate=0.2))]  # fmt: skip  # noqa: E501
    network = chain(Input(shape=(8, 8, 3)), *blocks, Flatten(), Dense(units=2))
    figure = picture(network)

    assert [box.title for box in figure.boxes] == ["InputLayer", "Conv block × 5", "Flatten", "Dense"]
    count = sum(layer.parameters for layer in network.spec.layers[1:21])
    assert figure.boxes[1].lines == ["node_2 … node_21", f"20 layers · {count} parameters"]
    assert figure.edges == [
        DiagramEdge(0, 1, "8 × 8 × 3"), DiagramEdge(1, 2, "8 × 8 × 2"), DiagramEdge(2, 3, "128"), DiagramEdge(3, None, "2"),
    ]  # fmt: skip
    assert len(picture(network, fold_repeats=False).boxes) == 23
