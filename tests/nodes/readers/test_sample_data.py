"""Sample Data: the sets are those of scikit-learn, and what is made up has the truth that the help promises."""

import numpy as np
import polars as pl
import pytest
from sklearn import datasets
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from nodes.readers.sample_data import CHOICES, CONTENTS, FIXED_ROWS, SampleData
from tests.support import run

LOADERS = {
    "iris": datasets.load_iris, "wine": datasets.load_wine, "breast cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
}  # fmt: skip


def frame(**settings):
    return run(SampleData(**settings))["table"].frame()


def test_digits_are_images_of_scikit_learn_s_numbers():
    made, known = frame(data="digits"), datasets.load_digits()
    assert np.array_equal(made["image"].to_numpy()[..., 0], np.round(known.images * 255 / 16).astype(np.uint8))
    assert made["digit"].cast(pl.String).cast(pl.Int64).to_list() == known.target.tolist()


@pytest.mark.parametrize("name", LOADERS)
def test_real_measurements_are_scikit_learn_s(name):
    made, known = frame(data=name), LOADERS[name]()
    assert np.array_equal(made[:, :-1].to_numpy(), known.data)
    names = [str(n).replace(" (cm)", "").replace(" ", "_").replace("/", "_") for n in known.feature_names]
    if name == "breast cancer":  # scikit-learn says "radius error" but "mean radius"
        names = [f"error_{n.removesuffix('_error')}" if n.endswith("_error") else n for n in names]
    assert made.columns[:-1] == names
    if classes := CONTENTS[name].classes:
        assert list(classes) == [str(n) for n in known.target_names]
        assert made[:, -1].to_physical().to_list() == known.target.tolist()
    else:
        assert np.array_equal(made[:, -1].to_numpy(), known.target)


@pytest.mark.parametrize("name", [n for n in CHOICES if n not in FIXED_ROWS])
@pytest.mark.parametrize("rows", [0, 1, 50])
def test_made_up_rows_are_as_many_as_asked_for_and_the_same_for_a_seed(name, rows):
    made = frame(data=name, rows=rows, seed=3)
    assert made.height == rows
    assert made.equals(frame(data=name, rows=rows, seed=3))
    assert not rows or not made.equals(frame(data=name, rows=rows, seed=4))
    assert SampleData(data=name, seed=3).reproducible
    assert not SampleData(data=name, seed=None).reproducible
    assert SampleData(data="iris", seed=None).reproducible


@pytest.mark.parametrize("name", ["blobs", "moons", "circles", "spirals"])
def test_without_noise_the_classes_are_told_apart_by_their_neighbours(name):
    made = frame(data=name, rows=600, noise=0)
    points, classes = made["x", "y"].to_numpy(), made["class"].to_physical().to_numpy()
    model = KNeighborsClassifier(1).fit(points[:300], classes[:300])
    assert model.score(points[300:], classes[300:]) > 0.99


def test_of_the_regression_s_numbers_three_matter():
    made = frame(data="regression", rows=500, noise=0)
    x = made[:, :5].to_numpy()
    model = LinearRegression().fit(np.column_stack([x, x[:, 0] * x[:, 2]]), made["target"].to_numpy())
    assert model.coef_ == pytest.approx([3, -2, 0, 0, 0, 1], abs=1e-9)


def test_seasons_begin_in_a_cold_january_and_come_back_every_year():
    made = frame(data="seasons", rows=3653, noise=0.0)
    assert str(made["day"][0]) == "2000-01-01"
    assert str(made["day"][-1]) == "2009-12-31"
    monthly = made.group_by(pl.col("day").dt.month()).agg(pl.col("temperature").mean()).sort("day")["temperature"]
    assert monthly.arg_min() == 0
    assert monthly.arg_max() == 6
    yearly = made.group_by(pl.col("day").dt.year()).agg(pl.col("temperature").mean()).sort("day")["temperature"]
    assert yearly[-1] - yearly[0] == pytest.approx(0.45, abs=0.05)
