"""Which probability belongs to which class, by the names of the columns: as scikit-learn, R, SAS, KNIME and people write them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from nodes.base import NodeError
from nodes.kit.scoring.below_chance import below_chance
from nodes.kit.scoring.class_order import order_of_one, order_of_several
from nodes.scoring.class_extractor import ClassExtractor
from nodes.scoring.gain_chart import GainChart
from nodes.scoring.roc_curve import RocCurve
from nodes.values.table import Table
from tests import sampling
from tests.support import RecordingJob, run

CLASSES = (
    ["no", "yes"],
    ["0", "1"],
    ["ham", "spam"],
    ["<=50K", ">50K"],
    ["false", "true"],
    ["cat", "cow", "dog"],
    ["a (b)", "a"],
)
FORMS = (
    "{}", "P (y={})", "P(y={})", "p({})", "prob({})", "P[{}]", "P (y={}) (RF)", "P (y={}) (#1)", "Probability {}",
    "{} probability", "{}_prob", "prob_{}", "{} (probability)", ".pred_{}", "pred:{}", "prob {} %", "p_{}_score", "score-{}",
)  # fmt: skip
ONLY_SEVERAL = ("{}.1", "p{}", "P_survived{}", "class{}", "model/{}", "{}_rf", "fold 1 {}")


@seed(sampling.seed())
@settings(max_examples=300)
@given(st.sampled_from(CLASSES), st.sampled_from([*FORMS, *ONLY_SEVERAL]), st.randoms(use_true_random=False), st.data())
def test_columns_in_any_order_are_of_the_classes_that_their_names_tell(classes, form, random, data) -> None:
    """Also where some classes do not occur, and so are not known."""
    order = list(classes)
    random.shuffle(order)
    occurs = data.draw(st.lists(st.sampled_from(classes), min_size=1, unique=True))
    assert order_of_several([form.format(c) for c in order], sorted(occurs)) == tuple(order)


@pytest.mark.parametrize("classes", [c for c in CLASSES if len(c) == 2])
@pytest.mark.parametrize("form", FORMS)
def test_a_single_column_is_of_the_class_that_its_name_tells(form: str, classes: list[str]) -> None:
    """Whichever class is looked for."""
    for place, name in enumerate(classes):
        for positive in (*classes, None):
            order = order_of_one(form.format(name), classes, positive)
            assert order is not None
            assert (order.names, order.single) == (tuple(classes), place)


@pytest.mark.parametrize("column", ["p_not_spam", "not spam", "non-spam", "P (not spam)", "no_spam", "prob_non_spam"])
def test_a_column_of_what_is_not_the_class(column: str) -> None:
    order = order_of_one(column, ["ham", "spam"], "spam")
    assert order is not None
    assert order.single == 0
    rest = order_of_one(column, ["ham", "phish", "spam"], "spam")
    assert rest is not None
    assert (rest.names, rest.single) == (("not spam", "spam"), 0)


@pytest.mark.parametrize("column", ["p", "score", "model 1", "output", "p2", "noise", "yesterday", "snow_x"])
def test_names_that_tell_nothing(column: str) -> None:
    """The probability is that of the positive class, or of the second one."""
    for classes in (["no", "yes"], ["0", "3"]):
        for positive, place in ((classes[0], 0), (classes[1], 1), (None, 1)):
            order = order_of_one(column, classes, positive)
            assert order is not None
            assert order.single == place


def test_names_that_speak_of_the_classes_in_another_order_are_asked_about() -> None:
    with pytest.raises(NodeError, match="its name speaks of 'yes'") as caught:
        order_of_several(["yes, says the forest", "what is left for no"], ["no", "yes"])
    assert caught.value.setting == "class_names"
    assert order_of_several(["first", "second"], ["no", "yes"]) == ("no", "yes")
    assert order_of_several(["h1_out", "h2_out"], ["no", "yes"]) == ("no", "yes")


def test_classes_of_another_column_are_given_to_columns_by_name() -> None:
    """Class Extractor: by place, `yes_prob` would be the first class by its letters."""
    y = pl.Series("y", ["yes", "no"], dtype=pl.Enum(["no", "yes"]))
    frame = pl.DataFrame([y, pl.Series("yes_prob", [0.9, 0.1]), pl.Series("no_prob", [0.1, 0.9])])
    node = ClassExtractor(columns=["yes_prob", "no_prob"], class_column="y")
    made = run(node, {"table": Table.of(frame)})["table"].frame()
    assert made["prediction"].cast(pl.String).to_list() == ["yes", "no"]


@seed(sampling.seed())
@settings(max_examples=100)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.5, 1.0]) | st.floats(0, 1)), max_size=40))
def test_a_ranking_below_chance_is_told_with_its_area(rows: list[tuple[bool, float]]) -> None:
    hit, given_ = np.array([h for h, _ in rows], bool), np.array([p for _, p in rows], float)
    warning = below_chance("yes", hit, given_)
    if not hit.any() or hit.all():
        assert warning is None
        return
    area = roc_auc_score(hit, given_)
    n, m = int(hit.sum()), int((~hit).sum())
    distance = (0.5 - area) / np.sqrt((n + m + 1) / (12 * n * m))
    if abs(distance - 3) > 1e-9:
        assert (warning is not None) == (distance > 3)
    if warning is not None:
        assert f"ROC curve {area:.3f}" in warning


@pytest.mark.parametrize("several", [True, False])
def test_probabilities_of_the_other_class_are_warned_of(several: bool) -> None:
    """A name that tells nothing, and the wrong positive class: upside down, but said."""
    rng = np.random.default_rng(0)
    hit = rng.random(100) < 0.5
    frame = pl.DataFrame({"y": np.where(hit, "ill", "well"), "score": np.where(hit, 0.8, 0.2) + rng.normal(0, 0.1, 100)})
    for positive, warned in (("well", True), ("ill", False)):
        job = RecordingJob(folder=None)  # type: ignore[arg-type]
        node = RocCurve(actual_column="y", columns=["score"], positive_class=positive, several_models=several)
        run(node, {"table": Table.of(frame)}, job=job)
        assert any("lower in rows of that class" in w for w in job.warnings) == warned
        if not several:
            job = RecordingJob(folder=None)  # type: ignore[arg-type]
            run(GainChart(actual_column="y", columns=["score"], positive_class=positive), {"table": Table.of(frame)}, job=job)
            assert any("lower in rows of that class" in w for w in job.warnings) == warned
