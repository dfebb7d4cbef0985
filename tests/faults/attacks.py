"""Files made to harm the program that opens them: each of them once ended, blocked or exhausted the engine."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from tests.faults.good_files import model_bytes


def rewritten(path: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    """Change one member of a zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == member else content)
    path.write_bytes(made.getvalue())


def far_cell(path: Path) -> None:
    """A workbook of some kilobytes with one cell in the last corner of its sheet: a dense table of it has 17 billion cells."""
    pl.DataFrame({"a": [1], "b": [2]}).write_excel(path)
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", far))


def far_shared_string(path: Path) -> None:
    """A workbook whose cells name texts that its list of texts does not have."""
    pl.DataFrame({"a": ["x", "y"]}).write_excel(path)
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: re.sub(rb't="s"><v>[0-9]+</v>', b't="s"><v>99999999</v>', xml))


def strings_without_end(path: Path) -> None:
    """A workbook whose list of texts claims to have billions of them, and ends in the midst of one."""
    pl.DataFrame({"a": ["x", "y"]}).write_excel(path)
    rewritten(path, "xl/sharedStrings.xml", lambda xml: xml.replace(b'uniqueCount="', b'uniqueCount="999999999')[:-20])


def text_offsets(path: Path) -> None:
    """An Arrow file whose texts begin and end far outside of it."""
    good, bad = np.array([0, 11, 24], np.int32), np.array([0, 2**30, 2**31 - 1], np.int32)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("t", pa.string())])) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([pa.array(["x" * 11, "y" * 13])], ["t"]))
    content = path.read_bytes()
    assert content.count(good.tobytes()) == 1
    path.write_bytes(content.replace(good.tobytes(), bad.tobytes()))


def dictionary_numbers(path: Path) -> None:
    """An Arrow file whose categories have numbers that there is no category of."""
    numbers = pa.array([0, 10**6], pa.int32())
    kinds = pa.DictionaryArray.from_arrays(numbers, pa.array(["a"]), safe=False)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("k", kinds.type)])) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([kinds], ["k"]))


def parquet_lengths(path: Path) -> None:
    """A Parquet file whose pages claim other lengths than they have."""
    pl.DataFrame({"a": range(1000), "s": ["text"] * 1000}).write_parquet(path, compression="uncompressed")
    data = bytearray(path.read_bytes())
    for place in range(4, 120, 3):
        data[place] = 0xFF
    path.write_bytes(bytes(data))


def npz_bomb(path: Path) -> None:
    """An npz file of four megabytes with an array of four gigabytes, packed as tightly as deflate can."""
    head = io.BytesIO()
    rows = 2**32 - 2**20
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (rows,)})
    _deflated_zeros(path, head.getvalue(), rows)


def _deflated_zeros(path: Path, head: bytes, rows: int) -> None:
    """Write a zip file of one member, a header with zeros behind it, without going through all of the zeros.

    A deflate stream that is flushed fully may be repeated: a megabyte is packed once, and copied.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    count = rows // 2**20
    body = begin + piece * count + packer.flush()
    size = len(head) + count * 2**20
    name = b"x.npy"
    checksum = (0).to_bytes(4, "little")
    sizes = checksum + len(body).to_bytes(4, "little") + size.to_bytes(4, "little")
    local = b"PK\3\4" + bytes([20, 0, 0, 0, 8, 0, 0, 0, 33, 0]) + sizes + len(name).to_bytes(2, "little") + bytes(2) + name
    central = b"PK\1\2" + bytes([20, 0, 20, 0, 0, 0, 8, 0, 0, 0, 33, 0]) + sizes + len(name).to_bytes(2, "little")
    central += bytes(16) + name
    end = b"PK\5\6" + bytes(4) + bytes([1, 0, 1, 0]) + len(central).to_bytes(4, "little")
    end += (len(local) + len(body)).to_bytes(4, "little") + bytes(2)
    path.write_bytes(local + body + central + end)


def _tree(change: Callable[[Any], None]) -> Callable[[Path], None]:
    """A forest whose trees are changed by the one who wrote it."""

    def make(path: Path) -> None:
        from sklearn.ensemble import RandomForestClassifier

        rows = np.random.default_rng(0).normal(size=(60, 2))
        forest = RandomForestClassifier(3, random_state=0).fit(rows, rows[:, 0] > 0)
        for tree in [tree.tree_ for tree in forest.estimators_]:
            state = tree.__getstate__()
            change(state["nodes"])
            tree.__setstate__(state)
        path.write_bytes(model_bytes(forest))

    return make


def _child(number: int) -> Callable[[Any], None]:
    def change(nodes: Any) -> None:
        nodes["left_child"][0] = nodes["right_child"][0] = number

    return change


def _feature(nodes: Any) -> None:
    nodes["feature"][0] = 10**6


ATTACKS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "far_cell.xlsx": ("readers.excel", far_cell),
    "far_shared_string.xlsx": ("readers.excel", far_shared_string),
    "strings_without_end.xlsx": ("readers.excel", strings_without_end),
    "text_offsets.arrow": ("readers.arrow", text_offsets),
    "dictionary_numbers.arrow": ("readers.arrow", dictionary_numbers),
    "parquet_lengths.parquet": ("readers.parquet", parquet_lengths),
    "bomb.npz": ("readers.npz", npz_bomb),
    "circle.skops": ("readers.model", _tree(_child(0))),
    "no_such_child.skops": ("readers.model", _tree(_child(10**8))),
    "no_such_column.skops": ("readers.model", _tree(_feature)),
}
"""File name -> the node that reads it, and how it is made."""

if os.name != "nt":
    ATTACKS["pipe.csv"] = ("readers.csv", os.mkfifo)
    ATTACKS["zeros.npz"] = ("readers.npz", lambda path: path.symlink_to("/dev/zero"))
