"""What there is to see of a result: figures, networks, learning curves, and the rows behind a confusion matrix."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.engine.inspection.base import StoredOutputs
from app.engine.inspection.figures import describe_network, figures_from
from app.engine.messages.figures import ConfusionQuestion, FiguresQuestion, LearningQuestion, NetworkQuestion, RowsBehindQuestion
from app.engine.store import Store
from nodes.base import Node, Value
from nodes.errors import NodeError
from nodes.networks.network_learner import NetworkLearner
from nodes.values.figure import BarsFigure, Figure, HeatMapFigure, ImagesFigure, Line, LinesFigure, TextFigure
from nodes.values.network import Network, merge
from nodes.values.table import Table
from tests.app.editor.views.results import results
from tests.app.editor.views.scored import CATALOG, CLASSES, workflow
from tests.app.engine.inspection.asked import asked
from tests.nodes.networks.learning import classifier


def stored(folder: Path, values: dict[str, Value], node: Node | None = None) -> StoredOutputs:
    """Outputs as they come back from a store."""
    store = Store(folder / "store")
    with store.writing("k1") as writer:
        record, _ = writer.commit(values, written={}, warnings=(), seconds=1.0)
    return StoredOutputs(node, "k1", record, store)


FIGURES: list[Figure] = [
    LinesFigure(
        "Curves", [Line("a", [1.0, 2.0], [0.5, float("nan")], "loss"), Line("b", [1], [2], dashed=True)], "epoch", log=True
    ),
    HeatMapFigure("Map", [[1.0, 2.0], [3.0, 4.0]], ["x", "y"], ["u", "v"], "rows", "columns"),
    ImagesFigure("Pictures", np.arange(48, dtype=np.uint8).reshape(4, 2, 2, 3), ["one", "two", "three", "four"]),
    BarsFigure("Bars", ["n"], {"series": [1.5]}, "y"),
    TextFigure("Text", "lines\nof text"),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.kind)
def test_a_figure_at_a_port_arrives_as_it_was(tmp_path: Path, figure: Figure) -> None:
    reply = asked(stored(tmp_path, {"figure": figure}), FiguresQuestion)
    (arrived,) = figures_from(reply)
    assert type(arrived) is type(figure)
    if isinstance(figure, ImagesFigure) and isinstance(arrived, ImagesFigure):
        assert (arrived.images == figure.images).all()
        assert list(arrived.captions) == list(figure.captions)
    else:
        assert str(arrived) == str(figure)  # as text, for NaN is not equal to itself


def test_the_figures_a_class_makes_come_first_and_none_twice(tmp_path: Path) -> None:
    scorer = results(workflow(), CATALOG, tmp_path)["scorer"]
    reply = asked(scorer, FiguresQuestion)
    found = figures_from(reply)
    assert [figure.title for figure in found] == ["Confusion matrix", "F-measure per class"]


def test_several_figures_with_images_share_the_payload(tmp_path: Path) -> None:
    first = ImagesFigure("A", np.full((2, 3, 3, 1), 7, np.uint8))
    second = ImagesFigure("B", np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3))
    reply = asked(stored(tmp_path, {"one": first, "two": second}), FiguresQuestion)
    a, b = figures_from(reply)
    assert isinstance(a, ImagesFigure)
    assert isinstance(b, ImagesFigure)
    assert (a.images == first.images).all()
    assert (b.images == second.images).all()


# -------------------------------------------------------------------------------------------------------------- networks


def test_a_network_is_told_layer_by_layer(tmp_path: Path) -> None:
    network = classifier()
    header = asked(stored(tmp_path, {"network": network}), NetworkQuestion, port="network")
    assert [layer.name for layer in header.layers] == [layer.name for layer in network.spec.layers]
    assert sum(layer.parameters for layer in header.layers) == header.parameters == network.spec.parameters
    assert header.trained is False
    assert len(header.edges) == len(network.spec.layers) - 1
    assert header.outputs[0].layer == network.spec.layers[-1].name


def test_a_network_with_weights_is_trained(tmp_path: Path) -> None:
    spec = classifier().spec
    weights = {layer.name: [np.zeros(w.shape, np.float32) for w in layer.weights] for layer in spec.layers if layer.weights}
    assert asked(stored(tmp_path, {"network": Network(spec, weights)}), NetworkQuestion, port="network").trained is True


def test_a_layer_that_is_used_by_two_outputs_is_there_once() -> None:
    spec = classifier().spec
    both, _ = merge([spec, replace(spec, outputs=spec.inputs)])
    assert len(describe_network(both).layers) == len(spec.layers)
    assert len(describe_network(both).outputs) == 2


def test_a_table_is_no_network(tmp_path: Path) -> None:
    outputs = stored(tmp_path, {"table": Table.of(pl.DataFrame({"a": [1]}))})
    with pytest.raises(NodeError, match="has no network"):
        asked(outputs, NetworkQuestion, port="table")


# -------------------------------------------------------------------------------------------------------------- learning


def test_a_history_is_told_by_quantity(tmp_path: Path) -> None:
    history = Table.of(pl.DataFrame({"epoch": (1, 2), "loss": (0.5, 0.25), "val_loss": (None, None)}, strict=False))
    header = asked(stored(tmp_path, {"history": history}, NetworkLearner()), LearningQuestion, port="")
    assert header.columns == {"epoch": (1, 2), "loss": (0.5, 0.25), "val_loss": (None, None)}


def test_another_table_is_no_history(tmp_path: Path) -> None:
    outputs = stored(tmp_path, {"history": Table.of(pl.DataFrame({"a": [1]}))})
    with pytest.raises(NodeError, match="not the history of a training"):
        asked(outputs, LearningQuestion, port="")


# --------------------------------------------------------------------------------------------------------------- scoring


def test_the_confusion_matrix_is_that_of_the_scorer(tmp_path: Path) -> None:
    scorer = results(workflow(), CATALOG, tmp_path)["scorer"]
    reply = asked(scorer, ConfusionQuestion)
    counts = array("q", reply.payload)
    table = scorer.table("confusion").frame()
    assert reply.classes == tuple(CLASSES)
    assert list(counts) == [n for row in table.select(CLASSES).rows() for n in row]
    assert [row["class"] for row in reply.statistics] == list(CLASSES)
    assert reply.overall["wrong"] == sum(counts) - sum(counts[i * 11] for i in range(10))
    assert reply.rows_known is True


@pytest.mark.parametrize(
    ("actual", "predicted"), [("Dress", "Coat"), ("Dress", "Dress"), ("Dress", None), (None, "Coat"), ("Bag", "Trouser")]
)
def test_the_rows_behind_a_cell_are_those_that_were_counted_there(
    tmp_path: Path, actual: str | None, predicted: str | None
) -> None:
    made = results(workflow(), CATALOG, tmp_path)
    frame = made["pictures"].table("table").frame().with_row_index("row")
    for column, name in (("label", actual), ("prediction", predicted)):
        if name is not None:
            frame = frame.filter(pl.col(column).cast(pl.String) == name)
    reply = asked(made["scorer"], RowsBehindQuestion, actual=actual, predicted=predicted, count=500)
    assert list(reply.rows) == frame["row"].to_list()
    assert reply.total == frame.height
    names = [dict(zip(reply.columns, cells, strict=True))["name"] for cells in reply.cells]
    assert names == frame["name"].to_list()
    assert reply.payload == frame["image"].to_numpy().tobytes()


def test_the_rows_behind_a_cell_come_in_pieces(tmp_path: Path) -> None:
    scorer = results(workflow(), CATALOG, tmp_path)["scorer"]
    whole = asked(scorer, RowsBehindQuestion, actual="Bag", predicted="Bag", count=500).rows
    pieces = [asked(scorer, RowsBehindQuestion, actual="Bag", predicted="Bag", first=n, count=5).rows for n in (0, 5)]
    assert pieces == [whole[:5], whole[5:10]]


def test_rows_without_images_are_told_as_texts(tmp_path: Path) -> None:
    scorer = results(workflow(pictures=False), CATALOG, tmp_path)["scorer"]
    reply = asked(scorer, RowsBehindQuestion, actual="Dress", predicted=None)
    assert reply.images is None
    assert reply.payload == b""
    assert len(reply.cells) == reply.total > 0


def test_without_the_scored_table_the_remedy_is_to_run_again(tmp_path: Path) -> None:
    scorer = results(workflow(), CATALOG, tmp_path)["scorer"]
    scorer.inputs = {}
    assert asked(scorer, ConfusionQuestion).rows_known is False
    with pytest.raises(NodeError) as raised:
        asked(scorer, RowsBehindQuestion, actual="Bag", predicted="Bag")
    assert raised.value.remedy == "Run the Scorer again."


def test_only_a_scorer_has_a_confusion_matrix(tmp_path: Path) -> None:
    pictures = results(workflow(), CATALOG, tmp_path)["pictures"]
    with pytest.raises(NodeError, match="Only a Scorer"):
        asked(pictures, ConfusionQuestion)
