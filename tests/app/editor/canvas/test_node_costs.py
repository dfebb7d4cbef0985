"""Times and memory over the nodes: what the last computations cost, coloured by their share of the whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.editor.canvas.node_costs import amount_text, cost_in_words, node_costs, share_color
from app.editor.canvas.selection import Hit
from app.editor.canvas.tips import tip_of
from app.editor.colors import DARK, LIGHT
from app.engine.status import NodeStatus
from tests.app.editor.canvas.conftest import Hand


def done(seconds: float, size: int, **more: object) -> NodeStatus:
    return NodeStatus(state="done", seconds=seconds, size=size, **more)  # type: ignore[arg-type]


def test_shares_are_of_the_whole_and_only_of_results_that_are_there() -> None:
    statuses = {
        "a": done(3.0, 1000),
        "b": done(1.0, 3000),
        "old": done(5.0, 5000, outdated=True),
        "failed": NodeStatus(state="failed", seconds=7.0),
        "new": NodeStatus(state="ready"),
    }
    times = node_costs(statuses, "time")
    assert {n: (cost.share, cost.text) for n, cost in times.items()} == {"a": (0.75, "3.0 s"), "b": (0.25, "1.0 s")}
    assert {n: (cost.share, cost.text) for n, cost in node_costs(statuses, "memory").items()} == {
        "a": (0.25, "1.0 kB"),
        "b": (0.75, "3.0 kB"),
    }
    assert node_costs(statuses, "off") == {}
    assert [cost.share for cost in node_costs({"a": done(0.0, 0)}, "time").values()] == [0.0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "< 10 ms"), (0.25, "250 ms"), (2.04, "2.0 s"), (59.96, "1 min 0 s"), (260, "4 min 20 s"), (7300, "2 h 1 min")],
)
def test_times_are_said_shortly(seconds: float, text: str) -> None:
    assert amount_text(seconds, "time") == text


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_go_from_calm_to_hot(colors: object) -> None:
    assert share_color(1.0, colors) == colors.wrong.lower()  # type: ignore[attr-defined, arg-type]
    assert len({share_color(n / 10, colors) for n in range(11)}) == 11  # type: ignore[arg-type]


def test_the_numbers_are_on_the_canvas_and_the_legend_can_be_closed(hand: Hand, qtbot: QtBot) -> None:
    scene, canvas = hand.view.canvas_scene, hand.canvas
    first, second = list(hand.tiles)[:2]
    plain = canvas.grab().toImage()
    canvas.set_statuses({first: done(9.0, 10), second: done(1.0, 2_000_000, peak=5_000_000)})
    without = canvas.grab().toImage()
    assert not canvas.legend.isVisible()
    canvas.show_costs("time")
    assert {n: cost.text for n, cost in scene.costs.costs.items()} == {first: "9.0 s", second: "1.0 s"}
    assert canvas.legend.isVisible()
    assert canvas.legend.said == "Time: 10.0 s, 2 nodes"
    assert canvas.grab().toImage() != without != plain
    canvas.show_costs("memory")
    assert scene.costs.costs[second].text == "2.0 MB"
    canvas.set_statuses({first: done(9.0, 2_000_000)})
    assert scene.costs.costs[first].share == 0.5, "it follows what is computed"
    hand.document.delete([first], [], [])
    assert set(scene.costs.costs) == {second}
    with qtbot.waitSignal(canvas.costs_unwanted):
        QTest.mouseClick(canvas.legend.cross, Qt.MouseButton.LeftButton)
    canvas.show_costs("off")
    assert not canvas.legend.isVisible()


def test_from_afar_the_frames_are_still_there(hand: Hand) -> None:
    hand.canvas.set_statuses({node: done(1.0, 10) for node in hand.tiles})
    hand.view.look_at(hand.node(next(iter(hand.tiles))), 0.2, fly=False)
    without = hand.view.grab().toImage()
    hand.canvas.show_costs("time")
    assert hand.view.canvas_scene.context.far
    assert hand.view.grab().toImage() != without


def test_a_tooltip_says_all_of_it(hand: Hand) -> None:
    node = next(iter(hand.tiles))
    status = done(2.0, 3_200_000, peak=12_000_000)
    hand.canvas.set_statuses({node: status})
    assert cost_in_words(status) == "Result of 3.2 MB, computed with at most 12.0 MB of memory"
    assert "Done in 2.0 s<br>Result of 3.2 MB, computed with at most" in tip_of(hand.view.canvas_scene, Hit(node=node))
