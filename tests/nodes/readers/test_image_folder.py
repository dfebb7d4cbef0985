"""Image Folder Reader: real files of every format, upright and turned, whole and broken."""

import io
import struct
import zlib

import numpy as np
import polars as pl
import pytest
from PIL import Image

from nodes.base import Cancelled, NodeError, Specs, Values
from nodes.images.decoder import ImageDecoder
from nodes.images.properties import ImageProperties
from nodes.kit.images import decoding as image_decoding
from nodes.kit.probing import soundness
from nodes.kit.probing.memory import SoundFiles
from nodes.readers.image_folder import ImageFolderReader
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

LOSSLESS = ["png", "bmp", "gif", "tif", "webp", "ppm"]


def picture(height=6, width=8, channels=3, seed=0):
    """Smooth colours, which JPEG keeps nearly as they are."""
    small = np.random.default_rng(seed).integers(0, 256, (2, 2, channels), dtype=np.uint8)
    return np.asarray(Image.fromarray(small.squeeze()).resize((width, height), Image.Resampling.BILINEAR))


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **({"lossless": True} if path.suffix == ".webp" else {}), **options)


def read(folder, **settings):
    return run(ImageFolderReader(folder=str(folder), **{"labels": "none", **settings}), folder=folder)


def pixels_of(folder, **settings):
    values = read(folder, **settings)
    assert values["unreadable"].height == 0, values["unreadable"].frame()
    return values["table"].frame()["image"].to_numpy()


# ---------------------------------------------------------------------------------------------------------------- labels


@pytest.fixture
def classes(tmp_path):
    for name in ("shoe", "bag", "shirt"):
        for number in range(3):
            save(tmp_path / name / f"{number}.png", picture(seed=number))
    save(tmp_path / "shirt" / "striped" / "9.png", picture(seed=9))
    save(tmp_path / "beside.png", picture())
    (tmp_path / "bag" / "notes.txt").write_text("no image")
    (tmp_path / "bag" / "._0.png").write_bytes(b"what macOS leaves behind")
    (tmp_path / ".cache").mkdir()
    return tmp_path


def test_the_folders_are_the_classes(classes):
    frame = run(ImageFolderReader(folder="."), folder=classes)["table"].frame()
    assert frame.schema == {"image": pl.Array(pl.UInt8, (6, 8, 3)), "file": pl.String, "label": pl.Enum(["bag", "shirt", "shoe"])}
    assert frame["file"].to_list() == [f"{c}/{n}.png" for c in ("bag", "shirt", "shoe") for n in range(3)]
    assert frame["label"].to_list() == ["bag"] * 3 + ["shirt"] * 3 + ["shoe"] * 3
    assert np.array_equal(frame["image"].to_numpy()[1], picture(seed=1))


def test_folders_in_the_classes(classes):
    frame = run(ImageFolderReader(folder=".", subfolders=True), folder=classes)["table"].frame()
    row = frame.row(by_predicate=pl.col("file") == "shirt/striped/9.png", named=True)
    assert row["label"] == "shirt"
    assert frame.height == 10


def test_without_labels(classes):
    assert read(classes)["table"].frame()["file"].to_list() == ["beside.png"]
    deep = read(classes, subfolders=True)["table"].frame()
    assert deep.columns == ["image", "file"]
    assert deep["file"].to_list()[:2] == ["beside.png", "bag/0.png"]
    assert deep.height == 11


def test_images_beside_the_classes_are_worth_a_word(classes):
    specs = Specs({}, "node_1", classes)
    ImageFolderReader(folder=".").configure(specs)
    assert specs.warnings


def test_extensions(classes):
    save(classes / "other.WEBP", picture(seed=4))
    assert read(classes, extensions=["webp"])["table"].frame()["file"].to_list() == ["other.WEBP"]


def test_the_first_images_are_shown_with_their_labels(classes):
    node = ImageFolderReader(folder=".")
    (figure,) = node.views(Values(run(node, folder=classes)))
    assert figure.images.shape == (9, 6, 8, 3)
    assert figure.captions[0] == "bag"


# --------------------------------------------------------------------------------------------------------------- formats


@pytest.mark.parametrize("ending", LOSSLESS)
def test_lossless_formats(tmp_path, ending):
    save(tmp_path / f"x.{ending}", np.full((6, 8, 3), 200, np.uint8) if ending == "gif" else picture())
    expected = 200 if ending == "gif" else picture()
    assert np.array_equal(pixels_of(tmp_path, mode="RGB")[0], np.broadcast_to(expected, (6, 8, 3)))


@pytest.mark.parametrize("mode", ["grey", "RGB", "RGBA"])
@pytest.mark.parametrize("exif", [False, True])
def test_jpeg_is_read_as_pillow_reads_it(tmp_path, mode, exif):
    options = {"exif": Image.Exif()} if exif else {}
    save(tmp_path / "x.jpg", picture(40, 30), quality=90, **options)
    with Image.open(tmp_path / "x.jpg") as image:
        if mode == "grey":
            image.draft("L", image.size)
        expected = np.asarray(image.convert({"grey": "L"}.get(mode, mode))).reshape(40, 30, -1)
    assert np.array_equal(pixels_of(tmp_path, mode=mode)[0], expected)


def test_jpeg_in_cmyk(tmp_path):
    save(tmp_path / "x.jpg", Image.fromarray(picture()).convert("CMYK"))
    with Image.open(tmp_path / "x.jpg") as image:
        assert np.array_equal(pixels_of(tmp_path)[0], np.asarray(image.convert("RGB")))


def test_grey_palette_alpha_and_one_bit(tmp_path):
    grey, colours, alpha = picture(channels=1), picture(), picture(channels=4)
    save(tmp_path / "grey" / "x.png", grey)
    save(tmp_path / "rgba" / "x.png", alpha)
    save(tmp_path / "palette" / "x.png", Image.fromarray(colours).quantize(4))
    clear = Image.fromarray(colours).quantize(4)
    clear.info["transparency"] = 0
    save(tmp_path / "clear" / "x.gif", clear)
    save(tmp_path / "bits" / "x.png", Image.fromarray(grey).point(lambda v: v > 127, "1"))
    assert np.array_equal(pixels_of(tmp_path / "grey")[0, :, :, 0], grey)
    assert np.array_equal(pixels_of(tmp_path / "grey", mode="RGB")[0], np.repeat(grey[:, :, None], 3, axis=2))
    assert np.array_equal(pixels_of(tmp_path / "rgba")[0], alpha)
    assert np.array_equal(pixels_of(tmp_path / "rgba", mode="RGB")[0], alpha[:, :, :3])
    assert pixels_of(tmp_path / "palette").shape == (1, 6, 8, 3)
    with_alpha = pixels_of(tmp_path / "clear")
    assert set(np.unique(with_alpha[..., 3])) == {0, 255}
    assert np.array_equal(pixels_of(tmp_path / "clear", mode="RGB"), with_alpha[..., :3])
    assert set(np.unique(pixels_of(tmp_path / "bits"))) == {0, 255}


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_grey(tmp_path, ending):
    deep = (np.arange(48).reshape(6, 8) * 1300).astype(np.uint16)
    save(tmp_path / f"x.{ending}", deep)
    assert np.array_equal(pixels_of(tmp_path)[0, :, :, 0], deep)
    assert np.array_equal(pixels_of(tmp_path, depth="UInt8")[0, :, :, 0], np.rint(deep / 257).astype(np.uint8))
    assert np.allclose(pixels_of(tmp_path, depth="Float32", mode="RGB")[0, :, :, 1], deep / 65535)
    assert pixels_of(tmp_path, mode="RGBA")[0, 0, 0].tolist() == [0, 0, 0, 65535]


def test_8_bit_images_as_16_bit_and_float(tmp_path):
    save(tmp_path / "x.png", picture())
    assert np.array_equal(pixels_of(tmp_path, depth="UInt16")[0], picture().astype(np.uint16) * 257)
    assert np.allclose(pixels_of(tmp_path, depth="Float32")[0], picture() / 255)


def test_float_tiff(tmp_path):
    values = np.linspace(-0.5, 1.5, 48, dtype=np.float32).reshape(6, 8)
    save(tmp_path / "x.tif", values)
    assert np.array_equal(pixels_of(tmp_path)[0, :, :, 0], values)
    assert np.array_equal(pixels_of(tmp_path, depth="UInt8")[0, :, :, 0], np.rint(values.clip(0, 1) * 255).astype(np.uint8))


def test_only_the_first_frame_and_page_is_read(tmp_path):
    first, second = (Image.fromarray(np.full((4, 4), v, np.uint8)) for v in (10, 200))
    for ending in ("gif", "tif", "webp", "png"):
        first.save(
            tmp_path / f"x.{ending}", save_all=True, append_images=[second], **({"lossless": True} if ending == "webp" else {})
        )
    assert (pixels_of(tmp_path, mode="grey") == 10).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_exif_orientation(tmp_path, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / f"x.{ending}", picture(16, 32), exif=exif, **({"quality": 95} if ending == "jpg" else {}))
    turned = {
        1: lambda x: x, 2: lambda x: x[:, ::-1], 3: lambda x: x[::-1, ::-1], 4: lambda x: x[::-1],
        5: lambda x: x.swapaxes(0, 1), 6: lambda x: np.rot90(x, -1), 7: lambda x: x[::-1, ::-1].swapaxes(0, 1), 8: np.rot90,
    }[orientation](picture(16, 32))  # fmt: skip
    made = pixels_of(tmp_path)[0]
    assert made.shape == turned.shape
    assert np.abs(made.astype(int) - turned).max() <= (12 if ending == "jpg" else 0)


# ------------------------------------------------------------------------------------------------------------------ size


def test_the_first_image_gives_size_and_mode(tmp_path):
    save(tmp_path / "a.png", picture(6, 8, 1))
    save(tmp_path / "b.png", picture(12, 16))
    assert pixels_of(tmp_path).shape == (2, 6, 8, 1)
    assert pixels_of(tmp_path, height=3, width=4, mode="RGB").shape == (2, 3, 4, 3)


def test_other_sizes(tmp_path):
    half = np.zeros((4, 8, 1), np.uint8)
    half[:, 4:] = 200
    save(tmp_path / "x.png", half[:, :, 0])
    size = {"height": 4, "width": 4, "interpolation": "nearest"}
    assert pixels_of(tmp_path, **size)[0, 0, :, 0].tolist() == [0, 0, 200, 200]
    assert pixels_of(tmp_path, **size, other_sizes="crop")[0, 0, :, 0].tolist() == [0, 0, 200, 200]
    padded = pixels_of(tmp_path, **size, other_sizes="pad")[0, :, :, 0]
    assert padded.tolist() == [[0] * 4, [0, 0, 200, 200], [0, 0, 200, 200], [0] * 4]
    values = read(tmp_path, **size, other_sizes="refuse")
    assert values["table"].height == 0
    assert values["unreadable"].frame().rows() == [("x.png", "is 4 x 8 pixels, not 4 x 4")]


def test_large_images_are_decoded_in_threads_to_the_same_pixels(tmp_path):
    for number in range(150):
        save(tmp_path / f"{number:03}.png", picture(100, 100, seed=number))
    pixels = pixels_of(tmp_path)
    assert all(np.array_equal(pixels[n], picture(100, 100, seed=n)) for n in range(150))


# ------------------------------------------------------------------------------------------------------------ unreadable


@pytest.fixture
def broken(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(picture(64, 64)).save(buffer, "JPEG")
    (tmp_path / "a_cut.jpg").write_bytes(buffer.getvalue()[:-200])
    buffer = io.BytesIO()
    Image.fromarray(picture(64, 64)).save(buffer, "PNG")
    (tmp_path / "b_cut.png").write_bytes(buffer.getvalue()[:-200])
    (tmp_path / "c_empty.png").touch()
    (tmp_path / "d_text.png").write_text("hello")
    save(tmp_path / "e_good.png", picture(64, 64))
    return tmp_path


def test_unreadable_files_are_listed(broken):
    job = RecordingJob(broken)
    values = run(ImageFolderReader(folder=".", labels="none"), folder=broken, job=job)
    assert values["table"].frame()["file"].to_list() == ["e_good.png"]
    assert np.array_equal(values["table"].frame()["image"].to_numpy()[0], picture(64, 64))
    reasons = dict(values["unreadable"].frame().rows())
    assert list(reasons) == ["a_cut.jpg", "b_cut.png", "c_empty.png", "d_text.png"]
    assert "truncated" in reasons["a_cut.jpg"]
    assert reasons["c_empty.png"] == "is empty"
    assert "not an image" in reasons["d_text.png"]
    assert "4 of 5" in job.warnings[0]


def test_or_stop_the_node(broken):
    node = ImageFolderReader(folder=".", labels="none", unreadable="error")
    with pytest.raises(NodeError, match=r"a_cut\.jpg.*truncated"):
        run(node, folder=broken)
    (broken / "a_cut.jpg").unlink()
    (broken / "b_cut.png").unlink()
    with pytest.raises(NodeError, match=r"c_empty\.png"):
        configure(node, folder=broken)


def test_a_folder_of_nothing_readable(tmp_path):
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(NodeError, match="No file in"):
        configure(ImageFolderReader(folder=".", labels="none"), folder=tmp_path)
    values = read(tmp_path, height=4, width=5, mode="grey", depth="UInt8")
    assert values["table"].schema == {"image": pl.Array(pl.UInt8, (4, 5, 1)), "file": pl.String}
    assert values["unreadable"].height == 1


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_drawings_are_no_images_whatever_they_are_called(tmp_path):
    """SVG may hold scripts, and name files and servers: nothing reads it."""
    secret = (tmp_path / "secret.txt").resolve()
    secret.write_text("42")
    (tmp_path / "images").mkdir()
    drawing = f"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "{secret.as_uri()}">]>
        <svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><script>alert(1)</script>
        <image href="{secret.as_uri()}"/><image href="http://192.0.2.1/x.png"/><text>&e;</text></svg>"""
    for name in ("a.png", "b.jpg", "c.svg", "d.gif", "e.webp"):
        (tmp_path / "images" / name).write_text(drawing)
    Image.new("L", (4, 4)).save(tmp_path / "images" / "f.png")
    values = run(ImageFolderReader(folder="images", labels="none"), folder=tmp_path)
    assert values["table"].height == 1
    assert all("42" not in str(row) for row in values["unreadable"].frame().rows())


def test_decompression_bombs_are_not_decoded(tmp_path):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(png)
    buffer = io.BytesIO()
    Image.fromarray(picture()).save(buffer, "JPEG")
    jpeg = bytearray(buffer.getvalue())
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 10_000, 12_000)
    (tmp_path / "b.jpg").write_bytes(jpeg)
    save(tmp_path / "c.png", picture())
    values = read(tmp_path)
    assert values["table"].height == 1
    assert all("bomb" in reason for reason in values["unreadable"].frame()["reason"])
    assert values["unreadable"].height == 2


def test_mistakes_in_the_settings(tmp_path):
    def refused(**settings):
        with pytest.raises(NodeError) as caught:
            configure(ImageFolderReader(**settings), folder=tmp_path)
        assert caught.value.remedy
        assert caught.value.setting
        return caught.value.message

    assert "No folder" in refused()
    assert "There is no folder" in refused(folder="nowhere")
    assert "no classes" in refused(folder=".")
    assert "no image file" in refused(folder=".", labels="none")
    (tmp_path / "class").mkdir()
    assert "no image file" in refused(folder=".")


def test_cancelling(classes):
    with pytest.raises(Cancelled):
        ImageFolderReader(folder=".").execute(Values({}), RecordingJob(classes, cancelled=True))


def test_simplejpeg_gives_pillows_pixels(tmp_path):
    """The fast path is an accelerator only: same pixels for every subsampling, size and quality."""
    pytest.importorskip("simplejpeg")
    rng = np.random.default_rng(0)
    for height, width, subsampling, progressive in [(33, 31, 0, False), (64, 48, 1, True), (100, 7, 2, False), (1, 1, 2, True)]:
        buffer = io.BytesIO()
        noise = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        noise.save(buffer, "JPEG", quality=80, subsampling=subsampling, progressive=progressive)
        for channels in (1, 3):
            fast = image_decoding._decode_jpeg(buffer.getvalue(), channels)
            assert fast is not None
            slow, there = image_decoding._decode_any(buffer.getvalue(), channels, "uint8")
            assert np.array_equal(fast[0], slow)
            assert fast[1] == there == 3


def test_files_of_version_1_said_as_in_the_first_file() -> None:
    old = {"folder": "x", "mode": "as in the first file", "depth": "UInt8"}
    migrated = ImageFolderReader.migrate(old, 1)
    assert migrated == {"folder": "x", "mode": "as the first image", "depth": "UInt8"}
    assert ImageFolderReader.model_validate(migrated).mode == "as the first image"


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "tif", "webp", "ppm"])
def test_formats_of_seldom_attacked_libraries_are_looked_at_first_by_another_process(tmp_path, monkeypatch, ending):
    """What is refused there is unreadable here; PNG and JPEG are read directly, whatever the file is called."""
    asked = []

    def ask(path, format, size, **limits):
        asked.append(format)
        return "it is damaged, or made to do harm: what reads it crashes over it"

    monkeypatch.setattr(soundness, "_sound", SoundFiles())
    monkeypatch.setattr(soundness._processes, "ask", ask)
    Image.new("RGB", (4, 4)).save(tmp_path / f"a.{ending}")
    (tmp_path / f"a.{ending}").rename(tmp_path / "a.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "b.jpg")
    values = run(ImageFolderReader(folder=".", labels="none"), folder=tmp_path)
    harmless = ending in ("png", "jpg")
    assert asked == ([] if harmless else ["image", "image"]), "the file for its header, the content for the pixels"
    assert values["table"].height == 1 + harmless
    reasons = values["unreadable"].frame()["reason"].to_list()
    assert reasons == ([] if harmless else ["cannot be read: it is damaged, or made to do harm: what reads it crashes over it"])
    cells = Table.of(pl.DataFrame({"image": [(tmp_path / "a.png").read_bytes(), (tmp_path / "b.jpg").read_bytes()]}))
    decoded = run(ImageDecoder(column="image", unreadable="missing"), {"table": cells})["table"].frame()
    assert decoded["image"].is_null().to_list() == [not harmless, False], "in a cell of a table, too"
    assert run(ImageProperties(column="image"), {"table": cells})["table"].frame()["image width"].is_null().to_list() == [
        not harmless,
        False,
    ]


def test_a_sound_tiff_is_looked_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(soundness, "_sound", SoundFiles())
    Image.new("L", (4, 4), 7).save(tmp_path / "a.tif")
    for _ in range(2):
        assert run(ImageFolderReader(folder=".", labels="none"), folder=tmp_path)["table"].height == 1
    assert len(soundness._sound._sound) == 2, "by its content, and by what the system says of it"


@pytest.mark.parametrize(
    ("ending", "content", "pixels"),
    [
        ("pbm", b"P1\n# a comment\n3 1\n1 0 1\n", [[0, 255, 0]]),
        ("pgm", b"P2\n3 1\n15\n0 7 15\n", [[0, 119, 255]]),
        ("pgm", b"P5\n2 1\n65535\n\x00\x01\xff\xfe", [[1, 65534]]),
        ("ppm", b"P3\n1 1\n255\n1 2 3\n", [[[1, 2, 3]]]),
        ("pnm", b"P6\n1 1\n255\n\x01\x02\x03", [[[1, 2, 3]]]),
        ("pfm", b"Pf\n2 1\n-1.0\n\x00\x00\x00\x3f\x00\x00\x80\x3f", [[0.5, 1.0]]),
    ],
)
def test_pictures_of_netpbm(tmp_path, ending, content, pixels):
    (tmp_path / f"a.{ending}").write_bytes(content)
    assert pixels_of(tmp_path)[0].squeeze(2 if np.ndim(pixels) == 2 else ()).tolist() == pixels
    (tmp_path / f"b.{ending}").write_bytes(content[:9])
    assert read(tmp_path)["unreadable"].height == 1


@pytest.mark.parametrize(
    ("ending", "options"), [(".jp2", {}), (".avif", {"lossless": True, "quality": 100, "subsampling": "4:4:4"})]
)
def test_avif_and_jpeg_2000(tmp_path, ending, options):
    pixels = picture()
    save(tmp_path / f"a{ending}", pixels, **options)
    node = ImageFolderReader(folder=str(tmp_path), labels="none", extensions=[ending])
    made = run(node, folder=tmp_path)["table"].frame()["image"].to_numpy()[0]
    np.testing.assert_allclose(made.astype(int), pixels, atol=0 if ending == ".jp2" else 3)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_images_that_lose_their_colours_are_told_of(tmp_path, ending):
    save(tmp_path / f"a{ending}", picture(channels=1))
    for name in "bc":
        save(tmp_path / f"{name}{ending}", picture())
    for mode, count in (("as the first image", 1), ("grey", 0), ("RGB", 0)):
        job = RecordingJob(tmp_path)
        run(ImageFolderReader(folder=str(tmp_path), labels="none", mode=mode), job=job)
        assert len(job.warnings) == count
    job = RecordingJob(tmp_path)
    run(ImageFolderReader(folder=str(tmp_path), labels="none"), job=job)
    assert job.warnings[0].startswith("2 images of 3 in colour became grey")
