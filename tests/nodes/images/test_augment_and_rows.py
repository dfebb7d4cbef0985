"""Augmentation, features, components, rows, generator, encoding, writing and viewing."""

import io

import numpy as np
import polars as pl
import pytest
from PIL import Image
from skimage import feature, measure

from nodes.base import NodeError, Values
from nodes.images.augment import AugmentImages
from nodes.images.components import ConnectedComponents
from nodes.images.decoder import ImageDecoder
from nodes.images.encoder import ImageEncoder
from nodes.images.features import ImageFeatures
from nodes.images.from_row import RowToImage
from nodes.images.generator import ImageGenerator
from nodes.images.properties import ImageProperties
from nodes.images.to_row import ImageToRow
from nodes.images.viewer import ImageViewer
from nodes.values.table import Table
from nodes.writers.images import ImageWriter
from tests.support import RecordingJob, configure, run

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 16, 18, 3), dtype=np.uint8)


def table(images=IMAGES, **columns):
    return Table.of(pl.DataFrame({"image": images, "n": range(len(images)), **columns}))


def test_copies_beside_their_originals():
    node = AugmentImages(copies=2, noise=0.1, brightness=0.2, contrast=0.2, erase=0.5)
    first, second = (run(node, {"table": table()})["table"].frame() for _ in range(2))
    assert first.equals(second)
    assert first["n"].to_list() == [n for n in range(6) for _ in range(3)]
    assert first["variant"].to_list() == [0, 1, 2] * 6
    assert np.array_equal(first["image"].to_numpy()[::3], IMAGES)
    assert len({image.tobytes() for image in first["image"].to_numpy()}) == 18
    other = run(node.model_copy(update={"seed": 1}), {"table": table()})["table"].frame()
    assert not other["image"].equals(first["image"])


def test_a_rows_variants_do_not_depend_on_the_rows_before():
    column = pl.Series("image", IMAGES).gather(pl.Series([None, 1, 2], dtype=pl.UInt32))
    found = run(AugmentImages(output="in place"), {"table": Table.of(pl.DataFrame([column]))})["table"].frame()["image"]
    whole = run(AugmentImages(output="in place"), {"table": table()})["table"].frame()["image"]
    assert found.is_null().to_list() == [True, False, False]
    assert found[1:].equals(whole[1:3])


def test_single_changes():
    still = {"flip_horizontal": 0, "rotation": 0, "shift": 0, "zoom": 0, "output": "in place"}
    made = run(AugmentImages(**still), {"table": table()})["table"].frame()["image"].to_numpy()
    assert np.array_equal(made, IMAGES)
    flipped = run(AugmentImages(**still | {"flip_horizontal": 1}), {"table": table()})["table"].frame()["image"].to_numpy()
    assert np.array_equal(flipped, IMAGES[:, :, ::-1])
    bright = np.full((4, 20, 20, 1), 255, np.uint8)
    holes = run(AugmentImages(**still, erase=1, erase_with="zero", erase_area=(0.1, 0.2)), {"table": table(bright)})["table"]
    shares = (holes.frame()["image"].to_numpy() == 0).mean((1, 2, 3))
    assert ((shares > 0.06) & (shares < 0.25)).all()
    assert not AugmentImages(seed=None).reproducible


def test_the_preview_shows_originals_beside_variants():
    node = AugmentImages()
    outputs = run(node, {"table": table()})
    (figure,) = node.views(Values(outputs))
    assert figure.images.shape == (25, 16, 18, 3)
    assert np.array_equal(figure.images[::5], IMAGES[:5])
    variants = outputs["table"].frame().filter(pl.col("variant") == 1)["image"].to_numpy()
    assert np.array_equal(figure.images[1], variants[0])


def test_features():
    node = ImageFeatures(histogram=True, bins=4, hog=True, cell=4, lbp=True, haralick=True, levels=8, hu=True)
    found = run(node, {"table": table()})["table"].frame()
    values = IMAGES[2].astype(float)
    assert found["image mean"][2] == pytest.approx(values.mean())
    assert found["image standard deviation"][2] == pytest.approx(values.std())
    shares = np.histogram(values[..., 0] / 255, 4, (0, 1))[0] / values[..., 0].size
    assert np.allclose(found["image histogram"][2].to_numpy()[:4], shares)
    grey = (IMAGES[2] / np.float32(255)).mean(2)
    assert np.allclose(found["image HOG"][2].to_numpy(), feature.hog(grey, 9, (4, 4), (2, 2)), atol=1e-5)
    assert found["image LBP"][2].sum() == pytest.approx(1)
    matrix = feature.graycomatrix(
        np.minimum(grey * 8, 7).astype(np.uint8), [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], 8, True, True
    )
    assert found["image Haralick contrast"][2] == pytest.approx(feature.graycoprops(matrix, "contrast").mean())
    assert found["image Hu 1"][2] > 0


def test_connected_components():
    images = np.zeros((2, 7, 8, 1), np.uint8)
    images[0, 1:3, 1:4] = 100
    images[0, 3, 4] = 50
    images[0, 6, 0] = 9
    outputs = run(ConnectedComponents(neighbours="4"), {"table": table(images)})
    assert outputs["table"].frame()["components"].to_list() == [3, 0]
    assert np.array_equal(
        outputs["table"].frame()["labels"][0].to_numpy()[..., 0], measure.label(images[0, ..., 0] > 0, connectivity=1)
    )
    shapes = outputs["components"].frame()
    assert shapes.row(0)[:10] == (0, 1, 6, 1, 1, 2, 3, 1.5, 2.0, 100.0)
    joined = run(ConnectedComponents(least_area=2), {"table": table(images)})["components"].frame()
    assert joined["area"].to_list() == [7]


@pytest.mark.parametrize("form", ["array", "columns"])
@pytest.mark.parametrize("order", ["pixel by pixel", "channel by channel"])
def test_rows_of_numbers_and_back(form, order):
    small = IMAGES[:, :3, :4]
    flat = run(ImageToRow(form=form, order=order, keep=False, prefix="p"), {"table": table(small)})["table"]
    columns = [c for c in flat.columns if c.startswith("p")]
    expected = (small if order == "pixel by pixel" else small.transpose(0, 3, 1, 2)).reshape(6, -1)
    assert np.array_equal(np.stack([c.to_numpy() for c in flat.frame(columns)], 1).reshape(6, -1), expected)
    back = run(RowToImage(columns=columns, height=3, channels=3, order=order), {"table": flat})["table"].frame()
    assert np.array_equal(back["image"].to_numpy(), small)


def test_numbers_that_make_no_image_and_missing_ones():
    numbers = Table.of(pl.DataFrame({"a": [1.4, None], "b": [300.0, 2.0], "c": [-1.0, 3.0], "d": [4.0, 5.0]}))
    found = run(RowToImage(columns=["a", "b", "c", "d"]), {"table": numbers})["table"].frame()["image"]
    assert found[0].to_numpy().ravel().tolist() == [1, 255, 0, 4]
    assert found[1] is None
    for settings in ({"columns": ["a", "b"]}, {"columns": ["a", "b", "c", "d"], "height": 3}, {"columns": []}):
        with pytest.raises(NodeError):
            configure(RowToImage(**settings), {"table": numbers})


def test_generated_images():
    few, many = (run(ImageGenerator(count=n, noise=0.05))["table"].frame() for n in (5, 20))
    assert many.head(5).equals(few)
    assert set(many["label"]) == {"circle", "square", "triangle", "cross"}
    for content in ("constant", "noise", "gradient", "checkerboard", "stripes"):
        made = (
            run(ImageGenerator(count=2, content=content, pixel_type="Float32", channels=3))["table"].frame()["image"].to_numpy()
        )
        assert made.shape == (2, 32, 32, 3) and 0 <= made.min() <= made.max() <= 1, content
        assert (made.std() > 0.1) == (content != "constant")


def test_encoding_decoding_and_properties():
    encoded = run(ImageEncoder(), {"table": table()})["table"]
    assert encoded.schema["image"] == pl.Binary
    told = run(ImageProperties(), {"table": encoded})["table"].frame()
    assert told.select("image height", "image width", "image channels", "image format").row(0) == (16, 18, 3, "PNG")
    assert np.array_equal(run(ImageDecoder(), {"table": encoded})["table"].frame()["image"].to_numpy(), IMAGES)
    fixed = ImageDecoder(height=8, width=9, mode="grey", depth="Float32")
    assert configure(fixed, {"table": encoded})["table"].schema["image"] == pl.Array(pl.Float32, (8, 9, 1))
    broken = Table.of(pl.DataFrame({"image": [b"nothing", encoded.frame()["image"][0]]}))
    job = RecordingJob(".")
    found = run(fixed.model_copy(update={"unreadable": "missing"}), {"table": broken}, job=job)["table"].frame()["image"]
    assert found.is_null().to_list() == [True, False]
    assert len(job.warnings) == 1
    with pytest.raises(NodeError, match="row 1"):
        run(fixed.model_copy(update={"unreadable": "error"}), {"table": broken})
    nothing = Table.of(pl.DataFrame({"image": [b"nothing", None]}))
    assert run(ImageDecoder(), {"table": nothing})["table"].frame()["image"].to_list() == [None, None]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP", "WebP"])
def test_written_images(format, tmp_path):
    job = RecordingJob(tmp_path)
    node = ImageWriter(folder="out", format=format, pattern="{label}/{row:03}", quality=95)
    made = run(node, {"table": table(label=["a", "b"] * 3)}, tmp_path, job)["table"].frame()
    assert len(job.written) == 6
    found = np.asarray(Image.open(tmp_path / made["path"][3]).convert("RGB"))
    assert made["path"][3].startswith("out/b/003.")
    by_hand = io.BytesIO()
    Image.fromarray(IMAGES[3]).save(by_hand, format, quality=95)
    expected = IMAGES[3] if format in ("PNG", "TIFF", "BMP") else np.asarray(Image.open(by_hand).convert("RGB"))
    assert np.array_equal(found, expected)
    with pytest.raises(NodeError, match="exists already"):
        run(node, {"table": table(label=["a", "b"] * 3)}, tmp_path)
    again = node.model_copy(update={"if_exists": "overwrite"})
    assert run(again, {"table": table(IMAGES[::-1].copy(), label=["a", "b"] * 3)}, tmp_path)["table"].height == 6


def test_16_bits_floats_and_names_that_do_not_do(tmp_path):
    deep = RNG.integers(0, 65536, (1, 4, 5, 1), dtype=np.uint16)
    run(ImageWriter(folder="deep"), {"table": table(deep)}, tmp_path)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "deep/image_00000.png")), deep[0, :, :, 0])
    real = RNG.random((1, 4, 5, 1)).astype(np.float32)
    run(ImageWriter(folder="real", format="TIFF"), {"table": table(real)}, tmp_path)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "real/image_00000.tif")), real[0, :, :, 0])
    for settings, at in (
        ({"pattern": "same"}, "names"), ({"pattern": "../{row}"}, "names"), ({"pattern": "{row"}, "pattern"),
        ({"pattern": "{no}"}, "pattern"), ({"folder": ""}, "folder"), ({"names": "column", "name_column": "text"}, "names"),
    ):  # fmt: skip
        with pytest.raises(NodeError) as caught:
            run(ImageWriter(**{"folder": "x", **settings}), {"table": table(text=["a", None] * 3)}, tmp_path)
        assert caught.value.setting == at, settings
    with pytest.raises(NodeError) as caught:
        configure(ImageWriter(folder="x", format="JPEG"), {"table": table(real)}, tmp_path)
    assert caught.value.setting == "format"


def test_viewing():
    node = ImageViewer(captions=["n", "label"], count=4)
    outputs = run(node, {"table": table(label=list("abcdef"))})
    figure, histogram = node.views(Values(outputs))
    assert np.array_equal(figure.images, IMAGES[:4])
    assert figure.captions == ["0, a", "1, b", "2, c", "3, d"]
    assert sum(histogram.series["red"]) == IMAGES[:4, ..., 0].size
    wide = RNG.random((2, 5, 5, 7)).astype(np.float32)
    assert run(ImageViewer(), {"table": table(wide)})["figure"].images.shape == (14, 5, 5, 1)
    assert run(ImageViewer(), {"table": table(IMAGES[:0])})["figure"].images.shape[0] == 0
