"""Prediction Gallery: the rows it shows are the ones a person would find by sorting by hand."""

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError
from nodes.inspection.prediction_gallery import PredictionGallery
from nodes.values.table import Table
from tests.support import RecordingJob, run

CHOSEN = {"actual_column": "y", "predicted_column": "z", "probability_column": "p"}


def predictions(shape=(4, 4, 1), dtype=np.uint8):
    images = np.arange(6 * np.prod(shape)).reshape(6, *shape).astype(dtype)
    return Table.of(
        pl.DataFrame(
            {
                "image": pl.Series(images),
                "y": pl.Series([0, 1, 0, 1, None, 1], dtype=pl.Int64),
                "z": pl.Series([0, 0, 1, 1, 1, 0], dtype=pl.Int64),
                "p": [0.9, 0.8, 0.6, 0.7, 0.99, None],
            }
        ),
        {"y": ("cat", "dog"), "z": ("cat", "dog")},
    )


@pytest.mark.parametrize(
    ("settings", "captions"),
    [
        ({}, ["dog → cat 80\u202f%", "cat → dog 60\u202f%"]),
        ({"order": "least certain"}, ["cat → dog 60\u202f%", "dog → cat 80\u202f%"]),
        ({"which": "right"}, ["cat 90\u202f%", "dog 70\u202f%"]),
        ({"which": "all", "count": 2}, ["dog 99\u202f%", "cat 90\u202f%"]),
        ({"which": "all", "count": 1, "per_class": True}, ["dog 99\u202f%", "cat 90\u202f%"]),
        ({"only_class": "cat"}, ["cat → dog 60\u202f%"]),
        ({"which": "all", "actual_column": None, "count": 2}, ["dog 99\u202f%", "cat 90\u202f%"]),
    ],
)
def test_the_chosen_rows_in_their_order(settings, captions):
    given = predictions()
    made = run(PredictionGallery(**{**CHOSEN, **settings}), {"table": given})
    assert list(made["figure"].captions) == captions
    assert made["table"].height == len(captions)
    assert np.array_equal(made["figure"].images, made["table"].frame()["image"].to_numpy())
    assert made["table"].columns == given.columns


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 3), (2, 2, 4), (2, 2, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_of_any_kind_can_be_drawn(shape, dtype):
    made = run(PredictionGallery(**CHOSEN), {"table": predictions(shape, dtype)})["figure"]
    assert made.images.dtype == np.uint8
    assert made.images.shape[:3] == (2, *shape[:2])


def test_where_there_is_nothing_to_show_it_says_so():
    job = RecordingJob(folder=None)
    empty = predictions().slice(0, 0)
    made = run(PredictionGallery(**CHOSEN), {"table": empty}, job=job)
    assert len(made["figure"].images) == 0
    assert job.warnings == ["There is no such prediction."]


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"actual_column": None}, "actual_column"),
        ({"predicted_column": "y"}, "predicted_column"),
        ({"probability_column": None}, "probability_column"),
        ({"image_column": "p"}, "image_column"),
        ({"only_class": "cow"}, "only_class"),
    ],
)
def test_mistakes_name_their_setting(settings, setting):
    with pytest.raises(NodeError) as caught:
        run(PredictionGallery(**{**CHOSEN, **settings}), {"table": predictions()})
    assert caught.value.setting == setting
