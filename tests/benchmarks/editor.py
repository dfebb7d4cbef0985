"""The editor: how long a person waits for it. Measured on Qt's offscreen platform, where frames are painted as on any other,
beside NodeGraphQt's own way where there is one (`nodegraphqt`). Tables have a module of their own (`table_view`).
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from nodes.wording import grouped
from tests import screen
from tests.benchmarks import nodegraphqt
from tests.benchmarks.main_job import DATA, slice_of_the_data
from tests.benchmarks.main_job import WORKFLOW as EXAMPLE
from tests.benchmarks.measuring import Setup, in_fresh_process, run_process
from tests.benchmarks.report import Goal, Row

HEAVY = ("tensorflow", "keras")
WATCHED_SECONDS = 30.0
"""So long a training is watched before it is cancelled."""
TIME_LIMIT = 600.0


def measure(setup: Setup) -> Iterator[Row]:
    """Start, canvas, edits and training, one after the other."""
    yield from _start(setup)
    yield from _canvas(setup)
    yield from _edits(setup)
    yield from _training(setup)


def _goal(limit: float) -> Goal:
    return Goal(limit, of="ours")


# ------------------------------------------------------------------------------------------------------------------- start


def _start(setup: Setup) -> Iterator[Row]:
    """`python -m app` from the start of the process to a key that is typed into the painted window."""
    home = setup.new_folder("home")
    heavy: set[str] = set()

    def ours(*files: Path) -> float:
        began = time.clock_gettime(time.CLOCK_MONOTONIC)
        command: list[str | Path] = [sys.executable, "-c", f"from {__name__} import use_window; use_window()", home, *files]
        told = json.loads(run_process(command).output.splitlines()[-1])
        heavy.update(told["heavy"])
        return float(told["at"] - began)

    def theirs() -> float:
        began = time.clock_gettime(time.CLOCK_MONOTONIC)
        return in_fresh_process(nodegraphqt.window_is_there) - began

    first = ours()
    empty, with_file, stock = setup.alternate("start of the window", ours, lambda: ours(EXAMPLE), theirs)
    what = "python -m app, to a window that takes input"
    note = f"{', '.join(sorted(heavy)) or 'neither TensorFlow nor Keras'} imported; first start of all {first:.2f} s"
    yield Row(
        what, "s", empty, stock, _goal(1.5), f"{note}; the other: an empty NodeGraph, its node list and properties", not heavy
    )
    yield Row(f"{what}, the example open in it", "s", with_file)


def use_window() -> None:
    """Be `python -m app`, with the arguments after the first, which is the home; tell when a key that is typed has been taken."""
    home, *files = sys.argv[1:]
    os.environ |= {"QT_QPA_PLATFORM": screen.PLATFORM, "LAYERLOOM_HOME": home, "LAYERLOOM_RESULTS": f"{home}/results"}
    from app.__main__ import main
    from app.editor import application

    run = application.run

    def shown(window: Any) -> None:
        from PySide6.QtCore import QEvent, QEventLoop, Qt, QTimer
        from PySide6.QtGui import QKeyEvent
        from PySide6.QtWidgets import QApplication

        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        window.repaint()
        field = window.docks.repository.field
        QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a"))
        QApplication.processEvents()
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        if field.text() != "a" or not window.isVisible():
            raise RuntimeError("the window takes no input")
        print(json.dumps({"at": at, "heavy": [name for name in HEAVY if name in sys.modules]}), flush=True)
        QTimer.singleShot(0, window, window.close)

    application.run = lambda files, results: run(files, results, shown)  # type: ignore[misc, assignment]
    raise SystemExit(main(files))


# ------------------------------------------------------------------------------------------------------------------ canvas


def _canvas(setup: Setup) -> Iterator[Row]:
    """A large workflow on the canvas, and the same size in NodeGraphQt."""
    size = {"nodes": 60, "wires": 80} if setup.quick else {"nodes": 1000, "wires": 1500}
    ours, theirs = setup.alternate(
        f"canvas of {size['nodes']} nodes",
        lambda: in_fresh_process(seconds_on_the_canvas, **size),
        lambda: in_fresh_process(nodegraphqt.large_graph, **size),
    )
    what = f"{grouped(size['nodes'])} nodes, {grouped(size['wires'])} wires"

    def both(mine: Callable[[Any], float], other: Callable[[Any], float]) -> tuple[list[float], list[float]]:
        return [mine(found) for found in ours], [other(found) for found in theirs]

    made = [found["made"] for found in theirs]
    opened = both(lambda f: f["open, first full picture"][0] / 1000, lambda f: f["opened"])
    note = f"the other: its session; made node by node: {min(made):.1f} s"
    yield Row(f"{what}: opened, first full picture", "s", *opened, _goal(1.0), note)
    for key, name in (("pan", "pan, all in view"), ("zoom", "zoom, all in view"), ("drag", "drag one node, all in view")):
        found = [next(v for k, v in f.items() if k.startswith(name)) for f in ours]
        worst, limit = max(f[1] for f in found), 50.0
        stock = [sorted(f[key])[len(f[key]) // 2] for f in theirs]
        note = f"worst {worst:.0f} ms; the other's {max(max(f[key]) for f in theirs):.0f} ms"
        holds = key == "drag" or worst <= limit
        yield Row(f"{what}: frame, {name}", "ms", [f[0] for f in found], stock, _goal(16), note, holds)
    undone = both(lambda f: f["undo deleting all"][0] / 1000, lambda f: f["undone"])
    yield Row(f"{what}: deleting all of them undone", "s", *undone, _goal(0.5), "until painted")


def seconds_on_the_canvas(nodes: int, wires: int) -> dict[str, list[float]]:
    """What was measured -> median and worst, in milliseconds."""
    os.environ["QT_QPA_PLATFORM"] = screen.PLATFORM
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    from app.editor.look import look
    from tests.benchmarks import canvas

    look().start("light")
    found = {line.what: [line.median, line.worst] for line in canvas.measure(nodes, wires)}
    app.processEvents()
    return found


# ------------------------------------------------------------------------------------------- the window and a real engine


def _edits(setup: Setup) -> Iterator[Row]:
    """One edit in a long chain, until the canvas shows what it means for the nodes behind it."""
    nodes = 30 if setup.quick else 1000
    edits = 2 if setup.quick else 10
    for which in ("last", "first"):
        setup.say(f"edit of the {which} of {nodes} nodes")
        seconds = in_fresh_process(seconds_of_edits, folder=setup.new_folder("edits"), nodes=nodes, edits=edits, which=which)
        behind = "nothing behind it" if which == "last" else "all others behind it change their state"
        milliseconds = [1000 * s for s in seconds]
        note = f"{behind}; worst {max(milliseconds):.0f} ms; through the engine's process"
        yield Row(f"edit of one of {nodes} nodes, until the canvas shows it", "ms", milliseconds, goal=_goal(100), note=note)


def seconds_of_edits(folder: str, nodes: int, edits: int, which: Literal["first", "last"]) -> list[float]:
    """Seconds from an edit to the painted states, edit by edit: the node is made wrong and right in turns."""
    from app.document.file import save
    from app.document.model import NodeView, View
    from tests.benchmarks.canvas import grid_place
    from tests.benchmarks.workflows import filters

    path = Path(folder) / "chain.workflow.json"
    chain = filters(nodes, Path(folder))
    views = {record.id: NodeView(position=grid_place(number)) for number, record in enumerate(chain.nodes)}
    save(chain.model_copy(update={"view": View(nodes=views)}), path)
    with _Window(Path(folder)) as window:
        workspace = window.commands.files.open(path)
        assert workspace is not None
        node, last = f"node_{1 if which == 'first' else nodes - 1}", f"node_{nodes - 1}"
        _until(lambda: all(workspace.status(n).state == "ready" for n in workspace.document.nodes))
        _until(workspace.canvas.isVisible, quiet=0.5)
        found = []
        for number in range(edits):
            wrong = number % 2 == 0
            began = time.perf_counter()
            criterion = {"column": "nowhere" if wrong else "size", "operator": ">=", "value": -number}
            workspace.document.set_settings(node, {"criteria": [criterion]})
            _until(lambda wrong=wrong: workspace.status(last).state == ("not configured" if wrong else "ready"))  # type: ignore[misc]
            workspace.canvas.view.viewport().repaint()
            found.append(time.perf_counter() - began)
            _until(lambda: True, quiet=0.3)
        return found


def _training(setup: Setup) -> Iterator[Row]:
    """The example trains, watched by a person who sees curves, progress and node monitor; then it is cancelled."""
    seconds = 3.0 if setup.quick else WATCHED_SECONDS
    setup.say(f"the example trains for {seconds:.0f} s")
    found = in_fresh_process(stalls_while_training, folder=setup.new_folder("training"), seconds=seconds, small=setup.quick)
    gaps = sorted(found["gaps"])
    often = sum(gap > 16 for gap in gaps)
    note = f"training watched for {seconds:.0f} s; {often} of {found['turns']} turns took over 16 ms; "
    note += f"while the nodes before it ran: {found['before']:.0f} ms"
    yield Row("longest stall of the window while the example trains", "ms", [gaps[-1]], goal=_goal(50), note=note)
    yield Row("cancel pressed, until the training has stopped", "s", [found["cancelled"]], goal=_goal(1.0), note="F9")


def stalls_while_training(folder: str, seconds: float, small: bool) -> dict[str, Any]:
    """Milliseconds that the event loop was held, while the learner trains and before; seconds until a cancel was obeyed."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    path = _example(Path(folder), small)
    with _Window(Path(folder)) as window:
        workspace = window.commands.files.open(path)
        assert workspace is not None
        learner = next(n for n, r in workspace.document.nodes.items() if r.type == "networks.learner")
        _until(lambda: workspace.status(learner).state == "ready")
        workspace.canvas.select([learner])
        window.docks.show("monitor")
        _until(lambda: True, quiet=1.0)
        with _Pulse() as before:
            window.commands.running.run_all()
            _until(lambda: workspace.status(learner).state == "running" and bool(window.docks.learning.shown))
        with _Pulse() as during:
            end = time.monotonic() + seconds
            _until(lambda: time.monotonic() > end or workspace.status(learner).state != "running")
        if workspace.status(learner).state != "running":
            raise RuntimeError(f"the learner does not train any more: {workspace.status(learner)}")
        workspace.canvas.select([])
        began = time.perf_counter()
        QTest.keyClick(window, Qt.Key.Key_F9)
        _until(lambda: not workspace.is_running and workspace.status(learner).state != "running")
        cancelled = time.perf_counter() - began
    return {"gaps": during.gaps, "before": max(before.gaps), "turns": during.turns, "cancelled": cancelled}


def _example(folder: Path, small: bool) -> Path:
    """The example; where only the way counts, with few images and so many epochs that there is time to watch."""
    from app.document.file import load, save

    workflow = load(EXAMPLE)
    values = {"data_dir": str(slice_of_the_data(folder) if small else DATA)} | ({"epochs": 2000} if small else {})
    changed = [v.model_copy(update={"value": values[v.name]}) if v.name in values else v for v in workflow.variables]
    path = folder / EXAMPLE.name
    save(workflow.model_copy(update={"variables": changed}), path)
    return path


class _Window:
    """The window with an engine of its own, as the program makes it; closed at the end."""

    def __init__(self, folder: Path) -> None:
        places = {"LAYERLOOM_HOME": f"{folder}/home", "LAYERLOOM_RESULTS": f"{folder}/results"}
        os.environ |= {"QT_QPA_PLATFORM": screen.PLATFORM, **places}

    def __enter__(self) -> Any:
        from PySide6.QtWidgets import QApplication

        self._app = QApplication.instance() or QApplication([])
        from app.editor.application import make_services, open_window
        from app.editor.look import look
        from app.editor.warm_up import WarmUp

        services = make_services()
        look().start("light")
        self._window = open_window(services)
        WarmUp(services.catalog, self._window).go_on()
        _until(gc.isenabled)
        engine = services.engine
        engine.start()
        _until(lambda: engine.is_ready)
        return self._window

    def __exit__(self, *_: object) -> None:
        for workspace in self._window.desk.workspaces:
            workspace.document.mark_saved()
        self._window.close()


class _Pulse:
    """A timer of 1 ms in the GUI thread: the time between two beats is what an event had to wait.

    Attributes:
        gaps: The gaps of more than 5 ms, in milliseconds.
        turns: How often it beat.
    """

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.gaps: list[float] = [0.0]
        self.turns = 0
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=1)  # type: ignore[call-overload]
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> _Pulse:
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        gap, self._last = 1000 * (now - self._last), now
        self.turns += 1
        if gap > 5:
            self.gaps.append(gap)


def _until(holds: Callable[[], bool], quiet: float = 0.0) -> None:
    """Let events happen until something holds, and for a while after it."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    limit = time.monotonic() + TIME_LIMIT
    since: float | None = None
    while since is None or time.monotonic() - since < quiet:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
        time.sleep(0.0005)
        if since is None and holds():
            since = time.monotonic()
        if time.monotonic() > limit:
            raise RuntimeError("it takes too long")
