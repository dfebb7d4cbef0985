"""Answers about images: thumbnails are the pixels, made small and 8 bits deep; one image comes with its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from app.engine.inspection.base import StoredOutputs
from app.engine.messages.tables import ImageQuestion, ImagesAnswer, ImagesQuestion, PixelValues, RowsQuestion, SortOrder
from nodes.errors import NodeError
from nodes.values.table import Table
from tests.app.engine.inspection.asked import asked, stored

RANDOM = np.random.default_rng(3)


def of(folder: Path, images: NDArray[Any], **more: Any) -> StoredOutputs:
    return stored(folder, Table.of(pl.DataFrame({"image": pl.Series("image", images), **more})))


def pixels(reply: ImagesAnswer) -> NDArray[np.uint8]:
    shape = reply.images.shape
    return np.frombuffer(reply.payload, np.uint8).reshape(-1, *shape)


def grid(outputs: StoredOutputs, **parameters: Any) -> ImagesAnswer:
    return asked(outputs, ImagesQuestion, **({"column": "image", "start": 0, "stop": 50} | parameters))


def one(outputs: StoredOutputs, row: int = 0, **parameters: Any) -> tuple[PixelValues, NDArray[Any], NDArray[Any]]:
    """What is said of the values, drawn pixels, values."""
    reply = asked(outputs, ImageQuestion, column="image", row=row, **parameters)
    header = reply.values
    assert header is not None
    height, width, channels = header.shape
    drawn = height * width * header.channels
    shown = np.frombuffer(reply.payload[:drawn], np.uint8).reshape(height, width, header.channels)
    values = np.frombuffer(reply.payload[drawn:], np.dtype(header.format)).reshape(height, width, channels)
    return header, shown, values


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_bytes_are_shown_as_they_are(tmp_path: Path, channels: int) -> None:
    images = RANDOM.integers(0, 256, (5, 7, 9, channels), dtype=np.uint8)
    outputs = of(tmp_path, images)
    reply = grid(outputs)
    assert np.array_equal(pixels(reply), images)
    assert reply.images.scale == ""
    assert reply.rows == 5
    header, shown, values = one(outputs, 3)
    assert np.array_equal(shown, images[3])
    assert np.array_equal(values, images[3])
    assert (header.minimum, header.maximum) == (images[3].min(), images[3].max())
    assert header.dtype == "UInt8"


@pytest.mark.parametrize("shape", [(100, 100, 3), (300, 40, 1), (1, 500, 4), (129, 64, 3), (1000, 700, 1)])
def test_large_images_become_their_means(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    rows, columns = np.indices(shape[:2])
    ramp = (255 * ((rows + 0.5) / shape[0] + (columns + 0.5) / shape[1]) / 2).astype(np.uint8)
    small = pixels(grid(of(tmp_path, np.repeat(ramp[None, :, :, None], shape[2], axis=3))))
    assert max(small.shape[1:3]) <= 64
    assert small.shape[3] == shape[2]
    down, across = np.indices(small.shape[1:3])
    expected = 255 * ((down + 0.5) / small.shape[1] + (across + 0.5) / small.shape[2]) / 2
    assert np.abs(small[0, :, :, 0] - expected).max() < 12


@pytest.mark.parametrize(
    ("values", "dtype", "scale"),
    [
        ([0.0, 0.9], np.float32, "0 … 1"),
        ([-1.0, 0.7], np.float32, "-1 … 1"),
        ([0.0, 254.5], np.float32, "0 … 255"),
        ([-3.0, 5.0], np.float64, "-3 … 5"),
        ([np.nan, np.nan], np.float32, "0 … 1"),
        ([2.0, 2.0], np.float32, "2 … 3"),
        ([0, 4000], np.uint16, "0 … 4095"),
        ([0, 65535], np.uint16, "0 … 65535"),
        ([0, 0], np.uint16, "0 … 1"),
        ([-5, 5], np.int16, "-5 … 5"),
        ([False, True], np.bool_, "0 … 1"),
    ],
)
def test_other_numbers_are_stretched_and_the_range_is_told(tmp_path: Path, values: list[Any], dtype: Any, scale: str) -> None:
    images = np.array(values, dtype).reshape(1, 1, 2, 1)
    outputs = of(tmp_path, images)
    reply = grid(outputs)
    low, high = (float(n) for n in scale.split(" … "))
    assert reply.images.scale == scale
    expected = np.nan_to_num((images.astype(float) - low) / (high - low) * 255)
    assert np.abs(pixels(reply) - expected).max() <= 0.51
    header, shown, raw = one(outputs)
    assert header.default == (low, high)
    assert np.abs(shown - expected[0]).max() <= 0.51
    assert np.array_equal(raw.astype(float), images[0].astype(float), equal_nan=True)


def test_infinite_values_are_black_and_white(tmp_path: Path) -> None:
    images = np.array([np.inf, -np.inf, np.nan, 0.6], np.float32).reshape(1, 2, 2, 1)
    assert pixels(grid(of(tmp_path, images)))[0].ravel().tolist() == [255, 0, 0, 153]


def test_missing_images_are_marked_and_not_sent(tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (3, 2, 2, 1), dtype=np.uint8)
    column = pl.Series("image", images)
    column = pl.concat([column[:1], pl.Series("image", [None], dtype=column.dtype), column[1:]])
    outputs = stored(tmp_path, Table.of(pl.DataFrame({"image": column})))
    reply = grid(outputs)
    assert reply.images.present == (True, False, True, True)
    assert np.array_equal(pixels(reply), images)
    assert asked(outputs, ImageQuestion, column="image", row=1).values is None
    assert asked(outputs, ImageQuestion, column="image", row=2).values is not None


def test_an_image_of_one_pixel(tmp_path: Path) -> None:
    outputs = of(tmp_path, np.full((2, 1, 1, 1), 200, np.uint8))
    assert grid(outputs).payload == bytes([200, 200])
    assert one(outputs)[2].tolist() == [[[200]]]


def test_feature_maps_show_a_channel_at_a_time(tmp_path: Path) -> None:
    maps = RANDOM.random((2, 4, 4, 16)).astype(np.float32)
    outputs = of(tmp_path, maps)
    assert pixels(grid(outputs)).shape == (2, 4, 4, 1)
    header, shown, values = one(outputs, 1, channel=9, low=0.25, high=0.75)
    assert np.array_equal(shown[:, :, 0], np.clip(np.rint((maps[1, :, :, 9] - np.float32(0.25)) * 510), 0, 255))
    assert np.array_equal(values, maps[1])
    assert (header.low, header.high, header.default) == (0.25, 0.75, (0, 1))
    with pytest.raises(NodeError, match="channel 17"):
        one(outputs, 1, channel=16)


def test_what_is_transparent_stays_so_when_colours_are_stretched(tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (1, 3, 3, 4), dtype=np.uint8)
    _, shown, _ = one(of(tmp_path, images), low=100, high=101)
    assert np.array_equal(shown[:, :, 3], images[0, :, :, 3])
    assert set(np.unique(shown[:, :, :3])) <= {0, 255}


def test_a_grid_follows_order_and_choice_of_rows_and_has_captions(tmp_path: Path) -> None:
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    outputs = of(tmp_path, images, kind=["a", "b", "a", None, "b", "a"], n=range(6))
    reply = grid(outputs, captions="kind", where={"kind": "a"}, sort=SortOrder(column="n", descending=True), stop=2)
    assert reply.rows == 3
    assert reply.numbers == (5, 2)
    assert reply.captions == ("a", "a")
    assert pixels(reply).ravel().tolist() == [5, 2]
    assert grid(outputs, captions="kind", start=3, stop=4).captions == (None,)
    assert asked(outputs, ImageQuestion, column="image", row=1, where={"kind": "b"}).number == 4
    with pytest.raises(NodeError, match="no row 3"):
        one(outputs, 2, where={"kind": "b"})


def test_only_columns_of_images_can_be_drawn(tmp_path: Path) -> None:
    outputs = of(tmp_path, np.zeros((1, 2, 2, 1), np.uint8), text=[[[["x"]]]], n=[1])
    text = pl.Series("text", [[[["x"]]]], dtype=pl.Array(pl.String, (1, 1, 1)))
    texts = stored(tmp_path / "texts", Table.of(pl.DataFrame({"text": text})))
    with pytest.raises(NodeError, match="'n' is of type Int64, not image"):
        grid(outputs, column="n")
    with pytest.raises(NodeError, match="does not hold numbers"):
        grid(texts, column="text")
    assert asked(texts, RowsQuestion, start=0, stop=1).cells["text"] == ("1 × 1 × 1",)


def test_a_grid_has_the_size_that_is_asked_for(tmp_path: Path) -> None:
    outputs = of(tmp_path, np.zeros((1, 200, 100, 1), np.uint8))
    assert grid(outputs, size=128).images.shape == (100, 50, 1)
    assert grid(outputs, size=10).images.shape == (10, 5, 1)
    assert grid(outputs, size=5000).images.shape == (200, 100, 1)
