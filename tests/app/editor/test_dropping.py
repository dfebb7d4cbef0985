"""Files that are dropped on the window: workflows open, data become nodes that read them, configured and ready to run."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.document.geometry import TILE
from tests.app.editor.window_support import Person, a_window, drop_on, file_data


@pytest.fixture(scope="module")
def opened(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_window(tmp_path_factory.mktemp("dropping")) as person:
        yield person


@pytest.fixture
def person(opened: Person) -> Person:
    opened.clean()
    opened.window.commands.files.new()
    return opened


def picture(path: Path, shade: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4, 3), shade, np.uint8)).save(path)
    return path


def drop(person: Person, *paths: Path) -> list[tuple[str, dict[str, object]]]:
    """Drop files on the canvas; type and settings of the nodes that come of it."""
    before = set(person.document.nodes)
    view = person.canvas.view.viewport()
    spot = view.mapTo(person.window, view.rect().center())
    assert drop_on(person.window, QPointF(spot), file_data(*paths))
    return [(r.type, r.settings) for n, r in person.document.nodes.items() if n not in before]


def csv(path: Path) -> None:
    path.write_text("a;b\n1,5;x\n2,5;y\n")


def sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE flowers (name TEXT)")
    connection.close()


FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
FILES = {
    "table.csv": ("readers.csv", csv),
    "table.parquet": ("readers.parquet", FRAME.write_parquet),
    "table.arrow": ("readers.arrow", FRAME.write_ipc),
    "table.xlsx": ("readers.excel", FRAME.write_excel),
    "table.json": ("readers.json", FRAME.write_json),
    "table.ndjson": ("readers.json", FRAME.write_ndjson),
    "arrays.npz": ("readers.npz", lambda path: np.savez(path, x=np.arange(3))),
    "base.sqlite": ("readers.database", sqlite),
}


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_becomes_the_reader_of_its_kind_and_can_run(person: Person, tmp_path: Path, name: str) -> None:
    node_type, write = FILES[name]
    write(tmp_path / name)
    [(found, settings)] = drop(person, tmp_path / name)
    assert (found, settings["path"]) == (node_type, (tmp_path / name).as_posix())
    node = next(iter(person.document.nodes))
    assert person.canvas.selection().nodes == {node}
    person.until_state(node, "ready")


def test_a_table_whose_cells_are_divided_by_semicolons_is_understood(person: Person, tmp_path: Path) -> None:
    csv(tmp_path / "table.csv")
    drop(person, tmp_path / "table.csv")
    person.until_state("csv_1", "ready")
    assert "2 columns" in person.status("csv_1").outputs["table"]


def test_a_network_becomes_its_reader_and_weights_alone_are_loaded(person: Person, tmp_path: Path) -> None:
    for name in ("net.keras", "net.h5", "net.weights.h5"):
        (tmp_path / name).write_bytes(b"")
    kinds = [drop(person, tmp_path / name)[0][0] for name in ("net.keras", "net.h5", "net.weights.h5")]
    assert kinds == ["networks.reader", "networks.reader", "networks.load_weights"]


def test_images_of_mnist_bring_their_labels_and_labels_their_images(person: Person, tmp_path: Path) -> None:
    images, labels = tmp_path / "train-images-idx3-ubyte.gz", tmp_path / "train-labels-idx1-ubyte.gz"
    images.write_bytes(gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, *range(8)])))
    labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])))
    expected = [("readers.idx", {"images": images.as_posix(), "labels": labels.as_posix()})]
    assert drop(person, images) == drop(person, labels) == expected
    assert drop(person, images, labels) == expected
    person.until_state("idx_1", "ready")


def test_a_picture_becomes_a_path_and_the_reader_behind_it(person: Person, tmp_path: Path) -> None:
    path = picture(tmp_path / "one.png")
    kinds = [kind for kind, _ in drop(person, path, picture(tmp_path / "two.jpg"))]
    assert kinds == ["tables.table_creator", "readers.images_in_table"]
    assert list(person.document.connections) == ["table_creator_1.table>images_in_table_1.table"]
    assert person.document.nodes["table_creator_1"].settings["columns"][0]["values"] == [
        path.as_posix(),
        (tmp_path / "two.jpg").as_posix(),
    ]
    person.until_state("images_in_table_1", "ready")
    left, right = (person.document.view(n).position for n in ("table_creator_1", "images_in_table_1"))
    assert left[1] == right[1] and right[0] - left[0] > TILE, "they stand in one row"
    person.press("Ctrl+Z")
    assert not person.document.nodes, "it is one step"


def test_a_folder_of_folders_of_pictures_has_classes(person: Person, tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        picture(tmp_path / "pets" / name / "a.png")
    [(kind, settings)] = drop(person, tmp_path / "pets")
    assert (kind, settings["labels"]) == ("readers.image_folder", "folder per class")
    assert person.said("2 folders with pictures, each a class (cats, dogs)")
    person.until_state("image_folder_1", "ready")


def test_a_folder_of_pictures_has_no_classes(person: Person, tmp_path: Path) -> None:
    picture(tmp_path / "flat" / "a.png")
    [(kind, settings)] = drop(person, tmp_path / "flat")
    assert (kind, settings["labels"]) == ("readers.image_folder", "none")


def test_all_files_of_a_folder_become_one_table_and_some_of_them_a_reader_each(person: Person, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.csv" for n in range(3)]
    for path in paths:
        csv(path)
    [(kind, settings)] = drop(person, *paths)
    assert (kind, settings["source"], settings["folder"]) == ("readers.csv", "folder", tmp_path.as_posix())
    person.until_state("csv_1", "ready")
    assert [kind for kind, _ in drop(person, *paths[:2])] == ["readers.csv"] * 2
    places = [person.document.view(n).position for n in person.document.nodes]
    assert len({(round(x), round(y)) for x, y in places}) == 3, "none lies on another one"


def test_what_no_node_reads_is_said(person: Person, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"la")
    assert not drop(person, tmp_path / "song.mp3")
    assert person.said("No node reads song.mp3.")


def test_data_that_are_dropped_where_no_workflow_is_open_begin_one(opened: Person, tmp_path: Path) -> None:
    opened.clean()
    csv(tmp_path / "table.csv")
    assert drop_on(opened.window, QPointF(500, 300), file_data(tmp_path / "table.csv"))
    assert [record.type for record in opened.document.nodes.values()] == ["readers.csv"]
