"""The layers and tensors that a setting may name are offered, with their shapes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.editor.config.columns import ColumnControl, ColumnsControl
from app.editor.config.declaration import Declared, settings_of
from app.editor.config.factory import control_for
from app.editor.config.surroundings import Surroundings
from app.engine.session import described
from nodes.layers.core import Dense, Input
from nodes.networks.freeze import FreezeLayers
from tests.nodes.layers.building import chain


def declared(name: str) -> Declared:
    return next(d for d in settings_of(FreezeLayers) if d.name == name)


@pytest.fixture
def around(qapp: QApplication) -> Surroundings:
    made = Surroundings()
    made.inputs = {"network": described(chain(Input(shape=(2,)), Dense(units=3)).spec)}
    return made


def test_one_tensor_is_chosen_from_a_list_with_shapes(around: Surroundings):
    setting = declared("last")
    control = control_for(setting.shape, setting, around)
    assert isinstance(control, ColumnControl)
    assert [control.combo.itemText(n) for n in range(control.combo.count())] == [
        "node_1_0:0   2 float32",
        "node_2_0:0   3 float32",
    ]
    control.set_value("node_2")
    assert (control.combo.currentIndex(), control.combo.toolTip(), control.value()) == (1, "3 float32", "node_2")
    control.set_value("gone")
    assert control.combo.toolTip() == "The network has no tensor 'gone'"


def test_several_layers_are_chosen_from_those_that_have_weights(around: Surroundings):
    setting = declared("frozen")
    control = control_for(setting.shape, setting, around)
    assert isinstance(control, ColumnsControl)
    assert [control.list.item(n).text() for n in range(control.list.count())] == ["node_2"]
    control.set_value(["node_1"])
    assert control.list.item(0).toolTip() == "'node_1' has no weights"
    around.inputs = {}
    around.changed.emit()
    assert control.summary.text() == "1 chosen · no network yet"
