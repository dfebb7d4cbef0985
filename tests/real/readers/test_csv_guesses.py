"""Types found in text files: nothing is lost by them, and what is doubtful is said."""

from datetime import date, datetime, time

import polars as pl
import pytest

from nodes.readers.csv_table import CsvReader


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["00501", "90210"], "leading zeros"),
        (["-007", "12"], "leading zeros"),
        (["00.5", "1.5"], "leading zeros"),
        (["1e5", "2E7"], "an e between digits"),
        (["12345678901234567", "0.5"], "more digits"),
        (["12345678901234567.5", "1"], "more digits"),
    ],
)
def test_codes_stay_text_and_it_is_said_why(csv_read, cells, reason):
    text = "code,n\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells))
    made = csv_read(text)
    assert made.columns() == {"code": cells, "n": list(range(len(cells)))}
    assert made.says("1 column as numbers", "'code' as text", reason, cells[0] if reason != "more digits" else "") == "codes"
    numbers = csv_read(text, codes="numbers")
    assert numbers.frame.schema["code"].is_numeric()
    assert numbers.says("'code' as numbers", "in spite of", reason) == "codes"


def test_numbers_that_lose_nothing_are_numbers(csv_read):
    text = "a,b,d,e,f\n0,0.5,1e5,1.0e5,1234567890123456789\n10,-0.25,2.5,1e-5,7\n"
    made = csv_read(text)
    assert made.rows() == [(0, 0.5, 1e5, 1e5, 1234567890123456789), (10, -0.25, 2.5, 1e-5, 7)]
    assert not made.told


def test_numbers_with_a_plus_stay_text(csv_read):
    made = csv_read("phone\n+49\n+1\n")
    assert made.columns() == {"phone": ["+49", "+1"]}
    assert made.says("'phone' as text", "plus sign", "'+49'") == "column_types"
    assert csv_read("a\n+49\n-1\n", column_types={"a": "Int64"}).columns() == {"a": [49, -1]}


def test_a_zero_that_comes_late_is_not_lost(csv_read, csv_refused):
    text = "zip\n" + "90210\n" * 30 + "00501\n"
    error = csv_refused(text, scanned_rows=10)
    assert "Row 31" in error.message
    assert "'00501'" in error.message
    assert error.setting == "column_types"
    assert csv_read(text, scanned_rows=10, codes="numbers").rows()[-1] == (501,)
    assert csv_read(text, scanned_rows=10, column_types={"zip": "Int32"}).rows()[-1] == (501,)
    assert csv_read(text, scanned_rows=10, column_types={"zip": "String"}).rows()[-1] == ("00501",)


@pytest.mark.parametrize("word", ["NA", "None", "n/a", "?", "-"])
def test_words_among_numbers_are_kept_and_named(csv_read, word):
    text = f"age,name\n31,{word}\n{word},Ann\n7,Bob\n"
    made = csv_read(text)
    assert made.columns() == {"age": ["31", word, "7"], "name": [word, "Ann", "Bob"]}
    assert made.says("'age' as text", f"'{word}' in 1 cell") == "null_values"
    assert csv_read(text, null_values=[word]).columns() == {"age": [31, None, 7], "name": [None, "Ann", "Bob"]}


def test_dates_with_years_of_two_digits(csv_read, csv_refused):
    text = "d\n01/01/11\n31/12/00\n15/06/69\n"
    made = csv_read(text, parse_dates=True)
    assert made.frame["d"].to_list() == ["01/01/11", "31/12/00", "15/06/69"]
    assert made.says("'d' as text", "two digits", "'01/01/11'") == "century_pivot"
    pivot = csv_read(text, parse_dates=True, century_pivot=69)
    assert pivot.frame["d"].to_list() == [date(2011, 1, 1), date(2000, 12, 31), date(1969, 6, 15)]
    assert csv_read(text, parse_dates=True, century_pivot=0).frame["d"].to_list()[0] == date(1911, 1, 1)
    assert csv_read(text, parse_dates=True, century_pivot=100).frame["d"].to_list()[2] == date(2069, 6, 15)
    error = csv_refused(text, column_types={"d": "Date"})
    assert "Row 1" in error.message
    assert "Two-digit years" in error.remedy


def test_the_order_of_day_and_month(csv_read, csv_refused):
    doubtful = csv_read("d\n03/04/2021\n", parse_dates=True)
    assert doubtful.rows() == [(date(2021, 4, 3),)]
    assert doubtful.says("1 column as dates", "day first", "'03/04/2021'", "month first") == "date_order"
    month = csv_read("d\n03/04/2021\n", parse_dates=True, date_order="month first")
    assert month.rows() == [(date(2021, 3, 4),)]
    assert not month.told
    assert csv_read("d\n03/04/2021\n12/25/2021\n", parse_dates=True).rows() == [(date(2021, 3, 4),), (date(2021, 12, 25),)]
    assert csv_read("d\n3.4.2021\n", parse_dates=True).rows() == [(date(2021, 4, 3),)]
    both = csv_read("d\n13/04/2021\n12/25/2021\n", parse_dates=True)
    assert both.frame["d"].to_list() == ["13/04/2021", "12/25/2021"]
    assert both.says("days and months change places") == "date_order"
    error = csv_refused("d\n" + "13/04/2021\n" * 20 + "12/25/2021\n", parse_dates=True, scanned_rows=5)
    assert "Row 21" in error.message
    assert "'12/25/2021'" in error.message
    assert csv_read("d\n03/04/2021\n", column_types={"d": "Date"}, date_order="month first").rows() == [(date(2021, 3, 4),)]


def test_forms_of_dates_and_times(csv_read):
    text = (
        "a;b;c;d;e\n"
        "2024-02-29;2024-02-29 1:02;2024-02-29T01:02:03+05:30;23:59;29.2.2024 1:02:03.5\n"
        "1999/1/2;1999-01-02T03:04:05;1999-01-02T03:04:05Z;0:00:01;2.1.1999 0:00\n"
    )
    frame = csv_read(text.replace("1999/1/2", "1999-1-2"), parse_dates=True, delimiter=";").frame
    assert frame["a"].to_list() == [date(2024, 2, 29), date(1999, 1, 2)]
    assert frame["b"].to_list() == [datetime(2024, 2, 29, 1, 2), datetime(1999, 1, 2, 3, 4, 5)]
    assert [d.isoformat() for d in frame["c"]] == ["2024-02-28T19:32:03+00:00", "1999-01-02T03:04:05+00:00"]
    assert frame["d"].to_list() == [time(23, 59), time(0, 0, 1)]
    assert frame["e"].to_list() == [datetime(2024, 2, 29, 1, 2, 3, 500_000), datetime(1999, 1, 2)]


def test_what_is_no_date_is_not_made_one(csv_read):
    made = csv_read("d,v\n2023-02-29,1.2.2024\n2023-02-28,10.11.12\n", parse_dates=True)
    assert made.columns() == {"d": ["2023-02-29", "2023-02-28"], "v": ["1.2.2024", "10.11.12"]}
    assert made.says("'2023-02-29' is no date")


def test_cells_that_do_not_fit_are_an_error_or_counted(csv_read, csv_refused):
    text = "a,d,b\n1,2024-01-01,true\nx,soon,maybe\n3.5,2024-01-03,false\n"
    types = {"a": "Int64", "d": "Date", "b": "Boolean"}
    assert "Row 2" in csv_refused(text, column_types=types).message
    made = csv_read(text, column_types=types, on_misfit="missing")
    assert made.rows() == [(1, date(2024, 1, 1), True), (None, None, None), (None, date(2024, 1, 3), False)]
    (warning,) = made.warned
    assert "4 cells do not fit" in warning
    assert "'x' (column 'a', row 2)" in warning
    assert "'soon' (column 'd', row 2)" in warning


def test_numbers_too_large_are_not_infinite(csv_read, csv_refused):
    assert "'1e400'" in csv_refused("x\n1.5\n1e400\n", scanned_rows=1).message
    assert csv_read("x\n1.5\ninf\n", column_types={"x": "Float64"}).rows() == [(1.5,), (float("inf"),)]
    late = csv_read("x\n1.5\n1e400\n", scanned_rows=1, on_misfit="missing")
    assert late.rows() == [(1.5,), (None,)]


def test_trim_comes_before_types_and_missing_words(csv_read):
    text = "age, work, pay, fit\n39, State-gov, 77516, ?\n50, ?, 83311, 1\n ?,Private , 7, 2\n"
    made = csv_read(text, trim=True, null_values=["?"])
    assert made.columns() == {
        "age": [39, 50, None], "work": ["State-gov", None, "Private"], "pay": [77516, 83311, 7], "fit": [None, 1, 2],
    }  # fmt: skip
    assert csv_read(text, trim=True, null_values=["?"], column_types={"pay": "UInt32"}).frame.schema["pay"] == pl.UInt32
    assert csv_read("a,b\n1, 2\n3, 4\n").says("'b' as text", "blanks around numbers") == "trim"
    assert csv_read("a,b\n1,  \n3, 4\n", trim=True).rows() == [(1, None), (3, 4)]


def test_workflows_of_the_first_version_mean_what_they_did(csv_read):
    old = CsvReader.migrate({"parse_dates": True}, 1)
    made = csv_read("zip,d\n00501,03/04/2021\n", **old)
    assert made.rows() == [(501, date(2021, 4, 3))]
    assert made.says("'zip' as numbers", "leading zeros") == "codes"
    assert CsvReader.migrate({"codes": "text"}, 2) == {"codes": "text"}
