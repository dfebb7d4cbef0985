"""Text files as programs write them: encodings, line ends, quotes, and what stands above the header."""

import gzip

import pytest

from nodes.kit.files.encodings import find_encoding

GERMAN = "Name;Ort\nMüller;Köln\nJäger;Straße 5\nGrün;Österreich\n"
SAMPLES = [
    (GERMAN, ["windows-1252", "mac_roman", "cp850", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    ("nom;ville\nÉlodie;Orléans\nFrançois;Nîmes\nL’été;Besançon\n", ["windows-1252", "mac_roman", "utf-8"]),
    ("nombre;b\nñandú;año\nMálaga;¿Qué?\n", ["windows-1252", "mac_roman", "cp850"]),
    ("imię;miasto\nŻółć;Łódź\nŚwięty;Gdańsk\n", ["windows-1250"]),
    ("имя;город\nИван;Москва\nПётр;Санкт-Петербург\n", ["windows-1251", "koi8-r", "utf-16-le"]),
    ("unit;price\n20 °C;5 €\n“quoted”;it’s – fine…\n", ["windows-1252", "mac_roman"]),
]


@pytest.mark.parametrize(("text", "encoding"), [(text, name) for text, names in SAMPLES for name in names])
def test_the_encoding_is_found_and_said(csv_read, text, encoding):
    expected = [tuple(line.split(";")) for line in text.splitlines()]
    for content in (text.encode(encoding), gzip.compress(text.encode(encoding))):
        made = csv_read(content, delimiter=";")
        assert [tuple(made.frame.columns), *made.rows()] == expected
        certain = encoding.startswith("utf")
        assert certain or made.says("Read as", "not written in UTF-8") == "encoding"
        assert not certain or not made.told


def test_others_are_shown_with_the_same_words(csv_read):
    made = csv_read(GERMAN.encode("windows-1252"), delimiter=";")
    assert made.says("Read as windows-1252", "'Müller'", "mac_roman would give 'M¸ller'") == "encoding"


@pytest.mark.parametrize("rows", [5_000, 60_000])
def test_letters_that_come_late(csv_read, csv_refused, rows):
    text = "n,t\n" + "1,plain\n" * rows + "2,Müller\n" + "3,plain\n" * 20
    made = csv_read(text.encode("windows-1252"))
    assert made.frame["t"][rows] == "Müller"
    assert made.frame.height == rows + 21
    assert [*made.told, *made.warned]
    error = csv_refused(text.encode("windows-1252"), encoding="utf-8")
    assert "windows-1252 ('Müller')" in error.remedy
    assert error.setting == "encoding"


def test_utf8_needs_no_words():
    assert find_encoding("ä,ö".encode()[:-1]).name == "utf-8"  # cut within a letter
    assert find_encoding(b"").certain


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", ("\r\n", "\n", "\r"), ("\n", "\r"), ("\r", "\r\n")])
def test_every_way_to_end_a_line(csv_read, ends):
    lines = ["a,t", "1,x", '2,"two\nlines"', "3,z", "4,"]
    ends = [ends] if isinstance(ends, str) else list(ends)
    text = "".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    assert csv_read(text).rows() == [(1, "x"), (2, "two\nlines"), (3, "z"), (4, None)]
    assert csv_read(text.rstrip("\r\n")).rows()[:3] == [(1, "x"), (2, "two\nlines"), (3, "z")]


def test_the_separator_that_excel_writes_down(csv_read):
    for first in ("sep=;\n", '"sep=;"\r\n', "\ufeffSEP=;\n"):
        assert csv_read(first + "a;b\n1;x,y\n").columns() == {"a": [1], "b": ["x,y"]}
    assert csv_read("sep=\t\na\tb\n1\t2\n").rows() == [(1, 2)]
    assert csv_read("sep=;\na;b\n1;2\n", skip_lines=1, delimiter=";").rows() == [(1, 2)]


def test_quotes_of_other_kinds(csv_read):
    inches = csv_read('size,n\n5" pipe,1\n"6"" pipe",2\n"7" pipe",3\n')
    assert inches.columns() == {"size": ['5" pipe', '6" pipe', '7" pipe'], "n": [1, 2, 3]}
    backslash = csv_read('t,n\n"say \\"hi, you\\"",1\n"C:\\\\dir",2\n')
    assert backslash.columns() == {"t": ['say "hi, you"', "C:\\dir"], "n": [1, 2]}
    assert backslash.says("backslash") == "escape"
    windows = csv_read('t,n\n"C:\\dir\\",1\n"x",2\n')
    assert windows.columns() == {"t": ["C:\\dir\\", "x"], "n": [1, 2]}


def test_an_escape_that_comes_late(csv_read):
    text = "t,n\n" + '"plain",1\n' * 20_000 + '"say \\"hi\\"",2\n' * 2_000 + '"plain",1\n'
    made = csv_read(text)
    assert made.frame["t"][20_000] == 'say "hi"'
    assert made.frame.height == 22_001


def test_inch_marks_that_come_late(csv_read):
    text = "t,n\n" + "plain,1\n" * 20_000 + '5" pipe,2\n' + "plain,1\n"
    made = csv_read(text)
    assert made.frame["t"][20_000] == '5" pipe'
    assert made.frame.height == 20_002


def test_quotes_behind_blanks(csv_read):
    text = 'a, b, c\n1, "x, y", 2\n3, "say ""hi""", 4\n5, plain, 6\n'
    assert csv_read(text, trim=True).rows() == [(1, "x, y", 2), (3, 'say "hi"', 4), (5, "plain", 6)]


def test_headers_are_unquoted_and_trimmed(csv_read):
    text = '"a ""b""",  c ,"d, e"\n1,2,3\n'
    assert csv_read(text).frame.columns == ['a "b"', "  c ", "d, e"]
    assert csv_read(text, trim=True).frame.columns == ['a "b"', "c", "d, e"]
    assert csv_read(" a,a \n1,2\n", trim=True).frame.columns == ["a", "a_"]
    assert csv_read(text, trim=True, column_types={"c": "String"}).frame["c"].to_list() == ["2"]


def test_what_stands_above_the_header(csv_read):
    text = "Report of May\nby somebody, for you\n\nday;n\n1;2,5\n2;3,5\n3;4,5\n"
    made = csv_read(text, detect=True)
    assert made.columns() == {"day": [1, 2, 3], "n": [2.5, 3.5, 4.5]}
    assert made.says("lines above the header") == "skip_lines"
    comments = csv_read("# made by\n# a program\nid,x\n1,2\n# halt\n3,4\n", detect=True)
    assert comments.columns() == {"id": [1, 3], "x": [2, 4]}
    assert comments.says("begin with #") == "comment"
    assert csv_read("#id,x\n1,2\n3,4\n", detect=True).columns() == {"#id": [1, 3], "x": [2, 4]}
    colours = csv_read("colour,x\n#FFF,2\n#000,4\n", detect=True)
    assert colours.frame["colour"].to_list() == ["#FFF", "#000"]


def test_another_delimiter_is_suspected(csv_read):
    assert csv_read("a;b\n1;2\n3;4\n").says("';' seems to stand between") == "detect"
    assert not csv_read("words\none\ntwo\n").told


def test_errors_are_in_our_words(csv_refused):
    for content in ('a,b\n1,"2\n', "a,b\n1,2\n1,2,3\n", 'a,b\n"x\n', "a,b\n" + "1,2\n" * 50 + "x,2\n"):
        csv_refused(content, scanned_rows=10)
