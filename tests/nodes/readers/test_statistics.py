"""SPSS, Stata and SAS Readers, on files that pyreadstat and pandas write."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError, Values
from nodes.kit.probing import statistics_files
from nodes.readers.sas import SasReader
from nodes.readers.spss import SpssReader
from nodes.readers.stata import StataReader
from tests.support import RecordingJob, configure, run

FRAME = pl.DataFrame(
    {
        "n": [1.5, 2.0, None],
        "i": [1.0, 3.0, 99.0],
        "s": ["a", "", "ä" * 300],
        "d": [date(2024, 2, 29), None, date(1900, 3, 1)],
        "t": [datetime(2024, 2, 29, 23, 59, 59, 123_000), None, datetime(1959, 12, 31, 23, 59, 59, 999_000)],
    }
)
LABELS = {"i": {1: "one", 2: "two", 99: "refused"}}
PLAIN = FRAME.with_columns(pl.col("s").replace("", None), pl.col("t").cast(pl.Datetime("ms")))


def sav(frame, path, **more):
    pyreadstat.write_sav(frame, path, variable_value_labels=LABELS, missing_ranges={"i": [{"lo": 97, "hi": 99}]}, **more)


def read(node, folder, job=None):
    return run(node, folder=folder, job=job)["table"].frame()


def refused(node, folder):
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
        node.execute(Values({}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in type(node).model_fields
    return caught.value.message


@pytest.mark.parametrize("compression", [{}, {"compress": True}, {"row_compress": True}])
def test_spss_dates_labels_and_missing_values(tmp_path, compression):
    sav(FRAME, tmp_path / "f", **compression)
    job = RecordingJob(tmp_path)
    text = read(SpssReader(path="f"), tmp_path, job)
    assert text.drop("i").equals(PLAIN.drop("i"))
    assert text["i"].to_list() == ["one", "3", None]
    assert job.warnings == [f"Column 'i' of '{tmp_path / 'f'}': 1 cell has a value without a label; the number stands for it."]
    assert read(SpssReader(path="f", labels="numbers"), tmp_path)["i"].to_list() == [1.0, 3.0, None]
    kept = read(SpssReader(path="f", user_missing="values"), tmp_path)
    assert kept["i"].to_list() == ["one", "3", "refused"]
    assert read(SpssReader(path="f", empty_is_missing=False), tmp_path)["s"][1] == ""


def test_labels_as_categories_have_the_order_of_values(tmp_path):
    frame = pl.DataFrame({"i": [2.0, 1.0, None, 99.0]})
    sav(frame, tmp_path / "f")
    table = read(SpssReader(path="f", labels="categories"), tmp_path)
    assert table.schema == {"i": pl.Enum(["one", "two"])}
    assert table["i"].to_list() == ["two", "one", None, None]
    values = read(SpssReader(path="f", labels="categories", user_missing="values"), tmp_path)
    assert values.schema == {"i": pl.Enum(["one", "two", "refused"])}
    sav(FRAME, tmp_path / "g")
    assert "Row 2" in refused(SpssReader(path="g", labels="categories"), tmp_path)
    job = RecordingJob(tmp_path)
    assert read(SpssReader(path="g", labels="categories", on_misfit="missing"), tmp_path, job)["i"].to_list() == [
        "one",
        None,
        None,
    ]
    assert "1 cell does not fit" in job.warnings[0]


def test_spss_texts_have_labels_and_missing_values_too(tmp_path):
    frame = pl.DataFrame({"s": ["x", "y", "zz"]})
    pyreadstat.write_sav(frame, tmp_path / "f", variable_value_labels={"s": {"x": "ex"}}, missing_ranges={"s": ["zz"]})
    assert read(SpssReader(path="f"), tmp_path)["s"].to_list() == ["ex", "y", None]


def test_spans_and_portable_files(tmp_path):
    frame = pl.DataFrame({"c": [3723.5, 360_000.0, None], "d": [date(2024, 2, 29), None, date(1582, 10, 15)]})
    pyreadstat.write_sav(frame, tmp_path / "f", variable_format={"c": "TIME11.2"})
    spans = [timedelta(hours=1, minutes=2, seconds=3, milliseconds=500), timedelta(hours=100), None]
    assert read(SpssReader(path="f"), tmp_path)["c"].to_list() == spans
    pyreadstat.write_por(frame, tmp_path / "p")
    node = SpssReader(path="p", limit=2)
    assert read(node, tmp_path)["D"].to_list() == [date(2024, 2, 29), None]
    assert configure(node, folder=tmp_path)["table"].rows is None


def test_stata_types_periods_and_special_missing_values(tmp_path):
    days = pd.to_datetime(["2024-08-29", "1962-12-31"])
    frame = pd.DataFrame(
        {
            "f": np.array([0.1, np.nan], "f4"),
            "i": np.array([1, -2], "i1"),
            "m": days, "q": days, "h": days, "y": days, "w": pd.to_datetime(["2024-01-09", "1960-12-31"]),
            "c": pd.Categorical(["b", None], categories=["a", "b"]),
        }
    )  # fmt: skip
    periods = {"m": "tm", "q": "tq", "h": "th", "y": "ty", "w": "tw"}
    for version in (114, 117, 118, 119):
        frame.to_stata(tmp_path / "f", convert_dates=periods, write_index=False, version=version)
        made = read(StataReader(path="f"), tmp_path)
        assert made["f"].to_list() == pl.Series([0.1, None], dtype=pl.Float32).to_list()
        assert (made.schema["f"], made.schema["i"]) == (pl.Float32, pl.Int64)
        assert made["m"].to_list() == [date(2024, 8, 1), date(1962, 12, 1)]
        assert made["q"].to_list() == [date(2024, 7, 1), date(1962, 10, 1)]
        assert made["h"].to_list() == [date(2024, 7, 1), date(1962, 7, 1)]
        assert made["y"].to_list() == [2024, 1962]
        assert made["w"][0] == date(2024, 1, 8)
        assert made["c"].to_list() == ["b", None]
    special = pd.DataFrame({"a": [1.0, "a", 3.0, None]})
    pyreadstat.write_dta(special, tmp_path / "s", missing_user_values={"a": ["a"]}, variable_value_labels={"a": {1: "one"}})
    assert read(StataReader(path="s", labels="numbers"), tmp_path)["a"].to_list() == [1.0, None, 3.0, None]
    assert read(StataReader(path="s"), tmp_path)["a"].to_list() == ["one", None, "3", None]


def test_periods_before_1960_and_leap_seconds(tmp_path):
    frame = pl.DataFrame({"m": [-1, 0], "w": [-1, 51], "C": [0, 1]})
    pyreadstat.write_dta(frame, tmp_path / "f", variable_format={"m": "%tm", "w": "%tw", "C": "%tC"})
    made = read(StataReader(path="f"), tmp_path)
    assert made["m"].to_list() == [date(1959, 12, 1), date(1960, 1, 1)]
    assert made["w"].to_list() == [date(1959, 12, 24), date(1960, 12, 23)]
    assert made["C"].to_list() == [0, 1]


def test_sas_transport_files(tmp_path):
    for version in (5, 8):
        frame = FRAME.drop("s") if version == 5 else FRAME.with_columns(s=pl.Series(["a", "", "äö"]))
        pyreadstat.write_xport(frame, tmp_path / "f", file_format_version=version)
        made = read(SasReader(path="f"), tmp_path)
        assert made.drop("s", strict=False).equals(PLAIN.drop("s"))
        assert version == 5 or made["s"].to_list() == ["a", None, "äö"]
    assert read(SasReader(path="f", columns=["t", "n"], limit=1), tmp_path).columns == ["t", "n"]


@pytest.mark.parametrize(
    ("format", "number", "value"),
    [
        ("MMDDYY10", 0, date(1960, 1, 1)),
        ("YYMMDDN8", -1, date(1959, 12, 31)),
        ("E8601DA10", 23_435, date(2024, 2, 29)),
        ("DATETIME22.3", 0.001, datetime(1960, 1, 1, 0, 0, 0, 1000)),
        ("TIME8", 90_000, timedelta(hours=25)),
        ("BEST12", 5, 5.0),
        ("DATE9", 1e12, None),
    ],
)
def test_formats_of_sas(tmp_path, format, number, value):
    pyreadstat.write_xport(pl.DataFrame({"x": [float(number)]}), tmp_path / "f", variable_format={"x": format})
    assert read(SasReader(path="f", on_misfit="missing"), tmp_path)["x"].to_list() == [value]


def test_names_by_labels(tmp_path):
    frame = pl.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0], "d": [4.0]})
    pyreadstat.write_sav(frame, tmp_path / "f", column_labels=["Age", "same", "same", "a"])
    assert read(SpssReader(path="f", names="labels"), tmp_path).columns == ["Age", "b", "c", "d"]


def test_pieces_rows_and_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics_files, "_ROWS_AT_ONCE", 7)
    frame = pl.DataFrame({"a": np.arange(21.0), "b": [f"r{n}" for n in range(21)]})
    (tmp_path / "d").mkdir()
    for name in ("1.sav", "2.zsav"):
        pyreadstat.write_sav(frame, tmp_path / "d" / name, row_compress=name.endswith("zsav"))
    node = SpssReader(source="folder", folder="d", path_column="file")
    assert configure(node, folder=tmp_path)["table"].rows == 42
    made = read(node, tmp_path)
    assert made["a"].to_list() == [*range(21)] * 2
    assert read(SpssReader(path="d/1.sav", limit=10, columns=["b"]), tmp_path)["b"].to_list() == [f"r{n}" for n in range(10)]
    for reader, write in ((StataReader, pyreadstat.write_dta), (SasReader, pyreadstat.write_xport)):
        write(frame, tmp_path / "f")
        assert read(reader(path="f"), tmp_path).equals(frame)


def test_no_rows(tmp_path):
    sav(FRAME.head(0), tmp_path / "f")
    assert read(SpssReader(path="f"), tmp_path).height == 0


def test_what_is_no_such_file_is_refused(tmp_path):
    sav(FRAME, tmp_path / "f")
    content = (tmp_path / "f").read_bytes()
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"hello")
    (tmp_path / "cut").write_bytes(content[:200])
    assert "is empty" in refused(SpssReader(path="empty"), tmp_path)
    assert "no file of SPSS" in refused(SpssReader(path="other"), tmp_path)
    assert "cannot be read" in refused(SpssReader(path="cut"), tmp_path)
    assert "no file of Stata" in refused(StataReader(path="f"), tmp_path)
    assert "texts of" in refused(SpssReader(path="f", encoding="no-such"), tmp_path)
    assert "no column 'q'" in refused(SpssReader(path="f", columns=["q"]), tmp_path)


moments = st.datetimes(datetime(1583, 1, 1), datetime(9999, 12, 31)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
)


@given(st.lists(moments, min_size=1, max_size=20))
def test_days_and_milliseconds_are_exact(tmp_path_factory, times):
    folder = tmp_path_factory.mktemp("times")
    frame = pl.DataFrame({"t": times, "d": [t.date() for t in times]})
    pyreadstat.write_sav(frame, folder / "f.sav")
    pyreadstat.write_dta(frame, folder / "f.dta")
    for node in (SpssReader(path="f.sav"), StataReader(path="f.dta")):
        made = read(node, folder)
        assert made["d"].to_list() == frame["d"].to_list()
        assert made["t"].to_list() == times
