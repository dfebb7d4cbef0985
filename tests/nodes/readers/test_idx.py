"""IDX Reader: real files of the MNIST format, whole, gzipped, damaged and lying."""

import gzip
import struct

import numpy as np
import polars as pl
import pytest

from nodes.base import Cancelled, NodeError, Values
from nodes.readers.idx import IdxReader
from tests.support import RecordingJob, configure, run

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
NAMES = ["shirt", "shoe", "bag"]


def idx_bytes(array):
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (50, 5, 4), dtype=np.uint8)


@pytest.fixture
def labels():
    return (np.arange(50) % 3).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, images, labels):
    (tmp_path / "images").write_bytes(gzip.compress(idx_bytes(images)))
    (tmp_path / "labels").write_bytes(idx_bytes(labels))
    return tmp_path


def test_images_and_labels_with_names(folder, images, labels):
    frame = run(IdxReader(images="images", labels="labels", class_names=NAMES), folder=folder)["table"].frame()
    assert frame.schema == {"image": pl.Array(pl.UInt8, (5, 4, 1)), "label": pl.Enum(NAMES)}
    assert np.array_equal(frame["image"].to_numpy()[..., 0], images)
    assert frame["label"].to_list() == [NAMES[n] for n in labels]


def test_without_names_labels_stay_numbers(folder, labels):
    frame = run(IdxReader(images="images", labels="labels", label_column="class"), folder=folder)["table"].frame()
    assert frame["class"].dtype == pl.UInt8
    assert np.array_equal(frame["class"].to_numpy(), labels)


def test_first_rows_only_and_no_labels(folder, images):
    frame = run(IdxReader(images="images", limit=7, image_column="x"), folder=folder)["table"].frame()
    assert frame.columns == ["x"]
    assert np.array_equal(frame["x"].to_numpy()[..., 0], images[:7])
    assert run(IdxReader(images="images", limit=1000), folder=folder)["table"].height == 50


def test_whether_a_file_is_gzipped_is_seen_in_it_not_in_its_name(folder, images):
    (folder / "plain.gz").write_bytes(idx_bytes(images))
    frame = run(IdxReader(images="plain.gz"), folder=folder)["table"].frame()
    assert np.array_equal(frame["image"].to_numpy()[..., 0], images)


@pytest.mark.parametrize("code", list(CODES))
@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (3, 4, 5, 2)])
def test_every_type_and_number_of_dimensions(tmp_path, code, shape):
    array = np.arange(np.prod(shape)).reshape(shape).astype(code)
    (tmp_path / "f").write_bytes(idx_bytes(array))
    column = run(IdxReader(images="f"), folder=tmp_path)["table"].frame()["image"].to_numpy()
    assert column.shape == ((*shape, 1) if len(shape) == 3 else shape)
    assert column.dtype == code
    assert np.array_equal(column.reshape(shape), array)


def test_a_file_without_rows(tmp_path):
    (tmp_path / "f").write_bytes(idx_bytes(np.empty((0, 28, 28), np.uint8)))
    assert run(IdxReader(images="f"), folder=tmp_path)["table"].schema == {"image": pl.Array(pl.UInt8, (28, 28, 1))}


def test_the_column_is_the_decoded_array_itself(folder):
    series = run(IdxReader(images="images"), folder=folder)["table"].frame()["image"]
    assert series.n_chunks() == 1
    assert series.to_numpy(allow_copy=False).shape == (50, 5, 4, 1)


def refused(folder, *, when="configure", **settings):
    """The message of a reader that refuses its files, in the phase where it must."""
    node = IdxReader(**{"images": "images", **settings})
    if when == "execute":
        configure(node, folder=folder)
        with pytest.raises(NodeError) as caught:
            node.execute(Values({}), RecordingJob(folder))
    else:
        with pytest.raises(NodeError) as caught:
            configure(node, folder=folder)
    assert caught.value.remedy
    assert caught.value.setting
    return caught.value.message


def test_what_is_found_before_anything_is_read(folder, images):
    (folder / "text").write_text("hello, world")
    (folder / "empty").write_bytes(b"")
    (folder / "short").write_bytes(idx_bytes(images)[:-1])
    (folder / "long").write_bytes(idx_bytes(images) + b"x")
    (folder / "header").write_bytes(b"\0\0\x08\x03\0\0")
    (folder / "few").write_bytes(idx_bytes(np.zeros(49, np.uint8)))
    (folder / "floats").write_bytes(idx_bytes(np.zeros(50, np.float32)))
    assert "No file" in refused(folder, images="")
    assert "There is no file" in refused(folder, images="nowhere")
    assert "is a folder" in refused(folder, images=".")
    assert "no IDX file" in refused(folder, images="text")
    assert "no IDX file" in refused(folder, images="empty")
    assert "1016 bytes, and there are 1015" in refused(folder, images="short")
    assert "1016 bytes, and there are 1017" in refused(folder, images="long")
    assert "ends within its header" in refused(folder, images="header")
    assert "50 images, but 49 labels" in refused(folder, labels="few")
    assert "not labels" in refused(folder, labels="images")
    assert "not images" in refused(folder, images="labels")
    assert "there twice" in refused(folder, labels="labels", class_names=["a", "a"])
    assert "no whole numbers" in refused(folder, labels="floats", class_names=NAMES)
    assert "one column" in refused(folder, labels="labels", label_column="image")


def test_what_only_reading_shows(folder, images):
    packed = gzip.compress(idx_bytes(images))
    (folder / "cut").write_bytes(packed[: len(packed) // 2])
    (folder / "short").write_bytes(gzip.compress(idx_bytes(images)[:-1]))
    (folder / "long").write_bytes(gzip.compress(idx_bytes(images) + b"x"))
    (folder / "garbage").write_bytes(packed + b"garbage")
    (folder / "flipped").write_bytes(packed[:-8] + bytes(4) + packed[-4:])
    assert "damaged" in refused(folder, images="cut", when="execute")
    assert "ends before its 50th row" in refused(folder, images="short", when="execute")
    assert "goes on after its last row" in refused(folder, images="long", when="execute")
    assert "damaged" in refused(folder, images="garbage", when="execute")
    assert "CRC" in refused(folder, images="flipped", when="execute")
    assert "Row 2 of" in refused(folder, labels="labels", class_names=NAMES[:2], when="execute")


def test_a_header_that_promises_more_than_the_file_can_hold_is_refused_before_anything_is_allocated(folder):
    liar = b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 2**16, 2**16)
    (folder / "liar").write_bytes(gzip.compress(liar))
    assert "cannot hold" in refused(folder, images="liar")


def test_class_names_without_labels_are_worth_a_word(folder):
    node = IdxReader(images="images", class_names=NAMES)
    from nodes.base import Specs

    specs = Specs({}, "node_1", folder)
    node.configure(specs)
    assert specs.warnings


def test_cancelling(folder):
    with pytest.raises(Cancelled):
        IdxReader(images="images").execute(Values({}), RecordingJob(folder, cancelled=True))


def test_the_first_images_are_shown_with_their_labels(folder):
    node = IdxReader(images="images", labels="labels", class_names=NAMES)
    (figure,) = node.views(Values(run(node, folder=folder)))
    assert figure.images.shape == (25, 5, 4, 1)
    assert list(figure.captions[:4]) == ["shirt", "shoe", "bag", "shirt"]
