"""Image Resizer: against Pillow, and against what is known of small images."""

import numpy as np
import polars as pl
import pytest
from PIL import Image

from nodes.base import NodeError, Values
from nodes.images.resizer import ImageResizer
from nodes.kit.images.resampling import resample
from nodes.values.table import Table
from tests.support import configure, run

RNG = np.random.default_rng(0)
FILTERS = {
    "nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS, "area": Image.Resampling.BOX,
}  # fmt: skip


def noise(channels=3, dtype="u1", rows=3, height=9, width=12):
    top = 1 if dtype[0] == "f" else np.iinfo(dtype).max
    return (RNG.random((rows, height, width, channels)) * top).astype(dtype)


def resized(images, **settings):
    table = Table.of(pl.DataFrame({"image": pl.Series(images), "n": range(len(images))}))
    return run(ImageResizer(**settings), {"table": table})["table"].frame()["image"].to_numpy()


@pytest.mark.parametrize("method", list(FILTERS))
@pytest.mark.parametrize("size", [(4, 5), (20, 30), (3, 30)])
def test_as_pillow_does_it(method, size):
    images = noise()
    expected = [np.asarray(Image.fromarray(i).resize((size[1], size[0]), FILTERS[method])) for i in images]
    assert np.array_equal(resized(images, height=size[0], width=size[1], method=method), expected)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("method", ["nearest", "lanczos"])
def test_every_channel_by_itself(channels, dtype, method):
    images = noise(channels, dtype)
    made = resized(images, height=5, width=7, method=method)
    for channel in range(channels):
        band = Image.fromarray(images[0, :, :, channel].astype(np.float32)).resize((7, 5), FILTERS[method])
        top = 1 if dtype[0] == "f" else np.iinfo(dtype).max
        expected = np.asarray(band) if dtype == "f4" else np.rint(np.clip(band, 0, top))
        assert np.abs(made[0, :, :, channel] - expected).max() <= (1 if dtype == "u1" else 0)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("method", list(FILTERS))
@pytest.mark.parametrize("aspect", ["stretch", "crop", "pad"])
def test_a_plain_image_stays_plain(dtype, method, aspect):
    images = np.full((1, 10, 30, 1), 1 if dtype == "f4" else np.iinfo(dtype).max, dtype)
    made = resized(images, height=7, width=7, method=method, aspect=aspect, fill=1 if dtype == "f4" else np.iinfo(dtype).max)
    assert np.allclose(made, images[0, 0, 0, 0])


def test_the_mean_of_what_a_pixel_covers():
    images = noise(1, "f4", height=8, width=8)
    expected = images.reshape(3, 4, 2, 4, 2, 1).mean((2, 4))
    assert np.allclose(resized(images, height=4, width=4, method="area"), expected, atol=1e-6)


def test_crop_keeps_the_middle():
    image = np.arange(6, dtype=np.uint8).reshape(1, 1, 6, 1).repeat(2, axis=1)
    assert resized(image, height=2, width=2, aspect="crop")[0, :, :, 0].tolist() == [[2, 3], [2, 3]]


def test_pad_keeps_all_and_fills():
    image = np.arange(1, 5, dtype=np.uint8).reshape(1, 1, 4, 1)
    made = resized(image, height=4, width=4, aspect="pad", fill=9)[0, :, :, 0]
    assert made.tolist() == [[9] * 4, [1, 2, 3, 4], [9] * 4, [9] * 4]


@pytest.mark.parametrize("aspect", ["stretch", "crop", "pad"])
def test_sizes_at_the_ends(aspect):
    assert resized(noise(height=1, width=1), height=50, width=1, aspect=aspect).shape == (3, 50, 1, 3)
    assert resized(noise(height=1, width=500), height=3, width=3, aspect=aspect).shape == (3, 3, 3, 3)
    assert resized(noise(height=7, width=3), height=1, width=1, aspect=aspect).shape == (3, 1, 1, 3)


def test_a_factor():
    settings = {"interpretation": "relative factor", "factor_height": 0.5, "factor_width": 2}
    assert resized(noise(), **settings).shape == (3, 4, 24, 3)
    assert resized(noise(height=1), **settings).shape == (3, 1, 24, 3)


def test_an_image_of_the_size_already_is_not_touched():
    image = noise()[0]
    assert resample(image, (9, 12), "lanczos") is image


def test_missing_images_and_empty_tables():
    images = noise()
    column = pl.Series("image", images).gather(pl.Series([None, 1], dtype=pl.UInt32))
    made = run(ImageResizer(height=4, width=4), {"table": Table.of(pl.DataFrame([column]))})["table"].frame()["image"]
    assert made.is_null().to_list() == [True, False]
    assert np.array_equal(made[1].to_numpy().reshape(4, 4, 3), resized(images, height=4, width=4)[1])
    assert resized(images[:0], height=4, width=4).shape == (0, 4, 4, 3)


def test_the_result_is_shown():
    node = ImageResizer(height=4, width=4)
    table = Table.of(pl.DataFrame({"image": noise(dtype="f4")}))
    (figure,) = node.views(Values(run(node, {"table": table})))
    assert figure.images.shape == (3, 4, 4, 3)
    assert figure.images.dtype == np.uint8


def test_mistakes_in_the_settings():
    def refused(images, **settings):
        with pytest.raises(NodeError) as caught:
            configure(ImageResizer(**settings), {"table": Table.of(pl.DataFrame({"image": images}))})
        assert caught.value.remedy
        return caught.value.setting

    assert refused(noise(), column="n") == "column"
    assert refused(noise(dtype="f8")) == "column"
    assert refused(noise(), aspect="pad", fill=256) == "fill"
    assert refused(noise(width=500), interpretation="relative factor", factor_width=100) == "factor_height"
