"""Converters, colours, filters and thresholds: against Pillow, scikit-image and scipy."""

import numpy as np
import polars as pl
import pytest
from PIL import Image
from scipy import ndimage, signal
from skimage import color, exposure, feature, filters, morphology, restoration

from nodes.base import NodeError, Values
from nodes.images.brightness import ImageBrightness
from nodes.images.calculator import ImageCalculator
from nodes.images.channels_merger import MergeChannels
from nodes.images.channels_splitter import SplitChannels
from nodes.images.color_space import ColorSpaceConverter
from nodes.images.converter import ImageConverter
from nodes.images.convolution import ImageConvolution
from nodes.images.edges import ImageEdges
from nodes.images.encoder import ImageEncoder
from nodes.images.flip import ImageFlipper
from nodes.images.morphology import ImageMorphology
from nodes.images.normalizer import ImageNormalizer
from nodes.images.projector import ImageProjector
from nodes.images.rank_filter import ImageRankFilter
from nodes.images.sharpening import ImageSharpening
from nodes.images.smoothing import ImageSmoothing
from nodes.images.threshold import ImageThreshold
from nodes.kit.images.kernels import PRESETS
from nodes.values.table import Table
from tests.support import configure, run

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 9, 11, 3), dtype=np.uint8)
GREY = IMAGES[..., :1]


def made(node, images=IMAGES):
    return run(node, {"table": Table.of(pl.DataFrame({"image": images}))})["table"].frame()["image"].to_numpy()


def refused(node, images=IMAGES):
    with pytest.raises(NodeError) as caught:
        configure(node, {"table": Table.of(pl.DataFrame({"image": images}))})
    return caught.value.setting


def test_converting():
    assert np.allclose(made(ImageConverter()), IMAGES / 255)
    assert np.array_equal(made(ImageConverter(target_type="UInt16")), IMAGES.astype(np.uint16) * 257)
    assert np.array_equal(made(ImageConverter(target_type="UInt8"), made(ImageConverter())), IMAGES)
    values = np.array([-1.6, 0.4, 254.6, 300, np.nan, np.inf], np.float32).reshape(1, 1, 6, 1)
    assert made(ImageConverter(target_type="UInt8", method="clip"), values).ravel().tolist() == [0, 0, 255, 255, 0, 255]
    assert made(ImageConverter(target_type="UInt8", method="copy"), values).ravel().tolist() == [255, 0, 254, 44, 0, 0]
    assert made(ImageConverter(target_type="UInt8", method="scale"), IMAGES > 100).max() == 255
    stretched = made(ImageConverter(method="normalize and scale"), IMAGES // 2 + 30)
    assert stretched.min() == 0 and stretched.max() == 1
    assert made(ImageConverter(target_type="Int16", method="copy"), IMAGES).dtype == np.int16


def test_colours():
    grey = made(ColorSpaceConverter())[..., 0].astype(int)
    assert np.abs(grey - [np.asarray(Image.fromarray(i).convert("L")) for i in IMAGES]).max() <= 1
    unit = IMAGES.astype(np.float32) / 255
    assert np.allclose(made(ColorSpaceConverter(conversion="RGB to Lab")), color.rgb2lab(unit), atol=1e-4)
    hsv = made(ColorSpaceConverter(conversion="RGB to HSV"))
    assert np.abs(hsv - color.rgb2hsv(unit) * 255).max() <= 0.51
    for there, back in (("RGB to Lab", "Lab to RGB"), ("RGB to YCbCr", "YCbCr to RGB"), ("RGB to HSV", "HSV to RGB")):
        again = made(ColorSpaceConverter(conversion=back), made(ColorSpaceConverter(conversion=there), unit))
        assert np.abs(again - unit).max() < 2e-3
    half = np.array([[[[200, 100, 0, 51]]]], np.uint8)
    assert made(ColorSpaceConverter(conversion="RGBA to RGB"), half).ravel().tolist() == [244, 224, 204]
    assert made(ColorSpaceConverter(conversion="RGB to RGBA"))[..., 3].min() == 255
    assert np.array_equal(made(ColorSpaceConverter(conversion="grey to RGB"), GREY), GREY.repeat(3, 3))
    assert refused(ColorSpaceConverter(conversion="RGB to HSV"), GREY) == "conversion"


def test_brightness():
    assert np.array_equal(made(ImageBrightness(invert=True)), 255 - IMAGES)
    assert np.abs(made(ImageBrightness(gamma=2)) - 255 * (IMAGES / 255) ** 2).max() <= 0.51
    assert np.abs(made(ImageBrightness(contrast=0.5)) - (IMAGES * 0.5 + 63.75)).max() <= 0.51
    colours = made(ImageBrightness(saturation=0)).astype(int)
    assert np.ptp(colours, axis=3).max() == 0


def test_normalizing_the_column_the_type_and_clahe():
    column = made(ImageNormalizer(enhancement="standardize column"))
    flat = IMAGES.reshape(-1, 3).astype(float)
    assert np.allclose(column, (IMAGES - flat.mean(0)) / flat.std(0), atol=1e-5)
    kept = made(ImageNormalizer(enhancement="stretch", pixel_type="as the input"), IMAGES // 2)
    assert kept.dtype == np.uint8 and kept.min() == 0 and kept.max() == 255
    mine = made(ImageNormalizer(enhancement="clahe", regions=3), GREY)[0, :, :, 0]
    assert np.allclose(mine, exposure.equalize_adapthist(GREY[0, :, :, 0].astype(np.float32) / 255, (3, 3)), atol=1e-5)


def test_smoothing():
    wide = GREY[0, :, :, 0].astype(float)
    assert np.array_equal(made(ImageSmoothing(filter="median"), GREY)[0, :, :, 0], ndimage.median_filter(GREY[0, :, :, 0], 3))
    assert np.abs(made(ImageSmoothing(sigma=(1, 2)), GREY)[0, :, :, 0] - ndimage.gaussian_filter(wide, (1, 2))).max() < 0.51
    assert np.abs(made(ImageSmoothing(filter="mean", size=5), GREY)[0, :, :, 0] - ndimage.uniform_filter(wide, 5)).max() < 0.51
    unit = GREY[0, :, :, 0] / 255
    total = restoration.denoise_tv_chambolle(unit, weight=0.1) * 255
    assert np.abs(made(ImageSmoothing(filter="total variation"), GREY)[0, :, :, 0] - total).max() < 1
    for name in ("bilateral", "anisotropic diffusion", "sigma"):
        step = np.full((1, 8, 8, 1), 20, np.uint8)
        step[:, :, 4:] = 220
        noisy = (step + RNG.integers(-9, 10, step.shape)).astype(np.uint8)
        smooth = made(ImageSmoothing(filter=name), noisy).astype(int)
        assert np.abs(smooth - step).mean() < np.abs(noisy.astype(int) - step).mean(), name
        assert (np.diff(smooth[0, :, :, 0], axis=1)[:, 3] > 140).all(), f"{name} blurs the edge"


def test_edges_ranks_and_sharpening():
    unit = GREY[0, :, :, 0].astype(np.float32) / 255
    for name in ("sobel", "scharr", "prewitt", "roberts"):
        assert np.allclose(made(ImageEdges(filter=name), GREY)[0, :, :, 0], getattr(filters, name)(unit), atol=1e-6)
    assert np.allclose(made(ImageEdges(direction="across"), GREY)[0, :, :, 0], filters.sobel_v(unit), atol=1e-6)
    canny = feature.canny(unit, 1, 0.05, 0.1, mode="reflect")
    assert np.array_equal(made(ImageEdges(filter="canny", low_threshold=0.05, high_threshold=0.1), GREY)[0, :, :, 0], canny)
    assert np.allclose(made(ImageEdges(filter="laplace"), GREY)[0, :, :, 0], ndimage.laplace(unit), atol=1e-6)
    assert refused(ImageEdges(filter="canny", low_threshold=3)) == "low_threshold"
    assert np.array_equal(made(ImageRankFilter(rank="maximum"), GREY)[0, :, :, 0], ndimage.maximum_filter(GREY[0, :, :, 0], 3))
    sharp = filters.unsharp_mask(unit, 1, 1.5)
    assert np.abs(made(ImageSharpening(amount=1.5), GREY)[0, :, :, 0] - sharp * 255).max() < 1


@pytest.mark.parametrize("method", ["otsu", "isodata", "li", "mean", "triangle", "yen"])
def test_thresholds_are_scikit_images(method):
    plane = GREY[0, :, :, 0]
    limit = getattr(filters, f"threshold_{method}")(plane)
    assert np.array_equal(made(ImageThreshold(method=method), GREY)[0, :, :, 0], np.where(plane > limit, 255, 0))


def test_other_thresholds():
    two = np.where(np.arange(100).reshape(1, 10, 10, 1) < 40, 50, 200).astype(np.uint8) + RNG.integers(
        0, 5, (1, 10, 10, 1), np.uint8
    )
    for method in ("huang", "minimum", "otsu"):
        assert np.array_equal(made(ImageThreshold(method=method), two) == 255, two > 100), method
    assert np.array_equal(made(ImageThreshold(method="manual", value=100, invert=True)), np.where(IMAGES > 100, 0, 255))
    local = filters.threshold_local(GREY[1, :, :, 0], 5, offset=3)
    assert np.array_equal(
        made(ImageThreshold(method="local", window=5, offset=3), GREY)[1, :, :, 0] == 255, GREY[1, :, :, 0] > local
    )
    assert refused(ImageThreshold(method="local", window=4)) == "window"


def test_thresholds_of_16_bits_take_no_bin_per_value():
    """They took minutes, or gigabytes, over 65 536 bins."""
    low, high = RNG.normal(9_000, 900, 300), RNG.normal(50_000, 900, 300)
    images = np.concatenate([low, high]).clip(0, 65_535).astype(np.uint16).reshape(1, 20, 30, 1)
    for method in ("huang", "minimum"):
        assert np.array_equal(made(ImageThreshold(method=method), images) == 255, images > 30_000)


@pytest.mark.parametrize("leaf", [pl.UInt8, pl.Boolean])
def test_missing_pixels_change_no_other_image(leaf):
    """numpy has reals where a whole number is missing, of which nodes would think that they lie between 0 and 1."""
    one, nought = (True, False) if leaf == pl.Boolean else (1, 0)
    images = pl.Series("image", [None, [[[one], [nought]]], [[[one], [None]]]], dtype=pl.Array(leaf, (1, 2, 1)))
    for node in (ImageConverter(), ImageFlipper(), ImageEncoder()):
        if leaf == pl.Boolean and isinstance(node, ImageEncoder):
            continue
        with pytest.raises(NodeError, match="row 3 of column 'image'"):
            run(node, {"table": Table.of(images.to_frame())})
        whole = run(node, {"table": Table.of(images.head(2).to_frame())})["table"].frame()["image"]
        assert whole.null_count() == 1
    real = pl.Series("image", [[[[0.5], [None]]]], dtype=pl.Array(pl.Float32, (1, 2, 1)))
    assert run(ImageNormalizer(), {"table": Table.of(real.to_frame())})["table"].frame()["image"].to_numpy()[0, 0, 0, 0] == 0.5


def test_infinite_pixels_make_no_noise():
    images = np.array([0, 1, np.inf, np.nan], np.float32).reshape(1, 2, 2, 1)
    for node in (
        ImageSharpening(), ImageConverter(method="normalize"), ImageNormalizer(enhancement="stretch"),
        ImageNormalizer(enhancement="standardize column"), ImageMorphology(operation="gradient"),
        ImageSmoothing(filter="sigma"), ColorSpaceConverter(conversion="RGB to grey"),
    ):  # fmt: skip
        assert made(node, images).shape == images.shape
    lab = RNG.integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)
    assert made(ColorSpaceConverter(conversion="Lab to RGB"), lab).max() <= 1


def test_morphology():
    plane = GREY[0, :, :, 0]
    disk = morphology.disk(1)
    for name, expected in (
        ("erode", ndimage.grey_erosion(plane, footprint=disk)), ("dilate", ndimage.grey_dilation(plane, footprint=disk)),
        ("open", ndimage.grey_opening(plane, footprint=disk)), ("close", ndimage.grey_closing(plane, footprint=disk)),
        ("white top hat", ndimage.white_tophat(plane, footprint=disk)),
    ):  # fmt: skip
        assert np.array_equal(made(ImageMorphology(operation=name), GREY)[0, :, :, 0], expected), name


@pytest.mark.parametrize("preset", list(PRESETS))
def test_convolution_as_scipy(preset):
    wide = IMAGES[0].astype(float).sum(2)
    expected = signal.correlate2d(wide, np.array(PRESETS[preset], float), mode="valid")
    assert np.allclose(made(ImageConvolution(preset=preset))[0, :, :, 0], expected, atol=1e-2)


def test_several_kernels_strides_padding_and_bias():
    text = "1 0\n0 -1\n\n1/2, 0.5\n0 0"
    node = ImageConvolution(
        preset="own", kernels=text, channels="each", padding="same", strides=(2, 3), scale=2, bias=-1, relu=True
    )
    found = made(node)
    assert found.shape == (3, 5, 4, 6)
    wide = np.pad(IMAGES[0].astype(float), ((0, 1), (0, 0), (0, 0)))[:, :, 2]  # Keras: rows need 1 more, columns none
    expected = np.maximum(2 * signal.correlate2d(wide, [[0.5, 0.5], [0, 0]], mode="valid")[::2, ::3] - 1, 0)
    assert np.allclose(found[0, :, : expected.shape[1], 5], expected)


def test_the_explanation_adds_up_to_the_feature_map():
    node = ImageConvolution(preset="sobel x", padding="same", bias=3, position=(0, 4), row=2)
    outputs = run(node, {"table": Table.of(pl.DataFrame({"image": IMAGES}))})
    told = outputs["explanation"].frame()
    result = outputs["table"].frame()["image"].to_numpy()[2, 0, 4, 0]
    assert told.height == 27
    assert told["product"].sum() + 3 == pytest.approx(result) == pytest.approx(told["result"][0])
    inside = told.filter(pl.col("image_row") >= 0)
    assert [IMAGES[2, r, c, k] for r, c, k in inside.select("image_row", "image_column", "channel").iter_rows()] == inside[
        "pixel"
    ].to_list()
    kinds = [figure.kind for figure in node.views(Values(outputs))]
    assert kinds[0] == "images" and "text" in kinds and kinds.count("heat map") >= 5


@pytest.mark.parametrize(
    ("text", "setting"), [("", "kernels"), ("1 2\n3", "kernels"), ("1 x", "kernels"), ("1/0", "kernels"), ("1\n\n1 2", "kernels")]
)
def test_kernels_that_are_none(text, setting):
    assert refused(ImageConvolution(preset="own", kernels=text)) == setting


def test_mistakes_in_a_convolution():
    assert refused(ImageConvolution(preset="own", kernels="1 " * 12)) == "padding"
    assert refused(ImageConvolution(position=(7, 0))) == "position"
    assert refused(ImageConvolution(feature_map=1)) == "feature_map"


def test_channels_apart_and_together():
    table = Table.of(pl.DataFrame({"image": IMAGES}))
    apart = run(SplitChannels(), {"table": table})["table"]
    assert apart.columns == ["image", "image red", "image green", "image blue"]
    again = run(MergeChannels(columns=["image blue", "image green", "image red"]), {"table": apart})["table"].frame()
    assert np.array_equal(again["merged"].to_numpy(), IMAGES[..., ::-1])
    assert refused(SplitChannels(names=["a", "a", "b"])) == "names"


def test_projecting():
    assert np.array_equal(made(ImageProjector())[..., 0], IMAGES.max(3))
    assert np.allclose(made(ImageProjector(axis="height", operation="mean"))[:, 0], IMAGES.mean(1))


def test_calculating():
    table = Table.of(pl.DataFrame({"a": IMAGES, "b": pl.Series(GREY), "n": [1.0, 2.0, None]}))

    def computed(expression, **settings):
        return run(ImageCalculator(expression=expression, **settings), {"table": table})["table"].frame()

    assert np.allclose(computed("a / 255 - 0.5")["computed"].to_numpy(), IMAGES / 255 - 0.5, atol=1e-6)
    assert np.array_equal(
        computed("ABS(a - b)", target_type="UInt8", creation="replace")["a"].to_numpy(), np.abs(IMAGES.astype(int) - GREY)
    )
    scaled = computed("CASE WHEN a > 99 THEN n ELSE 0 END")["computed"]
    assert scaled.is_null().to_list() == [False, False, True]
    assert np.array_equal(scaled[1].to_numpy(), np.where(IMAGES[1] > 99, 2, 0))
    for wrong in ("AVG(a)", "n + 1", "a +", "c * 2", "'text'"):
        with pytest.raises(NodeError):
            computed(wrong)
