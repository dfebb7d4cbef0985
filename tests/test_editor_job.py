"""The editor's main job, by mouse and keys in the real window: build Fashion-MNIST's network from an empty canvas, let it learn
with the real engine, look at the results, save, close, find all of it again, take every step back and do it again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.document.file import dump
from tests.app.editor.window_support import DATA, Person, a_window, choosing

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
LAYERS = QPointF(132, 0)


def build(person: Person, output: Path) -> dict[str, str]:
    """Add, wire and configure all nodes; returns what each part is called in the document."""
    canvas = person.canvas
    corner = canvas.view.visible_area().topLeft()
    ids: dict[str, str] = {}

    # The network: the first node dragged onto the empty canvas, the others pulled out of it.
    ids["input"] = person.drag_from_repository("keras input", corner + QPointF(80, 120))
    layers = [
        ("conv_1", "convolution 2d"), ("pool_1", "max pooling 2d"), ("conv_2", "convolution 2d"), ("pool_2", "max pooling 2d"),
        ("dense_1", "dense"), ("dense_2", "dense"),
    ]  # fmt: skip
    last = ids["input"]
    for name, typed in layers:
        ids[name] = last = person.pull_and_choose(f"{last}.network", "output", LAYERS, typed)
    # Forgotten, and dropped onto the wire: a layer in between.
    middle = (person.port(f"{ids['pool_2']}.network", "output") + person.port(f"{ids['dense_1']}.network", "input")) / 2
    ids["flatten"] = person.drag_from_repository("flatten", middle)

    # The data: dragged, double-clicked (which wires it to what is selected), and pulled.
    ids["read"] = person.drag_from_repository("idx", corner + QPointF(80, 330))
    ids["normalize"] = person.double_click_in_repository("image normalizer")
    ids["number"] = person.double_click_in_repository("category to number")
    ids["collect"] = person.double_click_in_repository("create collection")
    ids["split"] = person.pull_and_choose(f"{ids['collect']}.table", "output", LAYERS, "partitioning")
    ids["learner"] = person.pull_and_choose(f"{ids['split']}.first", "output", QPointF(190, 20), "network learner")
    person.connect(f"{ids['split']}.second", f"{ids['learner']}.validation")
    person.connect(f"{ids['dense_2']}.network", f"{ids['learner']}.network")
    ids["writer"] = person.pull_and_choose(f"{ids['learner']}.network", "output", QPointF(140, -60), "network writer")

    # The test images: copied from what reads and normalises the others.
    ids["read_test"] = person.drag_from_repository("idx", corner + QPointF(80, 520))
    ids["normalize_test"] = person.pull_and_choose(f"{ids['read_test']}.table", "output", LAYERS, "image normalizer")
    ids["executor"] = person.pull_and_choose(f"{ids['normalize_test']}.table", "output", QPointF(600, 0), "network executor")
    person.connect(f"{ids['learner']}.network", f"{ids['executor']}.network")
    ids["extract"] = person.pull_and_choose(f"{ids['executor']}.table", "output", LAYERS, "class extractor")
    ids["scorer"] = person.pull_and_choose(f"{ids['extract']}.table", "output", LAYERS, "scorer")

    # Everything from here on in the dialog of the node.
    convolution = {"kernel_size": [2, 2], "padding": "same", "activation": "relu"}
    person.configure(ids["input"], {"shape": [28, 28, 1]})
    person.configure(ids["conv_1"], {"filters": 16, **convolution})
    person.configure(ids["conv_2"], {"filters": 32, **convolution})
    person.configure(ids["dense_1"], {"units": 50, "activation": "relu"})
    person.configure(ids["dense_2"], {"units": 10, "activation": "softmax"})
    for name, part, rows in (("read", "train", 1500), ("read_test", "t10k", 300)):
        files = {
            "images": DATA / f"{part}-images-idx3-ubyte.gz",
            "labels": DATA / f"{part}-labels-idx1-ubyte.gz",
            "class_names": CLASSES,
            "limit": rows,
        }
        person.configure(ids[name], files)
    person.until(lambda: "1 500 rows" in person.status(ids["normalize"]).outputs.get("table", "").replace("\u202f", " "))
    person.configure(ids["number"], {"columns": ["label"], "suffix": " number"})
    person.configure(ids["collect"], {"columns": ["label number"], "output_name": "class", "remove_collected": True})
    person.configure(ids["split"], {"percent": 90, "sampling": "stratified", "group_column": "label", "seed": 7})
    person.configure(
        ids["learner"],
        {
            "epochs": 3,
            "batch_size": 50,
            "inputs": [{}],
            "inputs.0.columns": ["image"],
            "targets.0.columns": ["class"],
            "targets.0.conversion": "one-hot",
            "targets.0.loss": {"kind": "CategoricalCrossentropy"},
            "optimizer": {"kind": "Adam"},
            "optimizer.learning_rate": {"kind": "CosineDecay"},
            "optimizer.learning_rate.initial_learning_rate": 0.002,
        },
    )
    person.configure(ids["writer"], {"path": output / "cnn.keras", "if_exists": "overwrite"})
    person.configure(ids["executor"], {"keep_input_columns": True})
    person.until(lambda: person.status(ids["executor"]).outputs)
    person.configure(ids["extract"], {"columns": [ids["dense_2"]]})
    person.configure(ids["scorer"], {"actual_column": "label", "predicted_column": "prediction"})
    return ids


def test_from_an_empty_canvas_to_the_saved_results_and_back(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, arguments=()) as person:
        window = person.window
        person.press("Ctrl+N")
        person.canvas.set_animations(False)
        ids = build(person, tmp_path)
        document = person.document
        assert len(document.nodes) == 20
        person.until(lambda: set(person.states().values()) == {"ready"})
        person.until(lambda: window.docks.problems.summary == "no problems")

        # It learns, and the curve grows while it does.
        person.press("Shift+F7")
        person.until(lambda: any(run.live for run in window.docks.learning.shown), 60)
        run = window.docks.learning.shown[0]
        reached = run.position
        person.until(lambda: run.position > reached, 60)
        person.until(lambda: set(person.states().values()) == {"done"}, 120)
        assert (tmp_path / "cnn.keras").stat().st_size > 10_000

        # The confusion matrix.
        person.select(ids["scorer"])
        person.press("F10")
        person.until(lambda: window.docks.monitor.current_view == "Confusion matrix")
        matrix = window.docks.monitor.view("Confusion matrix")
        person.until(lambda: matrix.confusion is not None)
        assert matrix.confusion.classes == tuple(CLASSES) or list(matrix.confusion.classes) == CLASSES
        assert sum(matrix.confusion.count(a, p) for a in range(10) for p in range(10)) == 300

        # Saved; every step back, to the empty canvas, and all of them again: the same as saved.
        saved = tmp_path / "fashion.workflow.json"
        with person.answering(choosing(saved)):
            person.press("Ctrl+S")
        assert window.tabs.tabText(0) == "fashion"
        steps = len(document.history)
        assert steps > 30
        for _ in range(steps):
            person.press("Ctrl+Z")
        assert document.undo_label is None
        assert not document.nodes
        assert not document.connections
        assert not person.canvas.view.canvas_scene.tiles
        assert window.tabs.tabText(0) == "fashion •"
        for _ in range(steps):
            person.press("Ctrl+Shift+Z")
        assert document.redo_label is None
        assert dump(document.workflow()) == saved.read_text()
        assert window.tabs.tabText(0) == "fashion"
        person.until(lambda: set(person.states().values()) == {"done"})

        # Closed, and opened again: green at once, nothing is computed.
        person.press("Ctrl+W")
        assert window.desk.current is None
        runs: list[object] = []
        window.desk.services.engine.run_changed.connect(lambda *run: runs.append(run))
        with person.answering(choosing(saved)):
            person.press("Ctrl+O")
        person.until(lambda: set(person.states().values()) == {"done"})
        assert set(person.document.nodes) == set(ids.values())
        person.until(lambda: [run.status for run in window.docks.learning.shown] == ["done"])  # though no node is selected
        assert window.docks.learning._title.text().startswith("fashion · ")
        person.select(ids["learner"])
        person.press("F10")
        person.until(lambda: window.docks.monitor.offered_views)
        assert runs == []
