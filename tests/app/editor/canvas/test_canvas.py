"""The canvas shows what the document is, says what there is to say of it, and lets go of it when it is closed."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from app.document.editing import Document
from app.document.file import load
from app.document.geometry import TILE
from app.document.model import Annotation, Connection, NodeRecord, NodeView, View, Workflow
from app.document.problems import DocumentError, Problem
from app.editor.canvas import Canvas
from app.editor.canvas.export import _area
from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.painting import far_pixmap, node_pixmap
from app.editor.canvas.selection import Hit
from app.editor.canvas.text_painting import wrapped
from app.editor.canvas.tips import tip_of
from app.editor.colors import DARK, LIGHT
from app.editor.look import look
from app.engine.status import NodeStatus
from app.shelves import shelf_color
from nodes.catalog import Catalog
from tests.app.editor.canvas.conftest import Hand, Open

EXAMPLE = Path(__file__).parents[4] / "workflows" / "fashion_mnist_cnn.workflow.json"
CTRL, SHIFT, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def picture(hand: Hand) -> QImage:
    """What is on the screen, when all is painted."""
    for _ in range(4):
        QApplication.processEvents()
    return hand.canvas.grab().toImage()


def color_at(hand: Hand, image: QImage, place: QPointF) -> QColor:
    spot = hand.port.mapTo(hand.canvas, hand.spot(place))
    ratio = image.devicePixelRatio()
    return image.pixelColor(round(spot.x() * ratio), round(spot.y() * ratio))


def alike(one: QColor, other: str, tolerance: int = 40) -> bool:
    wanted = QColor(other)
    return all(
        abs(a - b) <= tolerance
        for a, b in zip((one.red(), one.green(), one.blue()), (wanted.red(), wanted.green(), wanted.blue()), strict=True)
    )


def labels(hand: Hand) -> list[str]:
    """What the visible labels say."""
    for _ in range(3):
        QApplication.processEvents()
    return sorted(label.text for label in hand.view.labels._items if label.isVisible())


def test_labels_of_selected_nodes_cover_neither_each_other_nor_titles(hand: Hand) -> None:
    said = {"read": {"table": "60 000 rows · 785 columns"}, "split": {"first": "54 000 rows · 785 columns", "second": "3 rows"}}
    hand.canvas.set_statuses({node: NodeStatus("done", outputs=outputs) for node, outputs in said.items()})
    read = hand.document.views["read"].position
    hand.document.move({"split": (read[0] + 20.0, read[1] + 110.0), "filter": (read[0], read[1] + 230.0)})
    hand.canvas.select(["read", "split"])
    assert len(labels(hand)) >= 3
    rects = [label.sceneBoundingRect() for label in hand.view.labels._items if label.isVisible() and label.strong]
    assert len(rects) == 3
    titles = [QRectF(0, -20, 56, 76).translated(tile.left, tile.top) for tile in hand.tiles.values()]  # at least that
    for number, rect in enumerate(rects):
        assert not any(rect.intersects(other) for other in rects[:number])
        assert not any(rect.intersects(title) for title in titles)


# --- following the document


def test_the_example_is_shown_whole(open_canvas: Open) -> None:
    hand = open_canvas(load(EXAMPLE))
    hand.canvas.fit()
    assert set(hand.tiles) == set(hand.document.nodes)
    assert set(hand.view.canvas_scene.wires) == set(hand.document.connections)
    assert len(hand.view.canvas_scene.annotations) == 3
    image = picture(hand)
    for node_id, tile in hand.tiles.items():
        node_type = hand.document.types[hand.document.nodes[node_id].type]
        assert alike(color_at(hand, image, tile.pos() + QPointF(7, 28)), shelf_color(node_type.shelf))


def snapshot(canvas: Canvas) -> dict[str, object]:
    """All that the items of a canvas show."""
    scene = canvas.view.canvas_scene
    return {
        "nodes": {n: (t.pos().toTuple(), t.face) for n, t in scene.tiles.items()},
        "wires": {k: (w.start.toTuple(), w.end.toTuple(), w.kind) for k, w in scene.wires.items()},
        "boxes": {k: (b.rect.getRect(), b.annotation) for k, b in scene.annotations.items()},
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_after_any_edits_and_undo_it_shows_what_a_new_canvas_would(
    qtbot, catalog: Catalog, edits: list[tuple[int, int, int]]
) -> None:
    types = ["tables.concatenate", "tables.row_filter", "somewhere.else", "keras.dense", "tables.partitioning"]
    document = Document(Workflow(), catalog)
    canvas = Canvas(document, catalog)
    for what, a, b in edits:
        names, wires = list(document.nodes), list(document.connections)
        if what in (0, 1, 2) or not names:
            document.add_node(types[a % len(types)], (a * 10.0, b * 10.0))
        elif what == 3:
            document.connect(f"{names[a % len(names)]}.table", f"{names[b % len(names)]}.table_{a % 3 + 1}")
        elif what == 4:
            document.delete([names[a % len(names)]])
        elif what == 5 and wires:
            document.disconnect([wires[a % len(wires)]])
        elif what == 6:
            document.replace(names[a % len(names)], "tables.concatenate")
        elif what == 7:
            document.undo()
        else:
            document.move({names[a % len(names)]: (float(a), float(b))})
    fresh = Canvas(Document(document.workflow(), catalog), catalog)
    assert snapshot(canvas) == snapshot(fresh)
    while document.undo_label:
        document.undo()
    assert snapshot(canvas) == {"nodes": {}, "wires": {}, "boxes": {}}
    for each in (canvas, fresh):
        each.close()
        each.deleteLater()


def test_deleting_everything_and_undo(hand: Hand) -> None:
    before = snapshot(hand.canvas)
    hand.canvas.select_all()
    hand.canvas.delete_selection()
    assert not hand.tiles
    assert not hand.view.canvas_scene.wires
    assert not hand.canvas.selection()
    hand.document.undo()
    assert snapshot(hand.canvas) == before


def test_a_wire_without_a_node_at_its_end_is_not_shown(open_canvas: Open) -> None:
    hand = open_canvas(
        Workflow(
            nodes=[NodeRecord(id="a", type="readers.csv")],
            connections=[Connection(source="a.table", target="gone.table")],
        )
    )
    assert not hand.view.canvas_scene.wires
    hand.document.add([NodeRecord(id="gone", type="tables.row_filter")])
    assert set(hand.view.canvas_scene.wires) == {"a.table>gone.table"}


# --- ports


def test_a_growing_input_shows_one_port_more_than_is_wired(hand: Hand) -> None:
    def names() -> list[str]:
        return [p.name for p in hand.tiles["concat"].face.ports.inputs if not p.in_corner]

    assert names() == ["table_1"]
    hand.document.connect("read.table", "concat.table_1")
    assert names() == ["table_1", "table_2"]
    hand.drag(hand.at_port("filter", "output", "table"), hand.at_port("concat", "input", "table_2"))
    assert names() == ["table_1", "table_2", "table_3"]
    hand.document.disconnect(["read.table>concat.table_1"])
    assert names() == ["table_1", "table_2"]
    wire = hand.view.canvas_scene.wires["filter.table>concat.table_2"]
    assert wire.end == hand.at_port("concat", "input", "table_2")


def test_a_missing_type_is_a_placeholder_with_the_ports_its_wires_tell(open_canvas: Open) -> None:
    hand = open_canvas(
        Workflow(
            nodes=[
                NodeRecord(id="a", type="keras.input"),
                NodeRecord(id="x", type="acme.magic"),
                NodeRecord(id="b", type="tables.row_filter"),
            ],
            connections=[Connection(source="a.network", target="x.left"), Connection(source="x.right", target="b.table")],
            view=View(nodes={"x": NodeView(position=(200, 100)), "b": NodeView(position=(400, 100))}),
        )
    )
    face = hand.tiles["x"].face
    assert face.type_name == "acme.magic"
    assert [(p.name, p.kind) for p in (*face.ports.inputs, *face.ports.outputs)] == [("left", "network"), ("right", "table")]
    assert "acme.magic" in tip_of(hand.view.canvas_scene, hand.view.hit(hand.node("x")))
    image = picture(hand)
    assert alike(color_at(hand, image, hand.tiles["x"].pos() + QPointF(10, 12)), LIGHT.canvas)
    hand.drag(hand.node("x"), hand.node("x") + QPointF(0, 40))
    assert hand.position("x") == (200, 140)


# --- states


def test_states_are_shown_by_light_and_sign(hand: Hand) -> None:
    light = [QPointF(28 + dx, 70 + dy) for dx in range(-4, 5) for dy in range(-4, 5)]
    states = {"read": "done", "filter": "failed", "split": "ready", "learner": "queued"}
    hand.canvas.set_statuses({n: NodeStatus(s) for n, s in states.items()})  # type: ignore[arg-type]
    image = picture(hand)
    for node_id, state in states.items():
        seen = [color_at(hand, image, hand.tiles[node_id].pos() + spot) for spot in light]
        assert any(alike(color, LIGHT.state(state)) for color in seen), state  # type: ignore[arg-type]


def _pixels(status: NodeStatus | None) -> bytes:
    face = NodeFace("Dense", "", "#3F6FD8", "mdi6.grid", status=status)
    image = node_pixmap(face, LIGHT, None, 1.0, 1.0).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    return bytes(image.constBits())


def test_every_state_looks_different_without_colours(qtbot) -> None:
    statuses = [
        NodeStatus("not configured"),
        NodeStatus("not configured", blocked_by="other"),
        NodeStatus("ready"),
        NodeStatus("queued"),
        NodeStatus("running", fraction=0.2),
        NodeStatus("running", fraction=0.8),
        NodeStatus("running"),
        NodeStatus("done"),
        NodeStatus("ready", outdated=True),
        NodeStatus("warning"),
        NodeStatus("failed"),
    ]
    assert len({_pixels(s) for s in statuses}) == len(statuses)


def test_only_nodes_with_another_state_are_painted_anew(hand: Hand) -> None:
    hand.canvas.set_statuses({n: NodeStatus("done") for n in hand.tiles})
    picture(hand)
    before = {n: t.pixmap for n, t in hand.tiles.items()}
    hand.canvas.set_statuses({"read": NodeStatus("done"), "split": NodeStatus("failed")})
    assert hand.tiles["read"].pixmap is before["read"]
    assert hand.tiles["split"].pixmap is None


def test_labels_say_what_wires_carry_where_there_is_room(hand: Hand) -> None:
    read = NodeStatus("done", outputs={"table": "9 rows"})
    split = NodeStatus("done", outputs={"first": "6 rows · 2 columns", "second": "3 rows"})
    hand.canvas.set_statuses({"read": read, "split": split})
    assert labels(hand) == ["6 rows · 2 columns", "9 rows"]
    hand.canvas.select(["split"])
    assert labels(hand) == ["9 rows", "First partition: 6 rows · 2 columns", "Second partition: 3 rows"]
    hand.view.look_at(QPointF(350, 200), 0.3)
    assert labels(hand) == []
    hand.canvas.zoom_reset()
    hand.canvas.select()
    hand.document.move({"filter": (110.0, 100.0)})
    assert labels(hand) == ["6 rows · 2 columns"]
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    hand.move((wire.start + wire.end) / 2, button=Qt.MouseButton.NoButton)
    assert "9 rows" in labels(hand)


def test_tooltips_explain(hand: Hand) -> None:
    problem = Problem("The column a is missing.", "Choose another one.", node="filter")
    hand.canvas.set_statuses({"filter": NodeStatus("failed", (problem,)), "read": NodeStatus("done", seconds=1.25)})
    scene = hand.view.canvas_scene
    said = tip_of(scene, hand.view.hit(hand.node("filter")))
    assert all(part in said for part in ("Row Filter", "Failed", "The column a is missing. Choose another one."))
    assert "Done in 1.2 s" in tip_of(scene, hand.view.hit(hand.node("read")))
    assert "(table, optional)" in tip_of(scene, hand.view.hit(hand.at_port("learner", "input", "validation")))
    hand.canvas.select(["filter"])
    assert hand.view.accessibleDescription() == "Row Filter, failed, The column a is missing"


# --- keyboard


def test_arrows_move_the_selection_as_one_step(hand: Hand) -> None:
    hand.canvas.select(["read", "filter"])
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        hand.key(key)
    hand.key(Qt.Key.Key_Left, SHIFT)
    assert hand.position("read") == (21, 111)
    hand.document.undo()
    assert hand.position("read") == (0, 100)
    assert hand.document.undo_label is None


def test_keys_go_from_node_to_node(hand: Hand, qtbot) -> None:
    hand.canvas.select(["read"])
    hand.key(Qt.Key.Key_Right, CTRL)
    assert hand.canvas.selection().nodes == {"filter"}
    hand.key(Qt.Key.Key_Down, CTRL)
    assert hand.canvas.selection().nodes == {"dense"}
    hand.key(Qt.Key.Key_Right, ALT)
    assert hand.canvas.selection().nodes == {"concat"}
    hand.key(Qt.Key.Key_Right, ALT)
    assert hand.canvas.selection().nodes == {"read"}
    hand.key(Qt.Key.Key_Left, ALT)
    assert hand.canvas.selection().nodes == {"concat"}
    with qtbot.waitSignal(hand.canvas.node_activated) as activated:
        hand.key(Qt.Key.Key_Return)
    assert activated.args == ["concat"]
    hand.key(Qt.Key.Key_Escape)
    assert not hand.canvas.selection()
    with qtbot.waitSignal(hand.canvas.node_wanted):
        hand.key(Qt.Key.Key_Space)


def test_selected_nodes_are_wired_from_left_to_right(hand: Hand, qtbot) -> None:
    hand.canvas.select(["dense", "input"])
    hand.canvas.connect_selection()
    assert "input.network>dense.network" in hand.wires
    assert hand.document.undo_label == "Connect"
    hand.canvas.select(["concat", "learner", "split"])
    hand.document.move({"concat": (700.0, 300.0)})
    hand.canvas.connect_selection()
    assert {"split.first>learner.validation", "learner.history>concat.table_1"} <= hand.wires
    for nodes, why in ((["dense", "split"], "Keras Dense Layer gives nothing that Partitioning takes."),
                       (["split"], "Select at least two nodes.")):  # fmt: skip
        hand.canvas.select(nodes)
        with qtbot.waitSignal(hand.canvas.message) as said:
            hand.canvas.connect_selection()
        assert said.args == [why]


def field(hand: Hand) -> QLineEdit | QPlainTextEdit:
    fields = [*hand.port.findChildren(QLineEdit), *hand.port.findChildren(QPlainTextEdit)]
    return next(f for f in fields if f.isVisible())


def test_f2_renames_in_place(hand: Hand) -> None:
    hand.canvas.select(["dense"])
    hand.key(Qt.Key.Key_F2)
    QTest.keyClicks(field(hand), "Ten classes")
    QTest.keyClick(field(hand), Qt.Key.Key_Return)
    assert hand.document.title("dense") == "Ten classes"
    assert hand.tiles["dense"].face.title == "Ten classes"
    hand.key(Qt.Key.Key_F2)
    QTest.keyClicks(field(hand), "Something else")
    QTest.keyClick(field(hand), Qt.Key.Key_Escape)
    assert hand.document.title("dense") == "Ten classes"
    hand.key(Qt.Key.Key_F2)
    QTest.keyClick(field(hand), Qt.Key.Key_Delete)
    QTest.keyClick(field(hand), Qt.Key.Key_Return)
    assert hand.document.title("dense") == hand.document.types["keras.dense"].title


def test_a_change_ends_editing_in_place(hand: Hand) -> None:
    hand.canvas.rename("dense")
    QTest.keyClicks(field(hand), "Half")
    hand.document.delete(["dense"])
    assert not [f for f in hand.port.findChildren(QLineEdit) if f.isVisible()]
    assert "dense" not in hand.document.views
    hand.document.undo()
    assert hand.document.view("dense").name == ""


def test_notes_and_annotations_are_edited_where_they_stand(hand: Hand) -> None:
    hand.document.set_note("split", "90 %")
    hand.double_click(hand.tiles["split"].pos() + QPointF(28, 86))
    QTest.keyClicks(field(hand), "80 %")
    hand.click(QPointF(480, 420))
    field_gone = [f for f in hand.port.findChildren(QLineEdit) if f.isVisible()]
    assert not field_gone
    assert hand.document.view("split").note == "80 %"
    hand.double_click(QPointF(0, 245))
    editor = field(hand)
    QTest.keyClicks(editor, "All layers")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.keyClicks(editor, "of the network")
    QTest.keyClick(editor, Qt.Key.Key_Return, CTRL)
    assert hand.document.annotations["box_1"].text == "All layers\nof the network"


# --- the view


def test_fit_center_and_flash(hand: Hand) -> None:
    hand.canvas.fit()
    area = hand.view.visible_area()
    assert all(area.contains(t.sceneBoundingRect()) for t in hand.tiles.values())
    assert hand.canvas.zoom <= 1
    hand.canvas.center_on("learner")
    place = hand.tiles["learner"].sceneBoundingRect().center()
    assert (hand.canvas.visible_center() - place).manhattanLength() < 4
    hand.canvas.flash("learner")
    assert hand.view.feedback.ring.isVisible()
    hand.canvas.zoom_in()
    assert hand.canvas.zoom == pytest.approx(1.25)
    hand.canvas.zoom_reset()
    assert hand.canvas.zoom == 1
    screen = hand.port.mapToGlobal(QPoint(100, 50))
    assert hand.canvas.scene_position(screen) == hand.view.to_scene(QPointF(100, 50))


def test_the_minimap_covers_no_node_when_all_is_shown(open_canvas: Open) -> None:
    hand = open_canvas(load(EXAMPLE))
    hand.canvas.show_minimap(True)
    for width, height in ((1340, 860), (1000, 700), (1100, 900), (1600, 600)):
        hand.canvas.resize(width, height)
        QApplication.processEvents()
        hand.canvas.fit()
        area, corner = hand.view.visible_area(), hand.canvas.minimap.geometry()
        for tile in hand.tiles.values():
            rect = tile.sceneBoundingRect()
            assert area.contains(rect)
            assert not hand.view.mapFromScene(rect).boundingRect().intersects(corner)


def test_on_a_small_canvas_the_minimap_is_seen_only_while_the_view_moves(open_canvas: Open, qtbot) -> None:
    hand = open_canvas(load(EXAMPLE))
    hand.canvas.resize(800, 500)
    hand.canvas.show_minimap(True)
    minimap = hand.canvas.minimap
    qtbot.waitUntil(minimap.isHidden)
    assert hand.canvas.minimap_shown
    hand.view.look_at(QPointF(100, 0), 1.0)
    assert minimap.isVisible()
    qtbot.waitUntil(minimap.isHidden)
    hand.canvas.resize(1200, 500)
    QApplication.processEvents()
    assert minimap.isVisible()
    hand.canvas.show_minimap(False)
    hand.view.look_at(QPointF(0, 0), 1.0)
    assert minimap.isHidden()


def test_titles_are_readable_down_to_40_percent(hand: Hand) -> None:
    for zoom in (0.4, 0.5, 0.7, 1.0):
        hand.view.look_at(QPointF(350, 200), zoom)
        image = picture(hand)
        tile = hand.tiles["learner"].pos()
        ink = [
            (x, y)
            for x in range(-40, 96)
            for y in range(-58, -6)
            if not alike(color_at(hand, image, tile + QPointF(x, y)), LIGHT.canvas, 60)
        ]
        assert ink, f"no title at {zoom}"


def test_the_view_glides_where_it_may(hand: Hand, qtbot) -> None:
    hand.canvas.set_animations(True)
    start = hand.canvas.visible_center()
    hand.canvas.center_on("learner")
    assert (hand.canvas.visible_center() - start).manhattanLength() < 100
    place = hand.tiles["learner"].sceneBoundingRect().center()
    qtbot.waitUntil(lambda: (hand.canvas.visible_center() - place).manhattanLength() < 4)


def test_the_zoom_stays_when_the_window_grows(hand: Hand) -> None:
    hand.canvas.resize(1300, 800)
    QApplication.processEvents()
    assert hand.canvas.zoom == 1


def test_from_afar_tiles_have_no_text_and_wires_are_straight(hand: Hand) -> None:
    hand.view.look_at(QPointF(350, 200), 0.3)
    image = picture(hand)
    assert alike(color_at(hand, image, hand.tiles["read"].pos() + QPointF(10, 28)), shelf_color("Readers"))
    title = hand.tiles["learner"].pos()
    row = [color_at(hand, image, title + QPointF(x, -14)) for x in range(-10, 66, 4)]
    assert all(alike(color, LIGHT.canvas, 25) for color in row)


def test_a_click_on_the_minimap_moves_the_view(hand: Hand) -> None:
    assert not hand.canvas.minimap_shown
    hand.canvas.show_minimap(True)
    QApplication.processEvents()
    hand.canvas.minimap.grab()
    scale, shift = hand.canvas.minimap._fitted()
    spot = (hand.node("read") * scale + shift).toPoint()
    QTest.mouseClick(hand.canvas.minimap, Qt.MouseButton.LeftButton, pos=spot)
    assert (hand.canvas.visible_center() - hand.node("read")).manhattanLength() < 30


def test_an_added_node_does_not_cover_another(hand: Hand) -> None:
    added = [hand.canvas.add_node("keras.dense") for _ in range(4)]
    places = [hand.tiles[n].pos() for n in added] + [hand.tiles["split"].pos()]
    assert len({p.toTuple() for p in places}) == 5
    assert hand.canvas.selection().nodes == {added[-1]}


# --- appearance, export, end


def test_the_appearance_changes_live(hand: Hand) -> None:
    assert alike(color_at(hand, picture(hand), QPointF(480, 420)), LIGHT.canvas, 20)
    look().choose("dark")
    assert alike(color_at(hand, picture(hand), QPointF(480, 420)), DARK.canvas, 20)
    look().choose("light")
    assert alike(color_at(hand, picture(hand), QPointF(480, 420)), LIGHT.canvas, 20)


def test_pictures_are_made_for_the_screen_they_are_on(qtbot) -> None:
    face = NodeFace("Dense", "", "#3F6FD8", "mdi6.grid", status=NodeStatus("done"))
    for ratio in (1.0, 1.25, 2.0):
        for scale in (0.75, 1.0, 1.6):
            pixmap = node_pixmap(face, LIGHT, None, scale, ratio)
            assert pixmap.devicePixelRatio() == ratio
            assert pixmap.width() == round(136 * scale * ratio)
    assert not far_pixmap(face, DARK, True, 0.2, 2.0).isNull()


def test_long_titles_are_wrapped_and_cut(qtbot) -> None:
    assert wrapped("Dense", 12.5, True) == ("Dense",)
    assert wrapped("Keras Network Learner", 12.5, True) == ("Keras Network", "Learner")
    assert wrapped("word " * 30, 12.5, True)[1].endswith("…")
    assert len(wrapped("x" * 300, 12.5, True)) == 1


def test_export_as_png_and_svg(open_canvas: Open, tmp_path: Path) -> None:
    hand = open_canvas(load(EXAMPLE))
    hand.canvas.set_statuses({"dense_2": NodeStatus("done", outputs={"network": "165 238 parameters"})})
    hand.view.look_at(QPointF(0, 0), 0.3)
    hand.canvas.select_all()
    chosen = hand.canvas.selection()
    hand.canvas.export_png(tmp_path / "a.png", 1.5)
    hand.canvas.export_svg(tmp_path / "a.svg")
    assert hand.canvas.selection() == chosen
    assert hand.canvas.zoom == pytest.approx(0.3)
    png = QImage(str(tmp_path / "a.png"))
    renderer = QSvgRenderer(str(tmp_path / "a.svg"))
    assert renderer.isValid()
    size = renderer.viewBoxF().size()
    assert (png.width(), png.height()) == (round(size.width() * 1.5), round(size.height() * 1.5))
    drawn = QImage(size.toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    renderer.render(painter)
    painter.end()
    origin = _area(hand.view.canvas_scene).topLeft()
    place = hand.tiles["learner"].pos() + QPointF(7, 28) - origin
    color = shelf_color(hand.document.types["networks.learner"].shelf)
    assert alike(drawn.pixelColor(place.toPoint()), color)
    assert alike(png.pixelColor((place * 1.5).toPoint()), color)
    text = (tmp_path / "a.svg").read_text()
    assert "Max Pooling 2D" in text
    assert "Fashion-MNIST" in text
    assert "165 238 parameters" in text
    assert labels(hand) == []
    assert "<image" not in text


def test_an_export_that_cannot_be_written_says_so(hand: Hand, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be written"):
        hand.canvas.export_png(tmp_path / "no such folder" / "a.png")
    with pytest.raises(DocumentError, match="cannot be written"):
        hand.canvas.export_svg(tmp_path / "no such folder" / "a.svg")


def test_the_empty_canvas_says_how_to_begin(open_canvas: Open) -> None:
    hand = open_canvas(Workflow())
    assert hand.canvas._hint.isVisible()
    hand.document.add_annotation(Annotation(text="Plan", position=(0, 0), size=(100, 100)))
    assert not hand.canvas._hint.isVisible()


def test_a_closed_canvas_is_gone_and_the_document_lives_on(qtbot, catalog: Catalog) -> None:
    document = Document(load(EXAMPLE), catalog)
    canvas = Canvas(document, catalog)
    canvas.resize(800, 600)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.select_all()
    canvas.rename("learner")
    gone = weakref.ref(canvas), weakref.ref(canvas.view), weakref.ref(canvas.view.canvas_scene)
    canvas.close()
    canvas.deleteLater()
    del canvas
    QApplication.sendPostedEvents(None, 52)  # deferred deletion
    QApplication.processEvents()
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
    document.add_node("keras.dense", (0, 0))


def test_variables_come_in_at_the_corner_of_every_node(hand: Hand) -> None:
    tile = hand.tiles["filter"]
    place = tile.port_place("input", "variables")
    assert place is not None and tile.port_at(place, 8) == ("input", "variables")
    table = tile.port_place("input", "table")
    assert table is not None and table.y() == tile.top + TILE / 2, "the declared ports stand as if it were not there"
    assert ("input", "variables") not in tile.face.wired

    added = hand.document.add_node("flow.set_variables", (0, 0))
    hand.document.connect(f"{added}.variables", "filter.variables")
    assert ("input", "variables") in tile.face.wired
    wire = next(w for w in hand.view.canvas_scene.wires.values() if w.target_port == "variables")
    assert (wire.kind, wire.end) == ("variables", tile.port_place("input", "variables"))


def test_the_circle_for_variables_is_seen_under_the_pointer(hand: Hand) -> None:
    hand.view._hover(Hit(node="filter", part="tile"))
    assert hand.tiles["filter"].shows_corner
    hand.view._hover(Hit())
    assert not hand.tiles["filter"].shows_corner


def test_what_is_inactive_or_waits_says_so_below_its_tile(hand: Hand) -> None:
    hand.view.canvas_scene.set_statuses(
        {"filter": NodeStatus(state="ready", waits_for="read"), "split": NodeStatus(state="inactive")}
    )
    assert hand.tiles["filter"].face.waits_for == hand.document.title("read")
    assert hand.tiles["split"].face.is_inactive
