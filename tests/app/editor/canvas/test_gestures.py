"""What the mouse does: every gesture ends as one undoable step of the document, or leaves no trace."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QToolTip

from app.editor.canvas import NODE_MIME, Hit
from tests.app.editor.canvas.conftest import LEFT, NONE, Hand

SHIFT, CTRL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
EMPTY = QPointF(480, 420)


def of_type(node_type: str) -> QMimeData:
    """What the node repository drags."""
    mime = QMimeData()
    mime.setData(NODE_MIME, node_type.encode())
    return mime


def drag_over(hand: Hand, mime: QMimeData, place: QPointF) -> bool:
    """Drag something over the canvas; says whether it may be dropped."""
    spot, copy = hand.spot(place), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(spot, copy, mime, LEFT, NONE)
    QApplication.sendEvent(hand.port, enter)
    if not enter.isAccepted():
        return False
    move = QDragMoveEvent(spot, copy, mime, LEFT, NONE)
    QApplication.sendEvent(hand.port, move)
    return move.isAccepted()


def drop(hand: Hand, node_type: str, place: QPointF) -> None:
    """Drag a node type over the canvas and let it go."""
    mime = of_type(node_type)
    assert drag_over(hand, mime, place)
    QApplication.sendEvent(hand.port, QDropEvent(QPointF(hand.spot(place)), Qt.DropAction.CopyAction, mime, LEFT, NONE))


# --- moving


def test_dragging_a_node_is_one_step_and_its_wires_follow(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    end = wire.end
    hand.drag(hand.node("filter"), hand.node("filter") + QPointF(30, 60))
    assert hand.position("filter") == (210, 160)
    assert wire.end == end + QPointF(30, 60)
    assert hand.document.undo_label == "Move"
    hand.document.undo()
    assert hand.position("filter") == (180, 100)
    assert hand.tiles["filter"].pos() == QPointF(180, 100)
    assert hand.document.undo_label is None


def test_all_selected_nodes_move_together(hand: Hand) -> None:
    hand.canvas.select(["read", "filter"])
    hand.drag(hand.node("read"), hand.node("read") + QPointF(-20, 44))
    assert (hand.position("read"), hand.position("filter")) == ((-20, 144), (160, 144))
    hand.document.undo()
    assert hand.document.undo_label is None


def test_escape_puts_a_dragged_node_back(hand: Hand) -> None:
    hand.press(hand.node("filter"))
    hand.move(hand.node("filter") + QPointF(50, 50))
    assert hand.tiles["filter"].pos() == QPointF(230, 150)
    hand.key(Qt.Key.Key_Escape)
    hand.release(hand.node("filter") + QPointF(50, 50))
    assert hand.tiles["filter"].pos() == QPointF(180, 100)
    assert hand.document.undo_label is None


def test_with_shift_a_drag_keeps_to_one_axis(hand: Hand) -> None:
    hand.canvas.select(["filter"])
    hand.press(hand.node("filter"))
    hand.move(hand.node("filter") + QPointF(80, 13), SHIFT)
    hand.release(hand.node("filter"), SHIFT)
    assert hand.position("filter") == (260, 100)


def test_with_snap_what_was_aligned_stays_aligned_and_alt_is_free(hand: Hand) -> None:
    hand.canvas.set_snap(True)
    hand.drag(hand.node("filter"), hand.node("filter") + QPointF(31, 59))
    x, y = hand.position("filter")
    step = hand.view.gestures.move_step
    assert step > 1
    assert ((x - 180) % step, (y - 100) % step) == (0, 0)
    assert (x, y) != (180, 100)
    hand.drag(hand.node("split"), hand.node("split") + QPointF(31, 59), ALT)
    assert hand.position("split") == (391, 159)
    hand.canvas.set_snap(False)
    hand.drag(hand.node("read"), hand.node("read") + QPointF(3, 59))
    assert hand.position("read") == (3, 159)


def test_a_click_does_not_move(hand: Hand) -> None:
    hand.click(hand.node("filter"))
    assert hand.canvas.selection().nodes == {"filter"}
    assert hand.document.undo_label is None


# --- wires


def test_a_wire_is_pulled_from_an_output_to_an_input(hand: Hand) -> None:
    hand.drag(hand.at_port("input", "output", "network"), hand.at_port("dense", "input", "network"))
    assert "input.network>dense.network" in hand.wires
    assert hand.document.undo_label == "Connect"


def test_a_wire_is_pulled_from_an_input_to_an_output(hand: Hand) -> None:
    hand.drag(hand.at_port("dense", "input", "network"), hand.at_port("input", "output", "network"))
    assert "input.network>dense.network" in hand.wires


def test_a_wire_dropped_on_a_tile_finds_the_port_that_fits(hand: Hand) -> None:
    hand.drag(hand.at_port("split", "output", "second"), hand.node("learner"))
    assert "split.second>learner.validation" in hand.wires


def test_ports_that_fit_glow_and_nodes_without_one_fade(hand: Hand) -> None:
    hand.press(hand.at_port("input", "output", "network"))
    hand.move(EMPTY)
    assert {n for n, t in hand.tiles.items() if t.is_faded} == {"read", "filter", "split", "concat"}
    assert hand.view.feedback.fitting.isVisible()
    hand.release(EMPTY)
    assert not any(t.is_faded for t in hand.tiles.values())
    assert not hand.view.feedback.fitting.isVisible()


def test_a_port_under_the_pointer_shows_that_it_can_be_pulled(hand: Hand) -> None:
    hand.move(hand.at_port("dense", "output", "network"), button=Qt.MouseButton.NoButton)
    assert hand.view.feedback.snap.isVisible()
    assert hand.port.cursor().shape() is Qt.CursorShape.CrossCursor
    hand.document.delete(["dense"])
    assert not hand.view.feedback.snap.isVisible()
    hand.move(EMPTY, button=Qt.MouseButton.NoButton)
    assert hand.port.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_another_kind_is_refused_with_a_reason(hand: Hand, qtbot) -> None:
    start, end = hand.at_port("read", "output", "table"), hand.at_port("dense", "input", "network")
    before = hand.wires
    hand.press(start)
    hand.move(end)
    assert hand.view.feedback.live_wire.pen().style() is Qt.PenStyle.DashLine
    assert QToolTip.text() == "This input takes a network; the wire carries a table."
    with qtbot.waitSignal(hand.canvas.message) as said:
        hand.release(end)
    assert said.args == ["This input takes a network; the wire carries a table."]
    assert hand.wires == before
    assert hand.document.undo_label is None


def test_a_circle_is_refused_with_a_reason(hand: Hand, qtbot) -> None:
    with qtbot.waitSignal(hand.canvas.message) as said:
        hand.drag(hand.at_port("split", "output", "second"), hand.at_port("filter", "input", "table"))
    assert said.args == ["That would make a circle: Row Filter already feeds Partitioning."]
    assert "split.second>filter.table" not in hand.wires


def test_two_outputs_are_refused(hand: Hand, qtbot) -> None:
    with qtbot.waitSignal(hand.canvas.message) as said:
        hand.drag(hand.at_port("read", "output", "table"), hand.at_port("filter", "output", "table"))
    assert "output" in said.args[0]


def test_a_second_wire_into_an_input_replaces_the_first(hand: Hand) -> None:
    hand.drag(hand.at_port("read", "output", "table"), hand.at_port("split", "input", "table"))
    assert "read.table>split.table" in hand.wires
    assert "filter.table>split.table" not in hand.wires
    hand.document.undo()
    assert "filter.table>split.table" in hand.wires


def test_the_end_of_a_wire_is_moved_to_another_port_in_one_step(hand: Hand) -> None:
    hand.drag(hand.at_port("learner", "input", "training"), hand.at_port("learner", "input", "validation"))
    assert {w for w in hand.wires if "learner" in w} == {"split.first>learner.validation"}
    hand.document.undo()
    assert {w for w in hand.wires if "learner" in w} == {"split.first>learner.training"}
    assert hand.document.undo_label is None


def test_the_end_of_a_wire_pulled_into_empty_space_takes_it_off(hand: Hand) -> None:
    asked = []
    hand.canvas.wire_dropped.connect(lambda *a: asked.append(a))
    hand.drag(hand.at_port("learner", "input", "training"), EMPTY)
    assert "split.first>learner.training" not in hand.wires
    assert not asked


def test_a_wire_is_grabbed_near_its_end_too(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    hand.drag(wire.start * 0.2 + wire.end * 0.8, EMPTY)
    assert "read.table>filter.table" not in hand.wires


def test_a_wire_put_back_where_it_was_is_no_step(hand: Hand) -> None:
    place = hand.at_port("learner", "input", "training")
    hand.press(place)
    hand.move(place + QPointF(-60, 90))
    hand.move(place)
    hand.release(place)
    assert "split.first>learner.training" in hand.wires
    assert hand.view.canvas_scene.wires["split.first>learner.training"].isVisible()
    assert hand.document.undo_label is None


def test_a_wire_pulled_into_empty_space_asks_for_a_node(hand: Hand, qtbot) -> None:
    with qtbot.waitSignal(hand.canvas.wire_dropped) as asked:
        hand.drag(hand.at_port("dense", "output", "network"), EMPTY)
    endpoint, from_output, place, _ = asked.args
    assert (endpoint, from_output, place.toPoint()) == ("dense.network", True, EMPTY.toPoint())


def test_slicing_cuts_all_wires_that_are_crossed(hand: Hand) -> None:
    hand.drag(QPointF(130, 60), QPointF(130, 200), ALT | SHIFT)
    assert hand.wires == {"filter.table>split.table", "split.first>learner.training"}
    hand.document.undo()
    assert len(hand.wires) == 3


# --- selecting


def test_a_rubber_band_selects_what_it_touches(hand: Hand) -> None:
    hand.drag(QPointF(-80, 40), QPointF(250, 170))
    assert hand.canvas.selection().nodes == {"read", "filter"}
    hand.drag(QPointF(330, 40), QPointF(450, 215), SHIFT)
    assert hand.canvas.selection().nodes == {"read", "filter", "split"}
    assert not hand.view.feedback.band.isVisible()


def test_clicks_with_shift_and_ctrl_add_and_take_away(hand: Hand) -> None:
    hand.click(hand.node("read"))
    hand.click(hand.node("filter"), SHIFT)
    hand.click(hand.node("split"), CTRL)
    assert hand.canvas.selection().nodes == {"read", "filter", "split"}
    hand.click(hand.node("read"), CTRL)
    assert hand.canvas.selection().nodes == {"filter", "split"}
    hand.click(EMPTY)
    assert not hand.canvas.selection()


def test_a_click_on_one_of_several_selected_selects_it_alone(hand: Hand) -> None:
    hand.canvas.select(["read", "filter"])
    hand.click(hand.node("read"))
    assert hand.canvas.selection().nodes == {"read"}


def test_a_wire_is_selected_and_deleted(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    hand.click((wire.start + wire.end) / 2)
    assert hand.canvas.selection().connections == {"read.table>filter.table"}
    hand.canvas.delete_selection()
    assert "read.table>filter.table" not in hand.wires
    assert not hand.canvas.selection()


def test_double_click_activates_asks_or_edits(hand: Hand, qtbot) -> None:
    with qtbot.waitSignal(hand.canvas.node_activated) as activated:
        hand.double_click(hand.node("split"))
    assert activated.args == ["split"]
    with qtbot.waitSignal(hand.canvas.node_wanted) as wanted:
        hand.double_click(EMPTY)
    assert wanted.args[0].toPoint() == EMPTY.toPoint()


def test_the_menu_is_asked_for_what_is_under_the_mouse(hand: Hand, qtbot) -> None:
    from PySide6.QtGui import QContextMenuEvent

    hits: list[Hit] = []
    hand.canvas.menu_requested.connect(lambda _, hit: hits.append(hit))
    wire = hand.view.canvas_scene.wires["filter.table>split.table"]
    for place in (hand.node("learner"), (wire.start + wire.end) / 2, QPointF(0, 245), EMPTY):
        spot = hand.spot(place)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, hand.port.mapToGlobal(spot))
        QApplication.sendEvent(hand.port, event)
    assert [(h.node, h.connection, h.annotation) for h in hits] == [
        ("learner", None, None),
        (None, "filter.table>split.table", None),
        (None, None, "box_1"),
        (None, None, None),
    ]


# --- dropping


def test_a_dropped_type_is_added_and_selected(hand: Hand) -> None:
    drop(hand, "tables.row_filter", EMPTY)
    added = next(iter(hand.canvas.selection().nodes))
    assert hand.document.nodes[added].type == "tables.row_filter"
    assert hand.position(added) == (EMPTY.x() - 28, EMPTY.y() - 28)
    hand.document.undo()
    assert added not in hand.tiles


def test_a_type_dropped_on_a_wire_is_put_in_between(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    drop(hand, "tables.column_filter", (wire.start + wire.end) / 2)
    added = next(iter(hand.canvas.selection().nodes))
    assert {f"read.table>{added}.table", f"{added}.table>filter.table"} <= hand.wires
    hand.document.undo()
    assert "read.table>filter.table" in hand.wires
    assert added not in hand.document.nodes


def test_the_wire_lights_up_for_types_that_fit_only(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["read.table>filter.table"]
    place = (wire.start + wire.end) / 2
    for node_type, lit in (("tables.column_filter", True), ("keras.dense", False)):
        assert drag_over(hand, of_type(node_type), place)
        assert wire.emphasis is lit


def test_a_type_dropped_on_a_node_replaces_it(hand: Hand) -> None:
    drop(hand, "tables.column_filter", hand.node("filter"))
    assert hand.document.nodes["filter"].type == "tables.column_filter"
    assert {"read.table>filter.table", "filter.table>split.table"} <= hand.wires
    assert hand.tiles["filter"].face.title == "Column Filter"
    assert not hand.tiles["filter"].is_target


def test_other_things_are_left_to_the_window(hand: Hand) -> None:
    mime = QMimeData()
    mime.setText("file:///tmp/a.workflow.json")
    assert not drag_over(hand, mime, EMPTY)


def test_a_node_without_wires_dropped_on_a_wire_is_put_in_between(hand: Hand) -> None:
    wire = hand.view.canvas_scene.wires["filter.table>split.table"]
    middle = (wire.start + wire.end) / 2
    hand.press(hand.node("concat"))
    hand.move(hand.node("concat") + QPointF(5, 5))
    hand.move(middle)
    assert wire.emphasis
    hand.release(middle)
    assert {"filter.table>concat.table_1", "concat.table>split.table"} <= hand.wires
    assert hand.document.undo_label == "Put in between"
    hand.document.undo()
    assert hand.position("concat") == (600, 300)
    assert "filter.table>split.table" in hand.wires


# --- annotations


def test_an_annotation_takes_what_is_in_it_along(hand: Hand) -> None:
    hand.drag(QPointF(100, 245), QPointF(140, 305))
    assert hand.document.annotations["box_1"].position == (-20, 290)
    assert (hand.position("input"), hand.position("dense")) == ((40, 360), (220, 360))
    assert hand.position("read") == (0, 100)
    hand.document.undo()
    assert hand.position("input") == (0, 300)
    assert hand.document.undo_label is None


def test_an_annotation_is_resized_by_its_corner(hand: Hand) -> None:
    hand.drag(QPointF(340, 410), QPointF(400, 450))
    box = hand.document.annotations["box_1"]
    assert (box.position, box.size) == ((-60, 230), (460, 220))
    hand.drag(QPointF(-60, 330), QPointF(900, 330))
    assert hand.document.annotations["box_1"].size[0] == 80


def test_inside_an_annotation_the_rubber_band_works(hand: Hand) -> None:
    hand.drag(QPointF(-40, 280), QPointF(260, 370))
    assert hand.canvas.selection().nodes == {"input", "dense"}
    assert hand.document.annotations["box_1"].position == (-60, 230)


# --- view


def test_the_wheel_zooms_at_the_pointer(hand: Hand) -> None:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QWheelEvent

    spot = QPointF(300, 200)
    under = hand.view.to_scene(spot)
    for turn in (120, 120, -120, -360, -240):  # a step across 100 % stops there
        event = QWheelEvent(
            spot, hand.port.mapToGlobal(spot), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(hand.port, event)
        assert (hand.view.to_scene(spot) - under).manhattanLength() < 4 / hand.canvas.zoom
    assert 0.6 < hand.canvas.zoom < 0.8


def test_the_middle_button_and_space_pan(hand: Hand) -> None:
    place = hand.canvas.visible_center()
    hand.drag(EMPTY, EMPTY + QPointF(50, 30), button=Qt.MouseButton.MiddleButton)
    assert (hand.canvas.visible_center() - place).toPoint().manhattanLength() > 50
    from PySide6.QtTest import QTest

    wanted = []
    hand.canvas.node_wanted.connect(lambda *a: wanted.append(a))
    before = hand.canvas.visible_center()
    QTest.keyPress(hand.view, Qt.Key.Key_Space)
    hand.drag(hand.node("split"), hand.node("split") + QPointF(-40, 0))
    QTest.keyRelease(hand.view, Qt.Key.Key_Space)
    assert hand.canvas.visible_center() != before
    assert hand.position("split") == (360, 100)
    assert not wanted
    QTest.keyClick(hand.view, Qt.Key.Key_Space)
    assert len(wanted) == 1


def test_gestures_work_from_afar_too(hand: Hand) -> None:
    hand.view.look_at(QPointF(350, 200), 0.3)
    assert hand.view.canvas_scene.context.far
    hand.drag(hand.node("filter"), hand.node("filter") + QPointF(100, 100))
    assert abs(hand.position("filter")[0] - 280) < 8
    wire = hand.view.canvas_scene.wires["split.first>learner.training"]
    hand.click((wire.start + wire.end) / 2)
    assert hand.canvas.selection().connections == {"split.first>learner.training"}
    hand.canvas.zoom_reset()
    assert not hand.view.canvas_scene.context.far
    assert all(t.isVisible() for t in hand.tiles.values())
