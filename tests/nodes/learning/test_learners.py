"""The classical learners: what scikit-learn gives by hand, on the same seeds."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn
from sklearn import ensemble, linear_model, naive_bayes, neighbors, svm, tree
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from app.document.model import Connection, NodeRecord, Workflow
from app.engine import executor
from app.engine.plan import Plan
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.base import Node, NodeError, Specs
from nodes.catalog import Catalog
from nodes.kit.learning.encoding import features_of, matrix
from nodes.learning.decision_tree import DecisionTreeLearner, RegressionTreeLearner
from nodes.learning.gradient_boosting import GradientBoostingLearner, GradientBoostingRegressionLearner
from nodes.learning.linear_regression import LinearRegressionLearner
from nodes.learning.logistic_regression import LogisticRegressionLearner
from nodes.learning.naive_bayes import NaiveBayesLearner
from nodes.learning.nearest_neighbors import NearestNeighborsLearner, NearestNeighborsRegressionLearner
from nodes.learning.predictor import Predictor
from nodes.learning.random_forest import RandomForestLearner, RandomForestRegressionLearner
from nodes.learning.support_vectors import SVMLearner, SVMRegressionLearner
from nodes.readers.model import ModelReader
from nodes.tables.datetime_parts import DateTimePartExtractor
from nodes.tables.domain_calculator import DomainCalculator
from nodes.tables.table_creator import TableCreator
from nodes.values.model import TRUSTED, Feature, Model, UnreadableModel, from_bytes, spec_from_bytes, to_bytes
from nodes.values.table import Table
from nodes.writers.model import ModelWriter
from tests.support import RecordingJob, configure, run

R = np.random.default_rng(1)
X = R.normal(size=(60, 3))
NAMES = ["low", "mid", "high"]
CODES = np.digitize(X[:, 0] + 0.3 * R.normal(size=60), [-0.5, 0.5])
NUMBERS = X @ [1.0, -2.0, 0.5] + 0.1 * R.normal(size=60)
FRAME = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}).with_columns(
    pl.Series("y", [NAMES[c] for c in CODES], dtype=pl.Enum(NAMES)), pl.Series("n", NUMBERS)
)
TABLE = Table.of(FRAME)
COLUMNS = ["a", "b", "c"]
CATALOG = Catalog({c.id: c for c in (TableCreator, DecisionTreeLearner, Predictor)})

CLASSIFIERS: list[tuple[Node, Any]] = [
    (LogisticRegressionLearner(target="y", columns=COLUMNS, C=0.5), linear_model.LogisticRegression(C=0.5)),
    (
        LogisticRegressionLearner(target="y", columns=COLUMNS, penalty="l1", solver="saga", max_iter=400, seed=3),
        linear_model.LogisticRegression(l1_ratio=1.0, solver="saga", max_iter=400, random_state=3),
    ),
    (DecisionTreeLearner(target="y", columns=COLUMNS, max_depth=3), tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
    (
        RandomForestLearner(target="y", columns=COLUMNS, n_estimators=13, seed=5),
        ensemble.RandomForestClassifier(13, random_state=5),
    ),
    (
        GradientBoostingLearner(target="y", columns=COLUMNS, max_iter=4, min_samples_leaf=5),
        ensemble.HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5, random_state=0),
    ),
    (NaiveBayesLearner(target="y", columns=COLUMNS), naive_bayes.GaussianNB()),
    (
        NaiveBayesLearner(target="y", columns=COLUMNS, distribution="bernoulli", alpha=0.5),
        naive_bayes.BernoulliNB(alpha=0.5),
    ),
    (
        NearestNeighborsLearner(target="y", columns=COLUMNS, n_neighbors=3, weights="distance", metric="manhattan"),
        neighbors.KNeighborsClassifier(3, weights="distance", metric="manhattan"),
    ),
    (SVMLearner(target="y", columns=COLUMNS, kernel="poly", degree=2), svm.SVC(kernel="poly", degree=2)),
]
REGRESSORS: list[tuple[Node, Any]] = [
    (LinearRegressionLearner(target="n", columns=COLUMNS), linear_model.LinearRegression()),
    (LinearRegressionLearner(target="n", columns=COLUMNS, penalty="ridge", alpha=2.0), linear_model.Ridge(2.0)),
    (LinearRegressionLearner(target="n", columns=COLUMNS, penalty="lasso", alpha=0.1), linear_model.Lasso(0.1)),
    (
        LinearRegressionLearner(target="n", columns=COLUMNS, penalty="elastic net", alpha=0.1, l1_ratio=0.2),
        linear_model.ElasticNet(0.1, l1_ratio=0.2),
    ),
    (
        RegressionTreeLearner(target="n", columns=COLUMNS, min_samples_leaf=4, criterion="absolute_error"),
        tree.DecisionTreeRegressor(min_samples_leaf=4, criterion="absolute_error", random_state=0),
    ),
    (
        RandomForestRegressionLearner(target="n", columns=COLUMNS, n_estimators=11, max_features=0.5),
        ensemble.RandomForestRegressor(11, max_features=0.5, random_state=0),
    ),
    (
        GradientBoostingRegressionLearner(target="n", columns=COLUMNS, max_iter=4, loss="quantile", quantile=0.9),
        ensemble.HistGradientBoostingRegressor(max_iter=4, loss="quantile", quantile=0.9, random_state=0),
    ),
    (NearestNeighborsRegressionLearner(target="n", columns=COLUMNS), neighbors.KNeighborsRegressor()),
    (SVMRegressionLearner(target="n", columns=COLUMNS, C=2.0), svm.SVR(C=2.0)),
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """On so few rows, threads of scikit-learn would do nothing but wait for each other."""
    with threadpool_limits(1, user_api="openmp"):
        yield


def learned(node: Node, table: Table = TABLE, job: RecordingJob | None = None) -> Model:
    model = run(node, {"table": table}, job=job)["model"]
    assert isinstance(model, Model)
    return model


def predicted(model: Model, table: Table, **settings: Any) -> pl.DataFrame:
    made = run(Predictor(**settings), {"model": model, "table": table})["table"].frame()
    return made.drop(table.columns)


@pytest.mark.parametrize(("node", "by_hand"), CLASSIFIERS, ids=lambda v: getattr(type(v), "__name__", ""))
def test_a_classifier_is_that_of_scikit_learn(node: Node, by_hand: Any):
    by_hand.fit(X, CODES)
    model = learned(node)
    made = predicted(model, TABLE)

    assert made["Prediction (y)"].dtype == pl.Enum(NAMES)
    assert made["Prediction (y)"].to_list() == [NAMES[c] for c in by_hand.predict(X)]
    if not isinstance(by_hand, svm.SVC):
        assert made.columns[1:] == [f"P (y={n})" for n in NAMES]
        np.testing.assert_allclose(made[:, 1:].to_numpy(), by_hand.predict_proba(X), rtol=1e-12)
    again = from_bytes(to_bytes(model))
    assert again.spec == model.spec
    assert predicted(again, TABLE).equals(made)


@pytest.mark.parametrize(("node", "by_hand"), REGRESSORS, ids=lambda v: getattr(type(v), "__name__", ""))
def test_a_regressor_is_that_of_scikit_learn(node: Node, by_hand: Any):
    by_hand.fit(X, NUMBERS)
    model = learned(node)
    made = predicted(from_bytes(to_bytes(model)), TABLE)

    assert made.columns == ["Prediction (n)"]
    np.testing.assert_allclose(made["Prediction (n)"].to_numpy(), by_hand.predict(X), rtol=1e-12)


@pytest.mark.parametrize(
    "node",
    [n for n, _ in (*CLASSIFIERS, *REGRESSORS)]
    + [NaiveBayesLearner(distribution=d, encoding="ordinal") for d in ("multinomial", "categorical")],
    ids=lambda n: type(n).__name__,
)
def test_every_argument_of_scikit_learn_is_a_setting_or_says_why_not(node: Any):
    renamed = {"algorithm": "algorithm_used", "random_state": "seed"}
    known = {*type(node).model_fields, *node.left_out}

    assert [n for n in node.estimator([Feature("a")]).get_params() if renamed.get(n, n) not in known and n not in known] == []


def test_a_model_of_another_version_of_scikit_learn_is_told_of(tmp_path, monkeypatch):
    model = learned(DecisionTreeLearner(target="y", columns=COLUMNS, max_depth=2))
    with monkeypatch.context() as then:
        then.setattr("sklearn.base.__version__", "1.4.2")
        older = to_bytes(model)

    with pytest.raises(UnreadableModel, match=r"scikit-learn 1\.4\.2 fitted it"):
        from_bytes(older)
    (tmp_path / "tree.skops").write_bytes(older)
    job = RecordingJob(tmp_path)
    assert run(ModelReader(path="tree.skops"), {}, tmp_path, job)["model"].spec.algorithm == "Decision Tree"
    assert job.warnings == [
        f"The model may predict otherwise than it did: scikit-learn 1.4.2 fitted it, and this is {sklearn.__version__}. "
        "Learn it anew if you can."
    ]


def in_a_workflow(folder: Path) -> Plan:
    """Rows with a target of text, whose classes are not known before running; a tree; what it predicts."""
    cells = {"x": ("Float64", [1, 2, 3, 4]), "y": ("String", ["a", "a", "b", "b"])}
    columns = [{"name": n, "dtype": d, "values": v} for n, (d, v) in cells.items()]
    nodes = [
        NodeRecord(id="rows", type="tables.table_creator", settings={"columns": columns}),
        NodeRecord(id="tree", type="learning.decision_tree", settings={"target": "y"}),
        NodeRecord(id="told", type="learning.predictor"),
    ]
    wires = [("rows.table", "tree.table"), ("tree.model", "told.model"), ("rows.table", "told.table")]
    workflow = Workflow(nodes=nodes, connections=[Connection(source=s, target=t) for s, t in wires])
    return make_plan(workflow, CATALOG, folder=folder)


def test_a_predictor_whose_classes_are_known_only_when_it_runs(tmp_path):
    plan, store = in_a_workflow(tmp_path), Store(tmp_path / "results")
    assert plan.nodes["told"].specs == {"table": None}

    result = executor.run(plan, store, lambda event: None)

    assert result.status == "done", result.failures
    made = store.load(result.keys["told"])["table"]
    assert made.columns == ["x", "y", "Prediction (y)", "P (y=a)", "P (y=b)"]  # type: ignore[union-attr]


def test_a_stored_model_of_another_version_is_learned_anew(tmp_path, monkeypatch):
    plan = in_a_workflow(tmp_path)
    store = Store(tmp_path / "results")
    with monkeypatch.context() as then:
        then.setattr("sklearn.base.__version__", "1.4.2")
        assert executor.run(plan, store, lambda event: None, targets=["tree"]).status == "done"

    first = executor.run(plan, store, lambda event: None)
    assert "scikit-learn 1.4.2 fitted it" in first.failures["told"].message
    again = executor.run(plan, store, lambda event: None)
    assert again.status == "done", again.failures


def test_importances_and_coefficients_come_out_as_tables():
    forest = run(RandomForestLearner(target="y", columns=COLUMNS, n_estimators=7), {"table": TABLE})
    by_hand = ensemble.RandomForestClassifier(7, random_state=0).fit(X, CODES)
    assert forest["importance"].frame().rows() == list(zip(COLUMNS, by_hand.feature_importances_, strict=True))

    logistic = run(LogisticRegressionLearner(target="y", columns=COLUMNS), {"table": TABLE})["coefficients"].frame()
    line = linear_model.LogisticRegression().fit(X, CODES)
    high = logistic.filter(target="high")
    assert high["feature"].to_list() == ["(intercept)", *COLUMNS]
    np.testing.assert_allclose(high["coefficient"].to_numpy(), [line.intercept_[2], *line.coef_[2]])


def test_a_tree_is_shown_as_text():
    node = DecisionTreeLearner(target="y", columns=COLUMNS, max_depth=1)
    outputs = run(node, {"table": TABLE})
    from nodes.base import Values

    figures = node.views(Values(outputs))
    assert figures[0].kind == "text"
    assert "class: low" in figures[0].text
    assert any("max_depth" in getattr(f, "text", "") for f in figures)


def test_the_same_seed_gives_the_same_file():
    node = RandomForestLearner(target="y", columns=COLUMNS, n_estimators=3)
    one, two = learned(node), learned(node)

    assert predicted(one, TABLE).equals(predicted(two, TABLE))
    assert not RandomForestLearner(target="y", seed=None).reproducible


def test_categories_truths_and_images_become_numbers():
    frame = pl.DataFrame(
        {
            "color": pl.Series(["red", "blue", None, "red"], dtype=pl.Enum(["red", "green", "blue"])),
            "flag": [True, False, True, None],
            "image": pl.Series(np.arange(16).reshape(4, 2, 2, 1).astype(np.uint8)),
            "word": ["x", "y", "x", "z"],
        }
    )
    table = Table.of(frame)
    one_hot = features_of(table.spec, ["color", "flag"])
    numbers = matrix(frame, one_hot)
    assert [n for f in one_hot for n in f.names()] == ["color=red", "color=green", "color=blue", "flag"]
    assert numbers[0].tolist() == [1, 0, 0, 1]
    assert np.isnan(numbers[2, :3]).all()
    assert np.isnan(numbers[3, 3])
    ordinal = features_of(table.spec, ["color"], encoding="ordinal")
    np.testing.assert_array_equal(matrix(frame, ordinal)[:, 0], [0, 2, np.nan, 0])
    pixels = matrix(frame, features_of(table.spec, ["image"]))
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, np.arange(16).reshape(4, 4))
    assert Feature("image", "array", (2, 2, 1)).names()[:2] == ["image[0,0,0]", "image[0,1,0]"]
    assert [f.name for f in features_of(table.spec, [])] == ["color", "flag", "image"], "plain text is left out"
    known = replace(features_of(table.spec, ["word"])[0], categories=("x", "y"))
    assert matrix(frame, [known])[3].tolist() == [0, 0], "an unknown category is none of those known"


def test_text_targets_learn_their_classes_from_the_rows():
    table = Table.of(FRAME.with_columns(pl.col("y").cast(pl.String)))
    node = NaiveBayesLearner(target="y", columns=COLUMNS)
    model = learned(node, table)
    made = predicted(model, table)

    assert model.spec.target is not None
    assert model.spec.target.classes == ("high", "low", "mid")
    assert made["Prediction (y)"].dtype == pl.String
    assert made.columns[1:] == ["P (y=high)", "P (y=low)", "P (y=mid)"]
    by_hand = naive_bayes.GaussianNB().fit(X, [NAMES[c] for c in CODES])
    assert made["Prediction (y)"].to_list() == by_hand.predict(X).tolist()


def test_class_numbers_keep_their_names_and_their_type():
    table = Table.of(FRAME.with_columns(pl.Series("y", CODES, dtype=pl.Int32)), {"y": tuple(NAMES)})
    some = table.take(np.flatnonzero(CODES != 1))
    model = learned(NaiveBayesLearner(target="y", columns=COLUMNS), some)
    result = run(Predictor(), {"model": model, "table": table})["table"]

    assert result.schema["Prediction (y)"] == pl.Int32
    assert result.classes["Prediction (y)"] == tuple(NAMES)
    assert result.frame()["P (y=mid)"].sum() == 0
    assert set(result.frame()["Prediction (y)"]) == {0, 2}


def test_rows_with_missing_cells():
    holes = FRAME.with_columns(pl.when(pl.int_range(60) < 5).then(None).otherwise(pl.col("a")).alias("a"))
    table = Table.of(holes)
    with pytest.raises(NodeError, match="5 rows have missing"):
        learned(LogisticRegressionLearner(target="y", columns=COLUMNS), table)
    job = RecordingJob(folder=None)  # type: ignore[arg-type]
    model = learned(LogisticRegressionLearner(target="y", columns=COLUMNS, missing="ignore rows"), table, job)
    assert "5 rows" in job.warnings[0]
    by_hand = linear_model.LogisticRegression().fit(X[5:], CODES[5:])
    np.testing.assert_allclose(model.estimator.coef_, by_hand.coef_)
    made = predicted(model, table)
    assert made.null_count().row(0) == (5, 5, 5, 5)
    passes = learned(DecisionTreeLearner(target="y", columns=COLUMNS), table)
    assert predicted(passes, table).null_count().row(0) == (0, 0, 0, 0)


def test_the_predictor_says_early_what_does_not_fit():
    model = learned(NaiveBayesLearner(target="y", columns=COLUMNS))
    with pytest.raises(NodeError, match="no column 'c'"):
        configure(Predictor(), {"model": model, "table": TABLE.drop(["c"])})
    with pytest.raises(NodeError, match="learned from numbers"):
        configure(Predictor(), {"model": model, "table": Table.of(FRAME.with_columns(pl.lit("x").alias("b")))})
    empty = run(Predictor(), {"model": model, "table": TABLE.slice(0, 0)})["table"]
    assert empty.height == 0


def test_mistakes_are_found_before_running():
    with pytest.raises(NodeError, match="No column is chosen"):
        configure(DecisionTreeLearner(), {"table": TABLE})
    with pytest.raises(NodeError, match="what is to be predicted"):
        configure(DecisionTreeLearner(target="y", columns=["y"]), {"table": TABLE})
    with pytest.raises(NodeError, match="knows no penalty"):
        configure(LogisticRegressionLearner(target="y", penalty="l1"), {"table": TABLE})
    with pytest.raises(NodeError, match="nothing to tell apart"):
        learned(LogisticRegressionLearner(target="y", columns=COLUMNS), TABLE.slice(0, 1))


def test_svm_probabilities_are_calibrated():
    model = learned(SVMLearner(target="y", columns=COLUMNS, probability=True))
    again = from_bytes(to_bytes(model))

    made = predicted(again, TABLE, confidence=True, suffix=" svm")
    assert made.columns == ["Prediction (y)", *(f"P (y={n}) svm" for n in NAMES), "Prediction (y) (Confidence)"]
    np.testing.assert_allclose(made[:, 1:4].sum_horizontal().to_numpy(), 1)


def test_a_model_is_written_and_read(tmp_path):
    model = learned(GradientBoostingLearner(target="y", columns=COLUMNS, max_iter=2))
    run(ModelWriter(path="deep/m.skops"), {"model": model}, tmp_path)
    reader = ModelReader(path="deep/m.skops")

    assert run(reader, {}, tmp_path)["model"].spec == model.spec
    assert predicted(run(reader, {}, tmp_path)["model"], TABLE).equals(predicted(model, TABLE))
    with pytest.raises(NodeError, match="exists already"):
        run(ModelWriter(path="deep/m.skops"), {"model": model}, tmp_path)
    (tmp_path / "other").write_bytes(b"no zip")
    with pytest.raises(NodeError, match="no skops file"):
        configure(ModelReader(path="other"), {}, tmp_path)


def test_only_trusted_types_are_read():
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    model = learned(NaiveBayesLearner(target="y", columns=COLUMNS))
    foreign = Model(model.spec, FunctionTransformer(np.loadtxt))
    content = to_bytes(foreign)
    assert skops.io.get_untrusted_types(data=content)
    assert spec_from_bytes(content) == model.spec, "the spec alone can be read"
    with pytest.raises(UnreadableModel, match="no part of scikit-learn"):
        from_bytes(content)
    assert all(name.startswith("sklearn.") for name in TRUSTED)


def test_a_damaged_model_is_refused(tmp_path):
    whole = to_bytes(learned(NaiveBayesLearner(target="y", columns=COLUMNS)))
    for broken in (whole[: len(whole) // 2], b"", b"PK\x05\x06" + bytes(18)):
        with pytest.raises(UnreadableModel):
            from_bytes(broken)
    stripped = tmp_path / "plain.skops"
    import skops.io

    skops.io.dump(naive_bayes.GaussianNB().fit(X, CODES), stripped)
    assert zipfile.is_zipfile(stripped)
    with pytest.raises(UnreadableModel, match="which columns"):
        from_bytes(stripped.read_bytes())


def test_gradient_boosting_is_sure_of_the_only_class_there_is():
    table = Table.of(FRAME.with_columns(y=pl.lit("low").cast(pl.Enum(NAMES))))
    made = predicted(learned(GradientBoostingLearner(target="y", columns=COLUMNS, max_iter=2), table), table)

    assert made.unique().rows() == [("low", 1.0, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("node", "frame", "message"),
    [
        (LogisticRegressionLearner(target="y", columns=COLUMNS), FRAME.filter(y="mid"), "All rows are of the class 'mid'"),
        (SVMLearner(target="y", columns=COLUMNS), FRAME.filter(y="mid"), "All rows are of the class 'mid'"),
        (NearestNeighborsLearner(target="y", columns=COLUMNS), FRAME.head(4), "4 rows have no 5 neighbors"),
        (NearestNeighborsRegressionLearner(target="n", columns=COLUMNS), FRAME.head(4), "4 rows have no 5 neighbors"),
        (NaiveBayesLearner(target="y", columns=["a"]), FRAME.with_columns(a=1.0), "all equal"),
        (NaiveBayesLearner(target="y", columns=["a"]), FRAME.with_columns(a=pl.col("a").sign() * 1e308), "too far"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_rows_that_nothing_can_be_learned_from(node, frame, message):
    with pytest.raises(NodeError, match=message) as caught:
        learned(node, Table.of(frame))
    assert caught.value.setting


def test_a_learner_that_was_not_done_says_what_helps(tmp_path):
    job = RecordingJob(tmp_path)
    learned(LogisticRegressionLearner(target="y", columns=COLUMNS, max_iter=1), job=job)
    assert job.warnings == [
        "Logistic Regression was not done when it stopped: allow more iterations, or put a Normalizer before."
    ]


def test_pieces_of_a_prediction_are_short_however_many_classes_there_are(monkeypatch):
    class Job(RecordingJob):
        def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
            pieces = list(batches)
            assert max(p.estimated_size() for p in pieces) < 20_000
            return super().stream(pieces)

    rows = Table.of(pl.DataFrame({"x": range(99), "y": [f"c{i}" for i in range(99)]}))
    model = learned(NearestNeighborsLearner(target="y", columns=["x"], n_neighbors=1), rows)
    monkeypatch.setattr("nodes.kit.tables.elementwise.BATCH_BYTES", 10_000)
    assert run(Predictor(), {"model": model, "table": rows}, job=Job(Path()))["table"].height == 99


def passengers(rows: int = 400) -> pl.DataFrame:
    """Whether somebody was saved depends on a column of text most of all."""
    rng = np.random.default_rng(0)
    sex, fare = rng.choice(["male", "female"], rows), rng.uniform(0, 100, rows)
    saved = np.where(sex == "female", rng.random(rows) < 0.9, rng.random(rows) < 0.1)
    days = [datetime.date(1912, 4, 1 + n % 14) for n in range(rows)]
    return pl.DataFrame({"saved": saved, "sex": sex, "fare": fare, "day": days})


@pytest.mark.parametrize("learner", [DecisionTreeLearner, LogisticRegressionLearner])
def test_columns_that_are_not_learned_from_are_said_with_the_node_that_helps(learner):
    """And what that node makes of them is worth it."""
    table = Table.of(passengers())
    specs = Specs({"table": table.spec})
    learner(target="saved").configure(specs)
    (warning,) = specs.warnings
    assert warning.startswith("Not learned from: 'sex' (text); 'day' (times). To learn from such columns,")
    for title in (DomainCalculator.title, DateTimePartExtractor.title):
        assert title in warning

    def accuracy(given: Table) -> float:
        train, test = given.take(np.arange(300)), given.take(np.arange(300, 400))
        model = run(learner(target="saved"), {"table": train})["model"]
        made = run(Predictor(), {"model": model, "table": test})["table"].frame()
        return float((made["saved"] == made["Prediction (saved)"]).mean())

    helped = run(DomainCalculator(columns=["sex"]), {"table": table})["table"]
    assert accuracy(helped) > accuracy(table) + 0.1
    chosen = Specs({"table": table.spec})
    learner(target="saved", columns=["fare"]).configure(chosen)
    assert chosen.warnings == []  # who chooses knows
