"""Everything that can be wrong with a training before it runs is found, named, and comes with what to do. No Keras here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.reshaping import Flatten
from nodes.networks.network_learner import NetworkLearner
from nodes.values.network import Network
from nodes.values.table import Table, TableSpec
from tests.nodes.layers.building import chain
from tests.nodes.networks.learning import NAMES, classifier, learner, points
from tests.support import configure

SPARSE = {"kind": "SparseCategoricalCrossentropy"}


def problem(
    node: NetworkLearner, network: Network | None = None, table: Table | None = None, validation: Table | None = None
) -> NodeError:
    inputs: dict[str, Any] = {"network": network or classifier(), "training": table or points()}
    inputs |= {"validation": validation} if validation else {}
    with pytest.raises(NodeError) as found:
        configure(node, inputs)
    assert found.value.remedy
    return found.value


def image_table(height: int = 28, **columns: Any) -> Table:
    images = np.zeros((2, height, 28, 1), np.float32)
    return Table.of(pl.DataFrame({"image": images, "number": np.zeros(2, np.int32), **columns}))


def image_classifier(units: int = 10) -> Network:
    return chain(Input(shape=(28, 28, 1)), Flatten(), Dense(units=units, activation="softmax"))


def test_what_is_promised() -> None:
    inputs = {"network": classifier(), "training": points(), "validation": points()}
    promised = configure(learner(metrics=[{"kind": "Accuracy"}, {"kind": "TopKCategoricalAccuracy", "k": 2}]), inputs)
    quantities = ["loss", "accuracy", "top_k_categorical_accuracy"]
    assert list(promised["history"].schema) == [
        "epoch",
        *quantities,
        *(f"val_{q}" for q in quantities),
        "learning_rate",
        "seconds",
    ]
    assert promised["history"].rows is None
    assert promised["network"].classes == {"node_3_0:0": NAMES}


def test_columns_are_found_where_only_one_fits() -> None:
    table = points().select(["features", "class"])
    assert configure(NetworkLearner(), {"network": classifier(), "training": table})["network"].classes == {"node_3_0:0": NAMES}


def test_several_columns_that_fit_must_be_chosen_from() -> None:
    error = problem(NetworkLearner.model_validate({"inputs": [{"columns": ["features"]}]}))
    assert "2 columns fit" in error.message
    assert "'class', 'one_hot'" in error.remedy
    assert error.setting == "targets.0.columns"


def test_no_column_that_fits() -> None:
    error = problem(NetworkLearner(), image_classifier(), points())
    assert "no column of the table fits" in error.message
    assert "28 x 28 x 1" in error.message
    assert error.setting == "inputs.0.columns"


@pytest.mark.parametrize(
    ("settings", "message", "setting"),
    [
        ({"inputs": [{"columns": ["featurs"]}]}, "There is no column 'featurs'", "inputs.0.columns"),
        ({"inputs": [{"columns": ["one_hot"]}]}, "has 3 numbers a row, but 4 are needed", "inputs.0.columns"),
        ({"inputs": [{"columns": ["number", "features"]}]}, "The 2 chosen columns have 5 numbers a row", "inputs.0.columns"),
        ({"inputs": [{"columns": ["class"], "conversion": "image"}]}, "is a category, not image", "inputs.0.columns"),
        ({"inputs": [{"tensor": "nobody"}]}, "no tensor 'nobody'", "inputs.0.tensor"),
        ({"inputs": [{"tensor": "node_2"}]}, "'node_2' is not among the network's inputs", "inputs.0.tensor"),
        ({"inputs": [{}, {}]}, "There are 2 entries", "inputs.1"),
        ({"targets": []}, "no target for the network's output 'node_3'", "targets"),
        ({"targets": [{"columns": ["number"]}]}, "holds class numbers, but CategoricalCrossentropy", "targets.0.conversion"),
        ({"targets": [{"columns": ["one_hot"], "loss": SPARSE}]}, "3 numbers a row, but SparseC", "targets.0.loss"),
        (
            {"targets": [{"columns": ["class"], "conversion": "one-hot", "loss": SPARSE}]},
            "compares with class numbers, not with one-hot",
            "targets.0.conversion",
        ),
        (
            {"targets": [{"columns": ["class"], "loss": SPARSE, "metrics": [{"kind": "AUC"}]}]},
            "The metric AUC needs targets that are one-hot",
            "targets.0.metrics.0",
        ),
        ({"optimizer": {"kind": "SGD", "clipnorm": 1, "clipvalue": 1}}, "in one way only", "optimizer.clipvalue"),
        (
            {"optimizer": {"kind": "SGD", "learning_rate": {"kind": "PiecewiseConstantDecay", "boundaries": [5, 5]}}},
            "need 3 learning rates",
            "optimizer.learning_rate.values",
        ),
        (
            {"optimizer": {"kind": "Adam", "learning_rate": {"kind": "CosineDecay"}}, "reduce_learning_rate": {}},
            "follows a schedule",
            "reduce_learning_rate",
        ),
        ({"early_stopping": {"monitor": "acuracy"}}, "no quantity 'acuracy'", "early_stopping.monitor"),
        ({"reduce_learning_rate": {"monitor": "val_loss"}}, "no quantity 'val_loss'", "reduce_learning_rate.monitor"),
        ({"class_weight": "typed", "class_weights": {"lowest": 2.0}}, "no class 'lowest'", "class_weights"),
        ({"class_weight": "typed", "class_weights": {"low": -1.0}}, "negative", "class_weights"),
        ({"class_weight": "typed", "class_weights": dict.fromkeys(NAMES, 0.0)}, "All classes have the weight 0", "class_weights"),
        ({"targets": [{"columns": ["number"], "loss": {"kind": "CTC"}}]}, "CTC takes a sequence", "targets.0.loss"),
        (
            {"targets": [{"columns": ["number"], "loss": {"kind": "Circle"}, "metrics": [{"kind": "MeanIoU"}]}]},
            "what Circle trains puts out an embedding",
            "targets.0.metrics.0",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_running(settings: dict[str, Any], message: str, setting: str) -> None:
    error = problem(learner(**settings))
    assert message in error.message
    assert error.setting == setting


@pytest.mark.parametrize(
    ("target", "message", "setting"),
    [
        ({"metrics": [{"kind": "F1Score"}]}, "F1Score is for outputs that are numbers in one dimension", "targets.0.metrics.0"),
        ({"loss": {"kind": "MeanSquaredError"}, "metrics": [{"kind": "R2Score"}]}, "'node_2' has 2", "targets.0.metrics.0"),
        ({"columns": ["number"], "loss": {"kind": "Circle"}}, "Circle takes one embedding a row", "targets.0.loss"),
    ],
)
def test_what_is_for_one_dimension_is_not_for_sequences(target: dict[str, Any], message: str, setting: str) -> None:
    network = chain(Input(shape=(5, 4)), Dense(units=3, activation="softmax"))
    table = Table.of(pl.DataFrame({name: np.zeros((2, 5, n), np.float32) for name, n in (("x", 4), ("y", 3))}))
    numbers = table.with_columns(pl.DataFrame({"number": np.zeros((2, 5), np.int32)}))
    node = NetworkLearner.model_validate({"inputs": [{"columns": ["x"]}], "targets": [{"columns": ["y"]} | target]})
    error = problem(node, network, numbers)
    assert message in error.message
    assert error.setting == setting


def test_a_metric_that_is_there_twice_is_refused_but_not_with_other_settings() -> None:
    twice = problem(learner(metrics=[{"kind": "Accuracy"}, {"kind": "Accuracy"}]), classifier())
    assert "Accuracy is there twice" in twice.message
    assert twice.setting == "targets.0.metrics.1"
    top = [{"kind": "TopKCategoricalAccuracy", "k": k} for k in (1, 2)]
    assert configure(learner(metrics=top), {"network": classifier(), "training": points()})


def test_one_channel_does_not_tell_the_classes_of_pixels_apart() -> None:
    network = chain(Input(shape=(5, 4)), Dense(units=1, activation="sigmoid"))
    table = Table.of(pl.DataFrame({"x": np.zeros((2, 5, 4), np.float32), "number": np.zeros((2, 5), np.int32)}))
    target = {"columns": ["number"], "loss": {"kind": "SparseCategoricalCrossentropy"}, "metrics": []}
    node = NetworkLearner.model_validate({"inputs": [{"columns": ["x"]}], "targets": [target]})
    error = problem(node, network, table)
    assert "one number at each place" in error.message
    assert error.setting == "targets.0.loss"


def test_a_correlation_needs_several_values() -> None:
    pearson = {"kind": "PearsonCorrelation"}
    node = learner(column="number", loss={"kind": "MeanSquaredError"}, metrics=[pearson])
    assert "no correlation over a single value" in problem(node, classifier(1, activation="linear")).message
    over_rows = learner(column="number", loss={"kind": "MeanSquaredError"}, metrics=[pearson | {"axis": 0}])
    assert configure(over_rows, {"network": classifier(1, activation="linear"), "training": points()})


def test_watching_validation_needs_a_validation_table() -> None:
    node = learner(early_stopping={"monitor": "val_accuracy"})
    assert "Connect a validation table" in problem(node).remedy
    assert configure(node, {"network": classifier(), "training": points(), "validation": points()})


def test_softmax_units_must_be_the_classes() -> None:
    for loss in ({"kind": "CategoricalCrossentropy"}, SPARSE):
        error = problem(learner(loss=loss), classifier(units=5))
        assert error.message == "The network's output 'node_3' has 5 units, but column 'class' has 3 classes."
        assert error.remedy == "Give the last layer 3 units."


def test_one_class_cannot_be_learned() -> None:
    table = Table.of(points().frame().with_columns(only=pl.lit("a", pl.Enum(["a"]))))
    error = problem(learner(column="only"), table=table)
    assert error.message.endswith("has 1 class.")
    assert "rows of others" in error.remedy


def test_one_sigmoid_is_for_two_classes() -> None:
    node = learner(column="number", loss={"kind": "BinaryCrossentropy"})
    assert "1 unit, but column 'number' has 3 classes" in problem(node, classifier(1, activation="sigmoid")).message
    two = Table.of(points().frame(), classes={"number": ("no", "yes")})
    promised = configure(node, {"network": classifier(1, activation="sigmoid"), "training": two})
    assert promised["network"].classes == {"node_3_0:0": ("no", "yes")}


def test_an_image_of_another_size() -> None:
    error = problem(NetworkLearner.model_validate({"inputs": [{"columns": ["image"]}]}), image_classifier(), image_table(32))
    assert "are 32 x 28 x 1 (height, width, channels), but the network takes 28 x 28 x 1" in error.message


def test_channels_first_networks_take_the_same_images() -> None:
    network = chain(Input(shape=(1, 28, 28), data_format="channels_first"), Flatten(), Dense(units=10, activation="softmax"))
    node = NetworkLearner.model_validate({"targets": [{"columns": ["number"], "conversion": "one-hot"}]})
    assert configure(node, {"network": network, "training": image_table()})


def test_text_must_become_numbers_first() -> None:
    table = image_table(name=["a", "b"])
    error = problem(NetworkLearner.model_validate({"targets": [{"columns": ["name"]}]}), image_classifier(), table)
    assert "Category to Number" in error.remedy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(["class"]), "has no column 'class'"),
        (lambda t: t.drop(["features"]).with_columns(t.frame(["number"]).rename({"number": "features"})), "of type Int32 in the"),
        (lambda t: t.with_columns(t.frame(["class"]).cast(pl.Enum([*NAMES, "more"]))), "with other classes"),
    ],
)
def test_validation_data_must_be_like_the_training_data(change: Any, message: str) -> None:
    assert message in problem(learner(), validation=change(points())).message


def test_validation_data_must_have_the_same_classes() -> None:
    other = Table.of(points().frame(), classes={"number": ("a", "b", "c")})
    assert "other classes" in problem(learner(column="number", loss=SPARSE), validation=other).message


def test_something_must_be_there_to_train() -> None:
    frozen = classifier()
    layers = [replace(layer, trainable=False) for layer in frozen.spec.layers]
    assert "frozen" in problem(learner(), Network(frozen.spec.with_layers(layers))).message
    bare = chain(Input(shape=(3,)))
    node = NetworkLearner.model_validate({"inputs": [{"columns": ["one_hot"]}], "targets": [{"columns": ["one_hot"]}]})
    assert "no weights" in problem(node, bare).message


def test_a_network_may_fix_its_batch_size() -> None:
    network = chain(Input(shape=(4,), batch_size=10), Dense(units=3, activation="softmax"))
    assert "batches of 10 rows" in problem(learner(), network).message
    specs = Specs({"network": network.spec, "training": points(95).spec})
    learner(batch_size=10).configure(specs)
    assert "5 row(s)" in specs.warnings[0]


def test_empty_tables_are_foreseen() -> None:
    specs = Specs(
        {"network": classifier().spec, "training": points().spec.with_rows(0), "validation": points().spec.with_rows(0)}
    )
    promised = learner().configure(specs)
    assert len(specs.warnings) == 2
    assert promised["network"] == classifier().spec
    assert isinstance(promised["history"], TableSpec)
    assert promised["history"].rows == 0


def test_settings_survive_a_file() -> None:
    node = learner(
        optimizer={"kind": "Muon", "learning_rate": {"kind": "PolynomialDecay", "power": 2}, "clipnorm": 1.0},
        early_stopping={"patience": 3},
        metrics=[{"kind": "RootMeanSquaredError"}, {"kind": "R2Score"}],
    )
    assert NetworkLearner.model_validate_json(node.model_dump_json()) == node
