"""Stata, SAS and fixed width files beside pandas, on generated data; what differs on purpose is said."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import Node
from nodes.readers.fixed_width import FixedWidthReader
from nodes.readers.sas import SasReader
from nodes.readers.stata import StataReader
from tests.support import run

NUMBERS = st.none() | st.floats(-1e100, 1e100, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-60)
TEXTS = st.text("abcXYZ äß-'.,0", min_size=1, max_size=12).map(str.strip).filter(bool)


def read(node: Node, folder: Path) -> pl.DataFrame:
    frame: pl.DataFrame = run(node, folder=folder)["table"].frame()
    return frame


def same(ours: list[float | None], theirs: pd.Series) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None and math.isnan(other)) or one == other


@pytest.mark.parametrize("version", [114, 118])
@given(rows=st.lists(st.tuples(NUMBERS, st.integers(-(2**31) + 1, 2**31 - 30), TEXTS), min_size=1, max_size=20))
def test_stata(tmp_path_factory: pytest.TempPathFactory, version: int, rows: list[tuple[float | None, int, str]]) -> None:
    folder = tmp_path_factory.mktemp("stata")
    texts = [text.encode("latin-1").decode("latin-1") for _, _, text in rows]
    frame = pd.DataFrame({"x": np.array([r[0] for r in rows], float), "n": np.array([r[1] for r in rows], "i4"), "s": texts})
    frame.to_stata(folder / "f.dta", write_index=False, version=version)
    theirs = pd.read_stata(folder / "f.dta")
    encoding = "latin1" if version == 114 else ""
    ours = read(StataReader(path="f.dta", encoding=encoding), folder)
    same(ours["x"].to_list(), theirs["x"])
    assert ours["n"].to_list() == theirs["n"].to_list()
    assert ours["s"].to_list() == theirs["s"].to_list() == texts


@given(st.lists(st.tuples(NUMBERS, TEXTS.filter(str.isascii)), min_size=1, max_size=20))
def test_sas_transport_files(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float | None, str]]) -> None:
    """IBM's numbers have 53 to 56 bits: the same are read as were written, up to the last bits."""
    folder = tmp_path_factory.mktemp("sas")
    small = [(x if x is None or x == 0 or 1e-60 < abs(x) < 1e60 else 1.0, s) for x, s in rows]
    frame = pl.DataFrame(small, schema={"x": pl.Float64, "s": pl.String}, orient="row")
    pyreadstat.write_xport(frame, folder / "f.xpt", file_format_version=5)
    theirs = pd.read_sas(folder / "f.xpt", format="xport", encoding="utf-8")
    ours = read(SasReader(path="f.xpt"), folder)
    assert ours.height == frame.height
    # pandas loses rows at the end of the last record of 80 bytes, and reads SAS's way of writing zero as a tiny number.
    for other in (frame["x"], theirs["X" if "X" in theirs else "x"]):
        for one, two in zip(ours["x"], other, strict=False):
            missing = two is None or math.isnan(two)
            assert (one is None and missing) or math.isclose(one, two, rel_tol=1e-14, abs_tol=1e-70)
    assert ours["s"].to_list() == frame["s"].to_list()


@given(st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=20))
def test_fixed_width(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float | None, str]]) -> None:
    folder = tmp_path_factory.mktemp("fixed")
    text = "x                        s\n" + "".join(f"{'' if x is None else repr(x):>24} {s}\n" for x, s in rows)
    (folder / "f.txt").write_text(text, encoding="utf-8")
    theirs = pd.read_fwf(io.StringIO(text), colspecs=[(0, 25), (25, 99)], dtype={"s": str}, keep_default_na=False, na_values=[""])
    given_types = {"x": "Float64", "s": "String"}
    ours = read(FixedWidthReader(path="f.txt", fields="1-25, 26-", column_types=given_types, encoding="utf-8"), folder)
    assert ours["s"].to_list() == theirs["s"].to_list() == [s for _, s in rows]
    assert ours["x"].to_list() == [x for x, _ in rows]
