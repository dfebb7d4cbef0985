"""Image Normalizer: against numpy, scikit-learn's idea of standardizing, TensorFlow's formula and known histograms."""

import numpy as np
import polars as pl
import pytest

from nodes.base import Cancelled, NodeError
from nodes.images.normalizer import ImageNormalizer
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)


def normalized(images, **settings):
    table = Table.of(pl.DataFrame({"n": range(len(images)), "image": pl.Series(images)}))
    made = run(ImageNormalizer(**settings), {"table": table})["table"]
    assert made.columns == ["n", "image"]
    return made.frame()["image"].to_numpy()


def test_by_default_0_to_255_becomes_0_to_1():
    made = normalized(IMAGES)
    assert made.dtype == np.float32
    assert np.array_equal(made, IMAGES.astype(np.float32) / 255)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4", "f8"])
def test_the_whole_range_of_the_type_becomes_the_target_range(dtype):
    ends = (0, 1) if dtype[0] == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    images = np.array(ends, dtype).reshape(1, 1, 2, 1)
    assert np.allclose(normalized(images, minimum=-1, maximum=3).ravel(), [-1, 3])


def test_a_source_range():
    images = np.array([10, 15, 20], np.uint8).reshape(1, 1, 3, 1)
    assert np.allclose(normalized(images, source_range=(10, 20)).ravel(), [0, 0.5, 1])
    assert np.allclose(normalized(images, source_range=(20, 10)).ravel(), [1, 0.5, 0])


def test_stretching_uses_each_images_own_range():
    dark = (IMAGES // 4 + 20).astype(np.uint8)
    made = normalized(dark, enhancement="stretch", minimum=-1, maximum=1)
    low, high = dark.min((1, 2, 3), keepdims=True), dark.max((1, 2, 3), keepdims=True)
    assert np.allclose(made, 2 * ((dark - low) / (high - low)) - 1, atol=1e-6)


def test_saturation_cuts_half_at_each_end():
    ramp = np.arange(101, dtype=np.uint8).reshape(1, 101, 1, 1)
    made = normalized(ramp, enhancement="stretch", saturation=20).ravel()
    assert np.allclose(made, np.clip((np.arange(101) - 10) / 80, 0, 1), atol=1e-6)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_equalizing_spreads_the_values_evenly(dtype):
    skewed = np.rint(200 * RNG.random((1, 64, 64, 1)) ** 3).astype(dtype)
    made = normalized(skewed, enhancement="equalize").ravel()
    order = np.argsort(skewed.ravel(), kind="stable")
    assert (np.diff(made[order]) >= 0).all()
    assert made.min() == 0
    assert made.max() == 1
    ranks = np.searchsorted(np.sort(skewed.ravel()), skewed.ravel(), side="right")
    first = np.count_nonzero(skewed == skewed.min())
    assert np.allclose(made, (ranks - first) / (skewed.size - first), atol=0.02 if dtype != "u1" else 1e-6)


def test_standardizing_each_image():
    made = normalized(IMAGES, enhancement="standardize")
    flat = IMAGES.reshape(20, -1).astype(float)
    expected = (flat - flat.mean(1, keepdims=True)) / flat.std(1, keepdims=True)
    assert np.allclose(made.reshape(20, -1), expected, atol=1e-5)


def test_standardizing_with_typed_in_values():
    made = normalized(IMAGES, enhancement="standardize", mean=[100, 120, 140], standard_deviation=[50, 60, 70])
    assert np.allclose(made, (IMAGES - np.array([100, 120, 140.0])) / [50, 60, 70], atol=1e-6)
    made = normalized(IMAGES, enhancement="standardize", mean=[128], standard_deviation=[64])
    assert np.allclose(made, (IMAGES - 128.0) / 64)


@pytest.mark.parametrize(("enhancement", "value"), [("stretch", -1), ("equalize", -1), ("standardize", 0)])
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_an_image_of_one_value(enhancement, value, dtype):
    made = normalized(np.full((2, 3, 3, 1), 7, dtype), enhancement=enhancement, minimum=-1)
    assert (made == value).all()


@pytest.mark.parametrize("enhancement", ["scale", "stretch", "equalize"])
def test_a_nan_stays_one_pixel(enhancement):
    image = np.array([0, 1, 2, np.nan, 4], np.float32).reshape(1, 1, 5, 1)
    made = normalized(image, enhancement=enhancement).ravel()
    assert np.isnan(made).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("enhancement", ["scale", "stretch", "equalize", "standardize"])
def test_missing_images_stay_missing_and_an_empty_table_empty(enhancement):
    column = pl.Series("image", IMAGES[:3]).gather(pl.Series([0, None, 2], dtype=pl.UInt32))
    table = Table.of(pl.DataFrame([column]))
    made = run(ImageNormalizer(enhancement=enhancement), {"table": table})["table"].frame()["image"]
    whole = normalized(IMAGES[:3], enhancement=enhancement)
    assert made.is_null().to_list() == [False, True, False]
    assert np.array_equal(made.drop_nulls().to_numpy(), whole[[0, 2]])
    assert normalized(IMAGES[:0], enhancement=enhancement).shape == (0, 6, 5, 3)
    missing = Table.of(pl.DataFrame([column[1:2]]))
    assert run(ImageNormalizer(enhancement=enhancement), {"table": missing})["table"].frame()["image"].to_list() == [None]


def test_a_table_of_many_pieces(monkeypatch, tmp_path):
    monkeypatch.setattr("nodes.kit.images.columns.BATCH_BYTES", 1000)
    job = RecordingJob(tmp_path)
    table = Table.of(pl.DataFrame({"image": IMAGES})).take(np.arange(20)[::-1])
    made = run(ImageNormalizer(), {"table": table}, job=job)["table"].frame()["image"].to_numpy()
    assert np.array_equal(made, IMAGES[::-1].astype(np.float32) / 255)
    assert len(job.fractions) == 10


def test_a_column_of_its_own_beside_the_old_one():
    table = Table.of(pl.DataFrame({"image": IMAGES, "n": range(20)}))
    made = run(ImageNormalizer(creation="append", new_column="scaled"), {"table": table})["table"]
    assert made.columns == ["image", "n", "scaled"]
    assert np.array_equal(made.frame()["image"].to_numpy(), IMAGES)
    assert made.parts[0].frame is table.parts[0].frame


def test_mistakes_in_the_settings():
    table = Table.of(pl.DataFrame({"image": IMAGES, "n": range(20), "bits": IMAGES > 100}))

    def refused(**settings):
        with pytest.raises(NodeError) as caught:
            configure(ImageNormalizer(**settings), {"table": table})
        assert caught.value.remedy
        return caught.value.setting

    assert refused(column="") == "column"
    assert refused(column="imago") == "column"
    assert refused(column="n") == "column"
    assert refused(column="bits") == "column"
    assert refused(minimum=1, maximum=1) == "minimum"
    assert refused(source_range=(3, 3)) == "source_range"
    assert refused(creation="append", new_column="n") == "new_column"
    assert refused(enhancement="standardize", mean=[1, 2], standard_deviation=[1]) == "mean"
    assert refused(enhancement="standardize", mean=[1]) == "standard_deviation"
    assert refused(enhancement="standardize", mean=[1], standard_deviation=[0]) == "standard_deviation"


def test_cancelling(tmp_path):
    with pytest.raises(Cancelled):
        run(ImageNormalizer(), {"table": Table.of(pl.DataFrame({"image": IMAGES}))}, job=RecordingJob(tmp_path, cancelled=True))
