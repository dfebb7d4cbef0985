"""What a reader says it reads is what it reads: fingerprints change with the result, and with nothing else."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.engine import fingerprints
from app.engine.fingerprints import Fingerprints
from app.engine.plan import file_sets
from nodes.base import Node, NodeError
from nodes.readers.csv_table import CsvReader
from nodes.readers.database import DatabaseReader, DatabaseTables
from nodes.readers.image_folder import ImageFolderReader
from nodes.readers.images_in_table import ImageReaderTable
from nodes.readers.list_files import ListFiles
from nodes.readers.parquet import ParquetReader
from nodes.values.table import Table
from tests.catalog import CATALOG
from tests.support import run


def image(value: int, side: int = 2) -> bytes:
    made = io.BytesIO()
    Image.fromarray(np.full((side, side), value, np.uint8)).save(made, "PNG")
    return made.getvalue()


def parquet(value: int) -> bytes:
    made = io.BytesIO()
    pl.DataFrame({"n": [value]}).write_parquet(made)
    return made.getvalue()


IMAGES = (image(0), image(255), image(7, side=3), b"no image")
TEXTS = (b"n,m\n1,2\n", b"n,m\n3,4\n5,6\n", b"n\n1\n", b"")
PARQUETS = (parquet(1), parquet(2), b"no parquet")
ASKED = Table.of(pl.DataFrame({"path": ["a/1.png", "b/../a/2.PNG", ".h/1.png", "gone.png", "../x.png", ".DS_Store", None]}))


class Case:
    """A reader of the folder `.`, and the contents that make sense to it."""

    def __init__(self, node: Node, contents: tuple[bytes, ...], inputs: Mapping[str, Any] | None = None) -> None:
        self.node, self.contents, self.inputs = node, contents, inputs or {}

    def __repr__(self) -> str:
        given = {k: v for k, v in self.node.model_dump(exclude_defaults=True).items() if k not in ("folder", "source")}
        return f"{type(self.node).__name__} {given}"

    def fingerprint(self, root: Path, prints: Fingerprints) -> tuple[str, ...]:
        return tuple(prints.of(files) for files in file_sets(self.node, root).values())

    def result(self, root: Path) -> Any:
        """What it gives; that it gives nothing; and the files that Python opened for it."""
        with opened(root) as files:
            try:
                values = run(self.node, self.inputs, root)
            except NodeError:
                return "an error", files
        return {port: (table.schema, table.frame().to_dict(as_series=False)) for port, table in values.items()}, files


CASES = [
    Case(ImageFolderReader(folder="."), IMAGES),
    Case(ImageFolderReader(folder=".", subfolders=True, height=2, width=2, mode="grey", depth="UInt8"), IMAGES),
    Case(ImageFolderReader(folder=".", labels="none", subfolders=True, unreadable="error"), IMAGES),
    Case(ImageFolderReader(folder=".", labels="none", extensions=["csv", ".png"]), IMAGES),
    Case(ImageReaderTable(folder="."), IMAGES, {"table": ASKED}),
    Case(ImageReaderTable(folder=".", content="encoded"), IMAGES, {"table": ASKED}),
    Case(CsvReader(source="folder", folder=".", pattern="*.csv", combine="union"), TEXTS),
    Case(CsvReader(source="folder", folder=".", subfolders=True, combine="union", path_column="path"), TEXTS),
    Case(ParquetReader(source="folder", folder=".", subfolders=True, pattern="*"), PARQUETS),
    Case(ListFiles(folder=".", what="both", subfolders=True), TEXTS),
    Case(ListFiles(folder=".", what="files", hidden=True, extensions=["csv"], details=True), TEXTS),
    Case(ListFiles(folder=".", what="folders", pattern="A*", parent=True, is_folder=True), TEXTS),
]

# ------------------------------------------------------------------------------------------------------------- real trees

FOLDERS = ("", "a", "b", ".h", "a/b", "y=1", "empty")
NAMES = ("1.png", "2.PNG", "t.csv", "u.CSV", ".hidden.png", ".DS_Store", "Thumbs.db", "noext", "._1.png")
LINK_NAMES = ("1.png", "2.PNG", "t.csv", ".hidden.png", "itself", "c")
LINKS = ("a", "..", ".", "nowhere", "1.png", "a/1.png", "itself")

Tree = dict[str, tuple[str, Any]]
"""Path -> folder, file with the number of its content, or link with where it leads."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    tree: Tree = {}
    for _ in range(draw(st.integers(0, 6))):
        path, entry = draw(entries())
        tree[path] = entry
    return tree


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, tuple[str, Any]]:
    folder = draw(st.sampled_from(FOLDERS))
    kind = draw(st.sampled_from(["file", "file", "file", "folder", "link"]))
    if kind == "folder":
        return folder or "a", ("folder", None)
    name = draw(st.sampled_from(LINK_NAMES if kind == "link" else NAMES))
    value = draw(st.sampled_from(LINKS)) if kind == "link" else draw(st.integers(0, 3))
    return f"{folder}/{name}".lstrip("/"), (kind, value)


def build(root: Path, tree: Tree, contents: tuple[bytes, ...]) -> None:
    """Lay a tree down; every file is of one date, so that only what is told apart counts."""
    for path, (kind, value) in tree.items():
        place = root / path
        if any(parent.is_symlink() for parent in place.parents if parent != root and root in parent.parents):
            continue
        if place.is_symlink() or (place.exists() and kind != "folder"):
            continue
        (place if kind == "folder" else place.parent).mkdir(parents=True, exist_ok=True)
        if kind == "file":
            place.write_bytes(contents[value % len(contents)])
        elif kind == "link":
            place.symlink_to(value)
    for folder, _, files in os.walk(root, topdown=False):
        for path in [*(Path(folder) / name for name in files), Path(folder)]:
            os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)


@pytest.fixture(scope="module", autouse=True)
def _settled() -> Iterator[None]:
    """As if every file had been written a while ago."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "SETTLED_NS", -(10**18))
        yield


@contextmanager
def laid(tree: Tree, contents: tuple[bytes, ...]) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp()).resolve()
    root = folder / "root"
    root.mkdir()
    (folder / "x.png").write_bytes(IMAGES[0])
    try:
        build(root, tree, contents)
        yield root
    finally:
        shutil.rmtree(folder)


PROPERTY = settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)


@pytest.mark.parametrize("case", CASES, ids=repr)
@PROPERTY
@given(st.data())
def test_equal_fingerprints_mean_equal_results(case: Case, data: st.DataObject) -> None:
    """Of two trees, the second mostly the first with a few changes: where results differ, fingerprints do."""
    first = data.draw(trees())
    second = {**first, **dict(data.draw(st.lists(entries(), max_size=2)))}
    for gone in data.draw(st.lists(st.sampled_from(sorted(first)), max_size=1)) if first else ():
        del second[gone]
    found = []
    for tree in (first, second):
        with laid(tree, case.contents) as root:
            found.append((case.fingerprint(root, Fingerprints()), case.result(root)[0]))
    (print_1, result_1), (print_2, result_2) = found
    if print_1 == print_2:
        assert result_1 == result_2


@pytest.mark.parametrize("case", CASES, ids=repr)
@PROPERTY
@given(st.data())
def test_what_is_not_looked_at_does_not_count(case: Case, data: st.DataObject) -> None:
    """Litter, a touch, a copy elsewhere: the fingerprint stays, whether anything was remembered or not."""
    tree = data.draw(trees())
    prints = Fingerprints()
    with laid(tree, case.contents) as root:
        before = case.fingerprint(root, prints)
        files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
        dates = isinstance(case.node, ListFiles)
        if files and not (dates and case.node.details):  # type: ignore[attr-defined]
            data.draw(st.sampled_from(files)).touch()
            assert case.fingerprint(root, prints) == before
        if not (dates and case.node.hidden):  # type: ignore[attr-defined]
            (root / ".DS_Store").write_bytes(b"of the Finder")
            assert case.fingerprint(root, prints) == before
        assert case.fingerprint(root, Fingerprints()) == before
    with laid(tree, case.contents) as root:
        assert case.fingerprint(root, prints) == before


@pytest.mark.parametrize("case", CASES, ids=repr)
@PROPERTY
@given(st.data())
def test_no_file_is_opened_that_is_not_in_the_set(case: Case, data: st.DataObject) -> None:
    with laid(data.draw(trees()), case.contents) as root:
        allowed = {
            os.path.realpath(path)
            for files in file_sets(case.node, root).values()
            for _, path, aspect in files.members()
            if aspect == "content"
        }
        _, files = case.result(root)
        assert {os.path.realpath(path) for path in files} <= allowed


_opened: list[str] | None = None


def _note(event: str, arguments: Any) -> None:
    if event == "open" and _opened is not None and isinstance(arguments[0], str | bytes | os.PathLike):
        _opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def opened(root: Path) -> Iterator[list[str]]:
    """The files below a folder that Python opens meanwhile."""
    global _opened  # noqa: PLW0603 - an audit hook cannot be taken away again
    files: list[str] = []
    _opened = []
    try:
        yield files
    finally:
        files += [path for path in _opened if path.startswith(f"{root.parent}/") and Path(path).is_file()]
        _opened = None


# ---------------------------------------------------------------------------------------------------- faults that there were


def test_an_empty_folder_of_a_class_counts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(IMAGES[0])
    case = CASES[0]
    before = case.fingerprint(tmp_path, Fingerprints())
    (tmp_path / "b").mkdir()
    assert case.fingerprint(tmp_path, Fingerprints()) != before
    assert case.result(tmp_path)[0]["table"][0]["label"] == pl.Enum(["a", "b"])


def test_what_lies_behind_a_link_counts(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "far" / "away" / "1.png").write_bytes(IMAGES[0])
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "a").symlink_to(tmp_path / "far" / "away")
    case = CASES[0]
    before = case.fingerprint(tmp_path / "near", Fingerprints())
    (tmp_path / "far" / "away" / "1.png").write_bytes(IMAGES[1])
    assert case.fingerprint(tmp_path / "near", Fingerprints()) != before


def test_a_link_to_itself_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(IMAGES[0])
    (tmp_path / "loop").symlink_to("loop")
    assert CASES[0].result(tmp_path)[0]["table"][0]["label"] == pl.Enum(["a"])


def test_the_way_a_path_is_written_counts_where_it_is_part_of_the_result(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_bytes(TEXTS[0])

    def found(node: Callable[[str], Node]) -> bool:
        one, two = (list(file_sets(node(name), tmp_path).values()) for name in ("one", "two"))
        return [Fingerprints().of(files) for files in one] == [Fingerprints().of(files) for files in two]

    assert found(lambda name: CsvReader(source="folder", folder=name))
    assert found(lambda name: CsvReader(path=f"{name}/t.csv"))
    assert not found(lambda name: CsvReader(source="folder", folder=name, path_column="path"))
    assert not found(lambda name: CsvReader(path=f"{name}/t.csv", path_column="path"))
    assert not found(lambda name: ListFiles(folder=name))
    assert found(lambda name: ImageFolderReader(folder=name, labels="none"))


def test_folders_above_count_where_their_names_give_columns(tmp_path: Path) -> None:
    results, keys = [], []
    for name in ("y=1", "y=2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.parquet").write_bytes(PARQUETS[0])
        node = ParquetReader(source="folder", folder=name)
        results.append(run(node, {}, tmp_path)["table"].frame().to_dict(as_series=False))
        keys.append([Fingerprints().of(files) for files in file_sets(node, tmp_path).values()])
    assert results[0] != results[1]
    assert keys[0] != keys[1]


def test_what_is_not_read_with_these_settings_does_not_count(tmp_path: Path) -> None:
    node = CsvReader(source="folder", folder=".", path="elsewhere.csv")
    assert list(file_sets(node, tmp_path)) == ["folder"]
    assert list(file_sets(node.model_copy(update={"source": "file"}), tmp_path)) == ["path"]
    assert not file_sets(DatabaseReader(kind="postgresql", path="left.db"), tmp_path)
    assert not file_sets(ImageReaderTable(), tmp_path)


def test_a_path_that_leads_out_of_the_folder_gives_no_image(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "x.png").write_bytes(IMAGES[0])
    (tmp_path / "in" / "x.png").write_bytes(IMAGES[0])
    asked = Table.of(pl.DataFrame({"path": ["../x.png", "x.png", str(tmp_path / "x.png"), str(tmp_path / "in" / "x.png")]}))
    made = run(ImageReaderTable(folder="in"), {"table": asked}, tmp_path)["table"].frame()
    assert made["image"].is_null().to_list() == [True, False, True, False]
    free = run(ImageReaderTable(), {"table": Table.of(pl.DataFrame({"path": ["x.png", "in/../x.png"]}))}, tmp_path)
    assert free["table"].frame()["image"].null_count() == 0


@pytest.mark.parametrize("node_class", [DatabaseReader, DatabaseTables])
def test_what_stands_in_sqlites_log_counts(tmp_path: Path, node_class: type[Node]) -> None:
    node = node_class(path="shop.db", **({"table": "t"} if node_class is DatabaseReader else {}))
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE t (n INTEGER)")
        before = [Fingerprints().of(files) for files in file_sets(node, tmp_path).values()]
        size = (tmp_path / "shop.db").stat().st_size
        first = run(node, {}, tmp_path)["table"].frame()
        assert [Fingerprints().of(files) for files in file_sets(node, tmp_path).values()] == before  # reading changes nothing
        writer.execute("INSERT INTO t VALUES (7)")
        writer.execute("CREATE TABLE u (n INTEGER)")
        assert (tmp_path / "shop.db").stat().st_size == size
        assert [Fingerprints().of(files) for files in file_sets(node, tmp_path).values()] != before
        assert not run(node, {}, tmp_path)["table"].frame().equals(first)


READERS = {i: c for i, c in CATALOG.items() if c.read_paths()}


@pytest.mark.parametrize("node_id", sorted(READERS))
def test_every_path_that_is_read_is_in_a_set(node_id: str, tmp_path: Path) -> None:
    """Whatever the node: the content behind each of its paths counts, and a touch of it does not."""
    node_class = READERS[node_id]
    for name in node_class.read_paths():
        more = {"source": "folder" if name == "folder" else "file"} if "source" in node_class.model_fields else {}
        if node_id.startswith("readers.database"):
            more = {}
        node = node_class.model_construct(**{name: "thing", **more})
        (place := tmp_path / name).mkdir()
        folder = name == "folder"
        file = place / "thing" / "a" / "x.png" if folder else place / "thing"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"one")
        if folder and "pattern" in node_class.model_fields:
            node = node_class.model_construct(**{name: "thing", "pattern": "*", "subfolders": True, **more})
        sets = file_sets(node, place)
        assert list(sets) == [name]
        before = Fingerprints().of(sets[name])
        if node_id != "readers.list_files":
            os.utime(file)
            assert Fingerprints().of(sets[name]) == before
            file.write_bytes(b"two")
        else:
            file.unlink()
        assert Fingerprints().of(sets[name]) != before


def test_there_is_no_reader_without_paths() -> None:
    """A node that reads files names them; the others have their data from elsewhere."""
    assert {i for i in CATALOG if i.startswith("readers.")} - READERS.keys() == {"readers.sample_data"}
