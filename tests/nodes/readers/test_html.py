"""HTML Reader: tables of pages that people saved, spans and headings, encodings, and markup that is not what it should be."""

import pytest

from nodes.base import NodeError, Values
from nodes.readers.html import HtmlReader
from tests.support import RecordingJob, configure, run

PAGE = """<!doctype html><html><head><title>x</title><style>td{}</style></head><body>
<table id="menu"><tr><td>Home<td>About</table>
<table><caption>Towns &amp; people</caption>
<thead><tr><th rowspan=2>Town</th><th colspan="2">People</th></tr><tr><th>2023</th><th>2024</th></tr></thead>
<tbody>
<tr><td><a href="/k">K&ouml;ln</a><script>alert("no")</script></td><td>1</td><td>2</td></tr>
<tr><td>Bonn<br>am&nbsp;Rhein</td><td rowspan="2">3</td><td>00501</td></tr>
<tr><td>\u00c5s<table><tr><th>inner</th></tr><tr><td>7</td></tr></table></td><td></td></tr>
</tbody></table></body></html>"""


def read(folder, page, encoding="utf-8", **settings):
    (folder / "f.html").write_bytes(page.encode(encoding))
    return run(HtmlReader(path="f.html", **settings), folder=folder)["table"].frame()


def refused(place, page, **settings):
    (place / "f.html").write_text(page)
    node = HtmlReader(path="f.html", **settings)
    with pytest.raises(NodeError) as caught:
        configure(node, folder=place)
        node.execute(Values({}), RecordingJob(place))
    assert caught.value.remedy
    assert caught.value.setting in HtmlReader.model_fields
    return caught.value.message


def test_spans_headings_and_texts_as_a_person_sees_them(tmp_path):
    for settings in ({}, {"choose": "position", "position": 2}, {"choose": "text", "text": "towns & "}):
        frame = read(tmp_path, PAGE, **settings)
        assert frame.columns == ["Town", "People 2023", "People 2024"]
        assert frame.rows() == [("Köln", 1, "2"), ("Bonn am Rhein", 3, "00501"), ("Ås", 3, None)]
    inner = read(tmp_path, PAGE, choose="position", position=3)
    assert inner.to_dict(as_series=False) == {"inner": [7]}
    menu = read(tmp_path, PAGE, choose="text", text="about", header="none")
    assert menu.rows() == [("Home", "About")]


@pytest.mark.parametrize("declared", ["windows-1252", "iso-8859-1", "utf-8", "koi8-r", ""])
def test_the_encoding_is_declared_or_found(tmp_path, declared):
    text = "привет" if declared == "koi8-r" else "Größe “wörtlich”"
    page = f'<meta charset="{declared}"><table><tr><th>a</th></tr><tr><td>{text}</td></tr></table>'
    encoding = {"iso-8859-1": "windows-1252", "": "utf-8"}.get(declared, declared)
    assert read(tmp_path, page, encoding)["a"].to_list() == [text]


def test_markup_that_is_not_closed_and_rows_of_different_lengths(tmp_path):
    page = "<table><tr><th>a<th>b<tr><td>1<td>2<td>3<tr><td>4</table>"
    frame = read(tmp_path, page)
    assert frame.columns == ["a", "b", "column_2"]
    assert frame.rows() == [(1, 2, 3), (4, None, None)]
    frame = read(tmp_path, "<table><td>a<td>a<tr><td colspan=99999999>1</table>", header="first row")
    assert frame.rows() == [(1, None)]
    assert frame.columns == ["a", "a_duplicated_0"]
    over = read(tmp_path, "<table><tr><th>a<th>b<tr><td rowspan=0>x<td>1<tr><td>2</table>")
    assert over.rows() == [("x", 1), ("x", 2)]


def test_pages_without_the_table_are_refused(tmp_path):
    assert "no table" in refused(tmp_path, "<p>nothing")
    assert "is empty" in refused(tmp_path, "")
    assert "no 9" in refused(tmp_path, PAGE, choose="position", position=9)
    assert "has the text 'Paris'" in refused(tmp_path, PAGE, choose="text", text="Paris")
    assert "no Int64" in refused(tmp_path, PAGE, column_types={"Town": "Int64"})
    bomb = "<table>" + "<tr>" + "<td colspan=1000>" * 1000 + "<tr><td>" * 100
    assert "more cells than are read" in refused(tmp_path, bomb)
    assert "larger than" in refused(tmp_path, PAGE, largest_size=1e-8)
