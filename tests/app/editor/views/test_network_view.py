"""A network on the screen: its layers as a table, its architecture as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import Connection, NodeRecord, Workflow
from app.editor.look import look
from app.editor.views import architecture as architecture_module
from app.editor.views.architecture import arranged, layer_color
from app.editor.views.layer_origin import LayerOrigin
from app.editor.views.network_view import NetworkView
from app.engine.inspection.figures import describe_network
from nodes.catalog import Catalog
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec, WeightSpec
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


# ------------------------------------------------------------------------------------------------------ folds and finding


def deep(blocks: int) -> NetworkSpec:
    """A network of residual blocks of four layers each."""
    layers: list[tuple[str, str, Sequence[str], int]] = [("in", "InputLayer", (), 0), ("stem", "Conv2D", ("in",), 448)]
    before = "stem"
    for n in range(blocks):
        layers += [
            (f"conv{n}", "Conv2D", (before,), 10),
            (f"norm{n}", "BatchNormalization", (f"conv{n}",), 4),
            (f"add{n}", "Add", (before, f"norm{n}"), 0),
            (f"relu{n}", "ReLU", (f"add{n}",), 0),
        ]
        before = f"relu{n}"
    return network(*layers, ("out", "Dense", (before,), 8))


def click(qtbot: QtBot, view: NetworkView, place: QPointF) -> None:
    drawing = view.architecture
    drawing.look_at(place)
    qtbot.mouseClick(drawing.viewport(), Qt.MouseButton.LeftButton, pos=drawing.mapFromScene(place))


def test_repeated_blocks_are_one_box_that_opens_and_closes(qtbot: QtBot, view: NetworkView) -> None:
    view.show_network(describe_network(deep(6)))
    drawing = view.architecture.drawing
    assert drawing is not None
    assert [box.fold.title if box.fold else box.layer.name for box in drawing.boxes.values()] == [
        "in", "stem", "Conv block × 6", "out",
    ]  # fmt: skip
    click(qtbot, view, drawing.boxes[2].rect.center())
    drawing = view.architecture.drawing
    assert drawing is not None
    assert [box.fold.title for box in drawing.boxes.values() if box.fold] == ["Conv block"] * 6
    click(qtbot, view, drawing.boxes[6].rect.center())
    assert {"conv1", "norm1", "add1", "relu1"} <= set(view.architecture.boxes)
    drawing = view.architecture.drawing
    assert drawing is not None
    assert [fold.title for fold, _ in drawing.frames] == ["Conv block × 6", "Conv block"]
    outer = drawing.frames[0][1]
    assert all(outer.contains(box.rect) for first, box in drawing.boxes.items() if 2 <= first < 26)
    assert outer.contains(drawing.frames[1][1])
    click(qtbot, view, outer.topLeft() + QPointF(40, 8))
    drawing = view.architecture.drawing
    assert drawing is not None
    assert len(drawing.boxes) == 4
    view.architecture.grab()


def test_all_blocks_are_opened_and_folded_at_once(qtbot: QtBot, view: NetworkView) -> None:
    view.show_network(describe_network(deep(6)))
    assert view.unfold.isVisible()
    qtbot.mouseClick(view.unfold, Qt.MouseButton.LeftButton)
    assert len(view.architecture.boxes) == 27
    assert view.unfold.toolTip() == "Fold all repeated blocks"
    qtbot.mouseClick(view.unfold, Qt.MouseButton.LeftButton)
    assert len(view.architecture.boxes) == 4
    view.show_network(describe_network(BRANCHES))
    assert not view.unfold.isVisible(), "there is nothing to fold"


def test_what_flows_into_and_out_of_a_fold_is_on_its_edges(view: NetworkView) -> None:
    view.show_network(describe_network(deep(6)))
    drawing = view.architecture.drawing
    assert drawing is not None
    assert drawing._edges == {(0, 1): ["8 x 8 x 3"], (1, 2): ["8 x 8 x 3"], (2, 26): ["8 x 8 x 3"]}


def test_it_goes_down_or_to_the_right_as_one_likes(qtbot: QtBot, view: NetworkView) -> None:
    def way() -> tuple[bool, bool]:
        boxes = view.architecture.boxes
        return boxes["in"].rect.right() < boxes["a"].rect.left(), boxes["in"].rect.bottom() < boxes["a"].rect.top()

    assert way() == (True, False), "as there is room"
    qtbot.mouseClick(view.turn, Qt.MouseButton.LeftButton)
    assert way() == (False, True)
    view.resize(1000, 300)
    assert way() == (False, True), "what was chosen stays"
    qtbot.mouseClick(view.turn, Qt.MouseButton.LeftButton)
    assert way() == (True, False)


def test_the_overview_is_there_where_not_all_is_seen_and_moves_the_view(qtbot: QtBot, view: NetworkView) -> None:
    assert not view.overview.isVisible()
    view.show_network(describe_network(deep(30)))
    view.architecture.unfold_all(True)
    assert view.overview.isVisible()
    assert not view.architecture.visible_area().contains(view.architecture.boxes["out"].rect)
    qtbot.mouseClick(view.overview, Qt.MouseButton.LeftButton, pos=QPoint(view.overview.width() - 8, view.overview.height() // 2))
    assert view.architecture.visible_area().intersects(view.architecture.boxes["out"].rect)
    view.grab()
    qtbot.mouseClick(view.fit, Qt.MouseButton.LeftButton)
    assert view.architecture.visible_area().contains(view.architecture.boxes["out"].rect)
    assert not view.overview.isVisible()


def test_a_click_at_a_layer_asks_for_its_node_and_a_drag_does_not(qtbot: QtBot, view: NetworkView) -> None:
    place = view.architecture.boxes["b"].rect.center()
    with qtbot.waitSignal(view.layer_wanted) as wanted:
        click(qtbot, view, place)
    assert wanted.args == ["b"]
    port, spot = view.architecture.viewport(), view.architecture.mapFromScene(place)
    with qtbot.assertNotEmitted(view.layer_wanted):
        qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseMove(port, spot + QPoint(40, 0))
        qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=spot + QPoint(40, 0))


def test_a_thousand_layers_are_drawn_by_what_is_seen_of_them(view: NetworkView) -> None:
    view.show_network(describe_network(deep(250)))
    assert len(view.architecture.boxes) == 4
    view.architecture.unfold_all(True)
    drawing = view.architecture.drawing
    assert drawing is not None
    assert len(drawing.boxes) == 1003
    painted: list[str] = []
    before = architecture_module._paint_box
    try:
        architecture_module._paint_box = lambda *given, **_: painted.append(given[2].layer.name)
        view.architecture.grab()
    finally:
        architecture_module._paint_box = before
    assert 0 < len(painted) < 40


def test_the_node_that_made_a_layer_is_found_up_the_wires(qtbot: QtBot, tmp_path: Path) -> None:
    catalog = Catalog.load(plugins=False)
    names = {"input": "keras.input", "dense": "keras.dense", "more": "keras.dense"}
    records = [NodeRecord(id=n, type=t, type_version=catalog[t].version) for n, t in names.items()]
    wires = [
        Connection.model_validate({"from": f"{a}.network", "to": f"{b}.network"})
        for a, b in (("input", "dense"), ("dense", "more"))
    ]
    document = Document(Workflow(nodes=records, connections=wires), catalog)
    layers: list[tuple[str, str, Sequence[str], int]] = [
        ("in", "InputLayer", (), 0), ("one", "Dense", ("in",), 3), ("two", "Dense", ("one",), 3),
    ]  # fmt: skip
    outputs = {node: stored(tmp_path / node, {"network": Network(network(*layers[: n + 1]), {})}) for n, node in enumerate(names)}
    owner = QObject()
    origin = LayerOrigin(LocalAsks(outputs), catalog, owner)
    for layer, node in (("in", "input"), ("one", "dense"), ("two", "more")):
        found: list[str] = []
        origin.find("doc", document, ("more", layer), found.append)
        qtbot.waitUntil(lambda found=found: bool(found))  # type: ignore[misc]
        assert found == [node]
