"""Image Reader (Table): paths in a column become images, as Pillow reads them."""

import os

import numpy as np
import polars as pl
import pytest
from PIL import Image

from nodes.base import NodeError
from nodes.readers.images_in_table import ImageReaderTable
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run


@pytest.fixture
def table(tmp_path):
    generator = np.random.default_rng(0)
    for name, shape in (("grey.png", (4, 6)), ("colour.png", (4, 6, 3)), ("large.png", (8, 6, 3))):
        Image.fromarray(generator.integers(0, 256, shape, dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and no more")
    paths = ["colour.png", None, "grey.png", "broken.png", "nowhere.png", "large.png"]
    return Table.of(pl.DataFrame({"path": paths, "n": range(6)}))


def pixels(path, mode="RGB"):
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def test_images_of_the_first_ones_size(table, tmp_path):
    job = RecordingJob(tmp_path)
    made = run(ImageReaderTable(other_sizes="refuse"), {"table": table}, tmp_path, job)["table"].frame()
    assert made.columns == ["path", "n", "image"]
    assert made.schema["image"] == pl.Array(pl.UInt8, (4, 6, 3))
    assert made["image"].is_null().to_list() == [False, True, False, True, True, True]
    assert np.array_equal(made["image"].drop_nulls().to_numpy()[0], pixels(tmp_path / "colour.png"))
    assert np.array_equal(made["image"].drop_nulls().to_numpy()[1], pixels(tmp_path / "grey.png"))
    assert "3 of 6" in job.warnings[0]
    assert "row 4" in job.warnings[0]


def test_given_formats_are_promised(table, tmp_path):
    node = ImageReaderTable(height=2, width=3, mode="grey", depth="Float32", remove_column=True, new_column="x")
    made = run(node, {"table": table}, tmp_path)["table"]
    assert made.schema == {"n": pl.Int64, "x": pl.Array(pl.Float32, (2, 3, 1))}
    assert made.frame()["x"].null_count() == 3


def test_encoded_files_are_kept_as_they_are(table, tmp_path):
    made = run(ImageReaderTable(content="encoded"), {"table": table}, tmp_path)["table"].frame()
    assert made["image"][0] == (tmp_path / "colour.png").read_bytes()
    assert made["image"].null_count() == 2


def test_paths_below_a_folder_and_results_that_hold(table, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "colour.png").rename(tmp_path / "deep" / "c.png")
    given = Table.of(pl.DataFrame({"path": ["c.png"]}))
    node = ImageReaderTable(folder="deep")
    assert run(node, {"table": given}, tmp_path)["table"].frame()["image"].null_count() == 0
    assert node.reproducible
    assert not ImageReaderTable().reproducible


def test_mistakes(table, tmp_path):
    with pytest.raises(NodeError, match=r"broken.png' cannot be decoded|broken.png' is not an image"):
        run(ImageReaderTable(unreadable="error"), {"table": table}, tmp_path)
    with pytest.raises(NodeError, match="already"):
        configure(ImageReaderTable(new_column="n"), {"table": table}, tmp_path)
    with pytest.raises(NodeError, match="no folder"):
        configure(ImageReaderTable(folder="nowhere"), {"table": table}, tmp_path)


@pytest.mark.parametrize("paths", [[], [None], ["nowhere.png"]])
def test_tables_without_an_image(tmp_path, paths):
    made = run(ImageReaderTable(), {"table": Table.of(pl.DataFrame({"path": paths}, schema={"path": pl.String}))}, tmp_path)
    assert made["table"].frame()["image"].null_count() == len(paths)


@pytest.mark.parametrize("content", ["images", "encoded"])
def test_pipes_and_folders_are_no_images(tmp_path, content):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    given = Table.of(pl.DataFrame({"path": ["pipe", "folder"]}))
    job = RecordingJob(tmp_path)
    made = run(ImageReaderTable(content=content), {"table": given}, tmp_path, job)["table"].frame()
    assert made["image"].null_count() == 2
    assert "'pipe', is no file" in job.warnings[0]
