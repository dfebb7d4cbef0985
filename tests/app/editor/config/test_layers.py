"""The layers and tensors that a setting may name are offered, with their shapes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.editor.config.column_pickers import ColumnControl, ColumnsControl
from app.editor.config.dialog_context import DialogContext
from app.editor.config.factory import ControlFactory
from app.editor.config.tensor_per_wire import TensorPerWireControl
from app.engine.inspection.specs import outline_of
from nodes.base import Node
from nodes.declaration.declared import Declared, settings_of
from nodes.layers.collect import Collect
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Concatenate
from nodes.layers.recurrent import LSTM
from nodes.layers.reshaping import Reshape
from nodes.networks.freeze_layers import FreezeLayers
from tests.nodes.layers.building import chain


def declared(name: str) -> Declared:
    return next(d for d in settings_of(FreezeLayers) if d.name == name)


@pytest.fixture
def around(qapp: QApplication) -> DialogContext:
    made = DialogContext()
    made.node.inputs = {"network": outline_of(chain(Input(shape=(2,)), Dense(units=3)).spec)}
    return made


def test_one_tensor_is_chosen_from_a_list_with_shapes(around: DialogContext):
    setting = declared("last")
    control = ControlFactory(around).make(setting.shape, setting)
    assert isinstance(control, ColumnControl)
    assert [control.combo.itemText(n) for n in range(control.combo.count())] == [
        "node_1_0:0   2 float32",
        "node_2_0:0   3 float32",
    ]
    control.set_value("node_2")
    assert (control.combo.currentIndex(), control.combo.toolTip(), control.value()) == (1, "3 float32", "node_2")
    control.set_value("gone")
    assert control.combo.toolTip() == "The network has no tensor 'gone'"


def test_several_layers_are_chosen_from_those_that_have_weights(around: DialogContext):
    setting = declared("frozen")
    control = ControlFactory(around).make(setting.shape, setting)
    assert isinstance(control, ColumnsControl)
    assert [control.list.item(n).text() for n in range(control.list.count())] == ["node_2"]
    control.set_value(["node_1"])
    assert control.list.item(0).toolTip() == "'node_1' has no weights"
    around.node.inputs = {}
    around.changed.emit()
    assert control.summary.text() == "1 chosen · no network yet"


def test_one_number_that_stands_for_several_is_shown_for_each(around: DialogContext):
    settings = {d.name: d for d in (*settings_of(Conv2D), *settings_of(Reshape))}
    for name, value, shown in (("kernel_size", 3, [3, 3]), ("target_shape", 12, [12]), ("kernel_size", None, None)):
        control = ControlFactory(around).make(settings[name].shape, settings[name])
        control.set_value(value)
        assert control.value() == shown


@pytest.mark.parametrize("node", [Concatenate, Collect])
def test_each_input_of_a_merge_has_a_list_of_its_own_networks_tensors(around: DialogContext, node: type[Node]):
    setting = next(d for d in settings_of(node) if d.name == "input_tensors")
    control = ControlFactory(around).make(setting.shape, setting)
    assert isinstance(control, TensorPerWireControl)
    assert (control.pickers, control.value(), control.nothing.isHidden()) == ([], [], False)

    encoder = outline_of(chain(Input(shape=(5, 2)), LSTM(units=3, return_state=True)).spec)
    around.node.inputs = {"network_3": outline_of(chain(Input(shape=(2,)), prefix="other").spec), "network_1": encoder}
    around.changed.emit()
    assert control.nothing.isHidden()
    assert [[p.combo.itemText(n) for n in range(p.combo.count())] for p in control.pickers] == [
        ["none", "node_1_0:0   5 × 2 float32", "node_2_0:0   3 float32", "node_2_0:1   3 float32", "node_2_0:2   3 float32"],
        ["none"],  # of this one nothing is known yet
        ["none", "other_1_0:0   2 float32"],
    ]

    changes: list[object] = []
    control.changed.connect(lambda: changes.append(control.value()))
    first, _, third = control.pickers
    first.combo.setCurrentIndex(4)
    first.combo.activated.emit(4)
    third.combo.setCurrentIndex(1)
    third.combo.activated.emit(1)
    first.combo.setCurrentIndex(0)
    first.combo.activated.emit(0)
    assert changes == [["node_2_0:2"], ["node_2_0:2", "", "other_1_0:0"], ["", "", "other_1_0:0"]]

    around.node.inputs = {"network_1": encoder}
    around.changed.emit()  # what was chosen for the wire that is gone stays, until the person removes it
    assert control.value() == ["", "", "other_1_0:0"]
    control.set_value(["nowhere"])
    assert [p.combo.toolTip() for p in control.pickers] == ["The network has no tensor 'nowhere'"]
