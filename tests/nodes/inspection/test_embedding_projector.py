"""Embedding: scikit-learn's PCA and t-SNE of what Keras computes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from nodes.base import NodeError, Values
from nodes.inspection.embedding_projector import EmbeddingProjector
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.core import Activation
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.reshaping import Flatten
from nodes.values.table import Table
from tests.nodes.inspection.seeing import NAMES, classifier, images, look, trained
from tests.nodes.layers.building import chain
from tests.support import configure

COLUMNS = ["embedding 1", "embedding 2"]


def groups(rows: int = 30, width: int = 5) -> Table:
    """Three clouds of points."""
    random = np.random.default_rng(0)
    number = np.arange(rows) % 3
    numbers = (random.normal(size=(rows, width)) + 20 * np.eye(3, width)[number]).astype(np.float32)
    return Table.of(
        pl.DataFrame(
            {"v": pl.Series(numbers), "class": pl.Series([NAMES[n] for n in number], dtype=pl.Enum(NAMES)), "n": number}
        ),
        {"n": NAMES},
    )


def test_what_goes_into_the_last_dense_layer() -> None:
    network = trained(classifier())
    table = images(6)
    made, _ = look(EmbeddingProjector(color_column="label", batch_size=4), network, table)
    model = to_keras(network)
    features = np.asarray(keras.Model(model.inputs[0], model.get_layer("node_5").output)(table.frame()["image"].to_numpy()))
    frame = made["table"].frame()
    np.testing.assert_allclose(np.abs(frame[COLUMNS].to_numpy()), np.abs(PCA(2).fit_transform(features)), rtol=1e-3, atol=1e-4)
    assert made["table"].columns == [*table.columns, *COLUMNS]
    assert made["table"].classes == table.classes
    figure = made["figure"]
    assert [points.name for points in figure.points] == list(NAMES)
    assert figure.points[1].x == frame["embedding 1"].gather([1, 4]).to_list()
    chosen, _ = look(EmbeddingProjector(layer="node_2"), network, table)
    features = np.asarray(keras.Model(model.inputs[0], model.get_layer("node_2").output)(table.frame()["image"].to_numpy()))
    found = chosen["table"].frame()[COLUMNS].to_numpy()
    np.testing.assert_allclose(np.abs(found), np.abs(PCA(2).fit_transform(features.reshape(6, -1))), rtol=1e-3, atol=1e-4)


def test_an_activation_at_the_end_is_not_the_last_layer_with_weights() -> None:
    network = chain(Input(shape=(8, 8, 1)), Flatten(), Dense(units=4), Dense(units=3), Activation(activation="softmax"))
    assert str(EmbeddingProjector()._tensor(network.spec)) == "node_3_0:0"


def test_columns_without_a_network() -> None:
    table = groups()
    for settings in ({"columns": ["v"]}, {"color_column": "n"}):
        made, _ = look(EmbeddingProjector(**settings, n_components=3, prefix="p"), None, table)
        frame = made["table"].frame()
        expected = PCA(3).fit_transform(table.frame()["v"].to_numpy())
        np.testing.assert_allclose(np.abs(frame[["p 1", "p 2", "p 3"]].to_numpy()), np.abs(expected), rtol=1e-3, atol=1e-4)
        assert len(EmbeddingProjector(**settings, n_components=3, prefix="p").views(Values(made))) == 3
    scaled, _ = look(EmbeddingProjector(columns=["v"], standardize=True), None, table)
    expected = PCA(2).fit_transform(StandardScaler().fit_transform(table.frame()["v"].to_numpy()))
    np.testing.assert_allclose(np.abs(scaled["table"].frame()[COLUMNS].to_numpy()), np.abs(expected), rtol=1e-3, atol=1e-4)


def test_neighbours_stay_neighbours() -> None:
    table = groups(30, 60)
    settings: dict[str, Any] = {"method": "t-SNE", "columns": ["v"], "perplexity": 5, "iterations": 500, "pca_first": 10}
    made, _ = look(EmbeddingProjector(**settings, color_column="class"), None, table)
    places = made["table"].frame()[COLUMNS].to_numpy()
    first = PCA(10, random_state=0).fit_transform(table.frame()["v"].to_numpy())
    with threadpool_limits(1, user_api="openmp"):
        expected = TSNE(2, perplexity=5, max_iter=500, random_state=0).fit_transform(first)
    np.testing.assert_allclose(places, expected, rtol=1e-3, atol=1e-2)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(30)
    assert (distances.argmin(axis=1) % 3 == np.arange(30) % 3).all()
    assert made["figure"].title == "t-SNE of 30 rows"


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows(method: str, rows: int) -> None:
    made, _ = look(EmbeddingProjector(method=method, iterations=250, n_components=3, columns=["v"]), None, groups(rows))
    assert made["table"].height == rows
    assert np.isfinite(made["table"].frame()[[*COLUMNS, "embedding 3"]].to_numpy()).all()


def test_one_number_is_a_line() -> None:
    made, _ = look(EmbeddingProjector(columns=["n"]), None, groups())
    frame = made["table"].frame()
    assert (frame["embedding 2"] == 0).all()
    assert frame["embedding 1"].n_unique() == 3
    made, _ = look(EmbeddingProjector(columns=["n"], method="t-SNE", iterations=250), None, groups(6))
    assert made["table"].height == 6


def test_a_sample_of_a_long_table() -> None:
    table = groups(50)
    made, warnings = look(EmbeddingProjector(most_rows=20, columns=["v"]), None, table)
    kept = made["table"].frame()
    assert kept.height == 20
    assert "20 of 50 rows" in warnings[0]
    rows = [table.frame()["v"].to_list().index(v) for v in kept["v"].to_list()]
    assert rows == sorted(rows)
    again, _ = look(EmbeddingProjector(most_rows=20, columns=["v"]), None, table)
    assert again["table"].frame().equals(kept)
    other, _ = look(EmbeddingProjector(most_rows=20, columns=["v"], seed=1), None, table)
    assert not other["table"].frame().equals(kept)
    assert not EmbeddingProjector(seed=None).reproducible
    assert look(EmbeddingProjector(most_rows=20, columns=["v"], seed=None), None, table)[0]["table"].height == 20


def test_rows_without_all_numbers_are_left_out() -> None:
    frame = pl.DataFrame({"a": [1.0, None, 3.0, np.nan, 5.0], "b": [1.0, 2.0, 5.0, 3.0, np.inf], "c": ["x"] * 5})
    made, warnings = look(EmbeddingProjector(color_column="b"), None, Table.of(frame))
    assert made["table"].frame()["a"].to_list() == [1.0, 3.0, 5.0]
    assert "2 rows with missing" in warnings[0]
    assert made["figure"].points[0].shades == [1.0, 5.0]
    assert made["figure"].shade_label == "b"


@pytest.mark.parametrize(
    ("settings", "with_network", "setting"),
    [
        ({"layer": "node_2"}, False, "layer"),
        ({"layer": "nothing"}, True, "layer"),
        ({"columns": ["name"]}, False, "columns"),
        ({"color_column": "image"}, True, "color_column"),
        ({"inputs": [{"columns": ["number"]}]}, True, "inputs.0.columns"),
        ({"prefix": "there"}, True, "prefix"),
    ],
)
def test_mistakes_name_their_setting(settings: dict[str, Any], with_network: bool, setting: str) -> None:
    table = Table.of(images().frame().rename({"label": "there 1"}))
    given: dict[str, Any] = {"table": table} | ({"network": classifier()} if with_network else {})
    with pytest.raises(NodeError) as caught:
        configure(EmbeddingProjector(**settings), given)
    assert caught.value.setting == setting


def test_no_numbers_at_all_and_sizes_that_are_not_fixed() -> None:
    with pytest.raises(NodeError, match="no columns of numbers"):
        configure(EmbeddingProjector(), {"table": images().select(["label", "name"])})
    free = chain(Input(shape=(None, None, 1)), Dense(units=2))
    with pytest.raises(NodeError, match="not fixed"):
        configure(EmbeddingProjector(), {"network": free, "table": images()})
    plain = chain(Input(shape=(8, 8, 1)), Flatten())
    with pytest.raises(NodeError, match="no layer with weights"):
        configure(EmbeddingProjector(), {"network": plain, "table": images()})
    _, warnings = look(EmbeddingProjector(), classifier(), images(3))
    assert "2 layer(s) of the network have not been trained" in warnings[0]
