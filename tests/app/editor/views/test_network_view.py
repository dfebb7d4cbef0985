"""A network on the screen: its layers as a table, its architecture as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.editor.look import look
from app.editor.views.architecture import arranged, layer_color
from app.editor.views.network_view import NetworkView
from app.engine.inspection.figures import describe_network
from nodes.values.network import Call, LayerSpec, NetworkSpec, Tensor, TensorSpec, WeightSpec
from tests.app.editor.views.results import LocalAsks
from tests.app.engine.inspection.test_figures import stored
from tests.nodes.networks.learning import classifier

pytestmark = pytest.mark.usefixtures("light", "at_rest")


def network(*layers: tuple[str, str, Sequence[str], int]) -> NetworkSpec:
    """A network of layers given by name, class, inputs and number of parameters."""
    specs = tuple(LayerSpec(n, kind, {}, n, (WeightSpec("w", (p,)),) if p else ()) for n, kind, _, p in layers)
    calls = tuple(Call(n, 0, tuple(Tensor(i) for i in inputs), (TensorSpec((8, 8, 3)),)) for n, _, inputs, _ in layers)
    return NetworkSpec(specs, calls, (Tensor(layers[0][0]),), (Tensor(layers[-1][0]),))


BRANCHES = network(
    ("in", "InputLayer", (), 0),
    ("a", "Conv2D", ("in",), 448),
    ("b", "Conv2D", ("a",), 64),
    ("c", "MaxPooling2D", ("a",), 0),
    ("sum", "Add", ("a", "b", "c"), 0),
)


@pytest.fixture
def view(qtbot: QtBot) -> NetworkView:
    made = NetworkView(LocalAsks({}), "doc")
    qtbot.addWidget(made)
    made.resize(900, 320)
    made.show()
    made.show_network(describe_network(BRANCHES))
    return made


@pytest.mark.parametrize("upright", [True, False])
def test_every_layer_stands_behind_all_it_needs_and_none_on_another(upright: bool) -> None:
    described = describe_network(BRANCHES)
    boxes = arranged(described, upright=upright)
    assert set(boxes) == {"in", "a", "b", "c", "sum"}
    for edge in described.edges:
        source, target = boxes[edge.source].rect, boxes[edge.target].rect
        assert source.bottom() < target.top() if upright else source.right() < target.left()
    rects = [box.rect for box in boxes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])


def test_a_network_comes_from_the_engine(qtbot: QtBot, tmp_path: Path) -> None:
    outputs = stored(tmp_path, {"network": classifier()})
    made = NetworkView(LocalAsks({"learner": outputs}), "doc")
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.shown):
        made.show_output("learner", "network", "k1")
    assert made.table.model().rowCount() == len(classifier().spec.layers)
    assert "not trained yet" in made._totals.text()


def test_the_layers_are_a_table(qtbot: QtBot, view: NetworkView) -> None:
    qtbot.mouseClick(view._pills.button(1), Qt.MouseButton.LeftButton)
    assert view.table.isVisible()
    model = view.table.model()
    assert [model.index(1, column).data() for column in range(6)] == ["a", "Conv2D", "8 × 8 × 3", "448", "yes", "in"]
    assert model.index(4, 5).data() == "a, b, c"
    assert "5 layers · 512 parameters, all trainable" in view._totals.text()


def test_it_is_zoomed_by_keys_and_wheel_and_fitted_again(qtbot: QtBot, view: NetworkView) -> None:
    drawing = view.architecture
    drawing.setFocus()
    whole = drawing.transform().m11()
    qtbot.keyClick(drawing, Qt.Key.Key_Plus)
    assert drawing.transform().m11() > whole
    for _ in range(60):
        qtbot.keyClick(drawing, Qt.Key.Key_Minus)
    assert drawing.transform().m11() >= 0.05
    qtbot.keyClick(drawing, Qt.Key.Key_0)
    assert drawing.transform().m11() == whole


def test_all_of_a_small_network_is_seen_at_first(view: NetworkView) -> None:
    drawing = view.architecture
    for box in drawing.boxes.values():
        shown: QPoint = drawing.mapFromScene(box.rect.center())
        assert drawing.viewport().rect().contains(shown)


def test_it_is_painted_in_the_colours_of_the_appearance(view: NetworkView) -> None:
    def painted() -> set[str]:
        image = view.architecture.grab().toImage()
        return {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}

    assert layer_color("Conv2D").lower() in painted()
    assert look().colors.panel.lower() in painted()
    look().choose("dark")
    assert look().colors.panel.lower() in painted()


def test_it_is_saved_whole(qtbot: QtBot, view: NetworkView, tmp_path: Path) -> None:
    exports = view._exported()
    assert exports is not None
    for export in exports.files:
        with qtbot.waitSignal(view.exports.saved, timeout=20_000):
            view.exports.save(export, tmp_path / f"network{export.suffix}")
    image = QImage(str(tmp_path / "network.png"))
    assert image.width() > 1000
    svg = ElementTree.fromstring((tmp_path / "network.svg").read_text())
    assert svg.tag.endswith("svg")
    rows = (tmp_path / "network.csv").read_text().splitlines()
    assert rows[2] == "a,Conv2D,8 x 8 x 3,448,448,in_0:0"


def test_a_layer_that_is_used_twice_does_not_confuse_the_order() -> None:
    spec = network(("in", "InputLayer", (), 0), ("shared", "Dense", ("in",), 4), ("next", "Dense", ("shared",), 4))
    again = Call("shared", 1, (Tensor("next"),), (TensorSpec((8, 8, 3)),))
    twice = NetworkSpec(spec.layers, (*spec.calls, again), spec.inputs, (Tensor("shared", 1),))
    assert set(arranged(describe_network(twice), upright=False)) == {"in", "shared", "next"}
