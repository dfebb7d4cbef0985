"""Cropper, Padder, Rotator, Flipper, tiles and the Resizer's further options: against numpy, scipy and Pillow."""

import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nodes.base import NodeError
from nodes.images.cropper import ImageCropper
from nodes.images.flip import ImageFlipper
from nodes.images.padder import ImagePadder
from nodes.images.resizer import ImageResizer
from nodes.images.rotate import ImageRotator
from nodes.images.tiles_merger import MergeTiles
from nodes.images.tiles_splitter import SplitIntoTiles
from nodes.kit.images.resampling import METHODS, resample, resample_all
from nodes.values.table import Table
from tests.support import configure, run

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)


def made(node, images=IMAGES, **columns):
    table = Table.of(pl.DataFrame({"image": pl.Series(images), **columns}))
    return run(node, {"table": table})["table"].frame()["image"].to_numpy()


def refused(node, images=IMAGES):
    with pytest.raises(NodeError) as caught:
        configure(node, {"table": Table.of(pl.DataFrame({"image": images}))})
    assert caught.value.remedy
    return caught.value.setting


def test_cropping_a_box_and_the_middle():
    assert np.array_equal(made(ImageCropper(mode="box", top=1, left=2, height=3)), IMAGES[:, 1:4, 2:])
    assert np.array_equal(made(ImageCropper(height=4, width=4)), IMAGES[:, 1:5, 2:6])
    assert refused(ImageCropper(height=7)) == "height"
    assert refused(ImageCropper(mode="box", left=8)) == "width"


def test_cropping_around_the_content():
    images = np.zeros((2, 6, 8, 1), np.uint8)
    images[0, 1:3, 5:8] = 9
    images[1, 5, 0] = 7
    around = made(ImageCropper(mode="around content", height=4, width=5), images)[..., 0]
    assert around[0].tolist() == [[0] * 5, [0, 9, 9, 9, 0], [0, 9, 9, 9, 0], [0] * 5]
    assert around[1, 2, 2] == 7 and around[1].sum() == 7
    assert np.array_equal(made(ImageCropper(mode="content of all"), images), images[:, 1:6])
    assert np.array_equal(made(ImageCropper(mode="content of all", background=7, tolerance=1), images), images)


def test_padding_is_numpys():
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        expected = np.pad(IMAGES, ((0, 0), (1, 2), (3, 0), (0, 0)), mode)
        assert np.array_equal(made(ImagePadder(top=1, bottom=2, left=3, right=0, fill_mode=mode)), expected)
    sized = made(ImagePadder(mode="size", height=9, width=8, fill=5))
    assert np.array_equal(sized, np.pad(IMAGES, ((0, 0), (1, 2), (0, 0), (0, 0)), constant_values=5))
    assert made(ImagePadder(fill_mode="maximum"))[1, 0, 0, 0] == IMAGES[1].max()
    assert refused(ImagePadder(mode="size", height=2)) == "height"
    assert refused(ImagePadder(fill=300)) == "fill"


def test_quarter_turns_are_exact():
    assert np.array_equal(made(ImageRotator(angle=90, keep_size=False)), np.rot90(IMAGES, axes=(1, 2)))
    assert np.array_equal(made(ImageRotator(angle=np.pi, unit="radians")), IMAGES[:, ::-1, ::-1])


@pytest.mark.parametrize("angle", [-200, -30, 12.5, 77])
def test_turning_as_pillow(angle):
    image = RNG.random((1, 31, 31, 1)).astype(np.float32)
    mine = made(ImageRotator(angle=angle, interpolation="nearest"), image)[0, :, :, 0]
    theirs = np.asarray(Image.fromarray(image[0, :, :, 0]).rotate(angle, Image.Resampling.NEAREST))
    assert (mine == theirs).mean() > 0.97  # what lies between two pixels may go either way


def test_turning_without_keeping_the_size_loses_nothing():
    wide = made(ImageRotator(angle=45, keep_size=False), np.full((1, 9, 9, 1), 200, np.uint8))
    assert wide.shape == (1, 13, 13, 1)
    assert abs(float(wide.astype(float).sum()) / (81 * 200) - 1) < 0.1


def test_flipping():
    for direction, expected in (
        ("left-right", IMAGES[:, :, ::-1]), ("upside down", IMAGES[:, ::-1]), ("both", IMAGES[:, ::-1, ::-1]),
        ("transpose", IMAGES.transpose(0, 2, 1, 3)),
    ):  # fmt: skip
        assert np.array_equal(made(ImageFlipper(direction=direction)), expected)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 12), st.integers(1, 12), st.integers(1, 14), st.integers(1, 14), st.sampled_from([1, 3, 4, 5]),
    st.sampled_from(list(METHODS)), st.sampled_from(["stretch", "crop", "pad"]),
)  # fmt: skip
def test_a_group_is_resized_as_each_alone(height, width, new_height, new_width, channels, method, aspect):
    images = RNG.integers(0, 256, (5, height, width, channels), dtype=np.uint8)
    together = resample_all(images, (new_height, new_width), method, aspect)
    alone = [resample(image, (new_height, new_width), method, aspect) for image in images]
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("old", [(5, 4), (2, 2), (6, 2)])
@pytest.mark.parametrize("new", [(1, 4), (3, 3), (2, 5), (1, 1)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_many_small_images_are_resized_as_each_alone(old, new, kind):
    """Of few pixels, two orders of rounding agree by chance in the images that were tried, but not in all."""
    images = RNG.integers(0, 256, (200, *old, 1)).astype(kind) / kind(255 if kind == np.float32 else 1)
    images = images.astype(kind)
    for method in ("bilinear", "lanczos", "area"):
        alone = [resample(image, new, method) for image in images]
        assert np.array_equal(resample_all(images, new, method), alone)


def test_a_side_that_follows_from_the_other_and_pixels_that_are_kept():
    assert made(ImageResizer(height=3, width=None)).shape == (3, 3, 4, 3)
    assert made(ImageResizer(height=None, width=16)).shape == (3, 12, 16, 3)
    kept = made(ImageResizer(height=7, width=5, aspect="keep pixels", fill_mode="wrap"))
    assert np.array_equal(kept, np.pad(IMAGES, ((0, 0), (0, 1), (0, 0), (0, 0)), "wrap")[:, :, :5])
    assert refused(ImageResizer(height=None, width=None)) == "height"


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 7), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_tiles_put_together_are_the_image_again(height, width, down, across):
    table = Table.of(pl.DataFrame({"image": pl.Series(IMAGES).gather(pl.Series([0, 1, 2])), "n": [5, 6, 7]}))
    step = (min(down, height), min(across, width))
    tiles = run(SplitIntoTiles(height=height, width=width, step=step, remainder="fill"), {"table": table})["table"]
    shuffled = tiles.take(np.random.default_rng(1).permutation(tiles.height))
    merged = run(MergeTiles(step=step, size=(6, 8)), {"table": shuffled})["table"].frame().sort("n")
    assert np.array_equal(merged["image"].to_numpy(), IMAGES)
    assert merged["n"].to_list() == [5, 6, 7]


def test_tiles_and_missing_images():
    column = pl.Series("image", IMAGES).gather(pl.Series([0, None], dtype=pl.UInt32))
    tiles = run(SplitIntoTiles(height=3, width=4), {"table": Table.of(pl.DataFrame([column]))})["table"].frame()
    assert tiles["image"].is_null().to_list() == [False] * 4 + [True] * 4
    assert np.array_equal(tiles["image"][1].to_numpy(), IMAGES[0, :3, 4:])
    assert tiles.row(7)[1:] == (1, 1, 1)
    assert refused(SplitIntoTiles(height=9, width=1)) == "height"


def test_encoded_images_are_decoded_on_the_way():
    def png(image):
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "PNG")
        return stream.getvalue()

    table = Table.of(pl.DataFrame({"image": [png(IMAGES[0]), None, png(IMAGES[2])]}))
    node = ImageFlipper()
    assert configure(node, {"table": table})["table"] is None
    found = run(node, {"table": table})["table"].frame()["image"]
    assert found.is_null().to_list() == [False, True, False]
    assert np.array_equal(found.drop_nulls().to_numpy(), IMAGES[[0, 2], :, ::-1])
    other = Table.of(pl.DataFrame({"image": [png(IMAGES[0]), png(IMAGES[0, :3])]}))
    with pytest.raises(NodeError, match="row 2"):
        run(node, {"table": other})
