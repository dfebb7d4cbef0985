"""Numbers and dates are shown as the person's locale writes them, and never so in files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document.file import save
from app.document.problems import Problem
from app.editor import locale
from app.editor.config.number import NumberControl, apart, number_text, read_number
from app.editor.config.sequences import FixedControl
from app.editor.panels.preferences_dialog import PreferencesDialog
from app.editor.preferences import PreferenceStore
from app.editor.views.statistics_view import StatisticsView
from app.editor.views.table_view import TableView
from app.engine.status import NodeStatus
from nodes import wording
from nodes.declaration.shapes import Fixed, Number
from nodes.values.table import Table
from tests.app.editor.views.in_process import InProcess
from tests.app.editor.window_support import a_window

LOCALES = ("de_DE", "fr_FR", "ar_EG", "en_US")
NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def _neutral_again() -> Iterator[None]:
    before = QLocale()
    yield
    QLocale.setDefault(before)
    wording.use_numerals(wording.NEUTRAL)


@pytest.fixture(params=LOCALES)
def name(request: pytest.FixtureRequest) -> str:
    locale.start(request.param)
    return str(request.param)


def test_numbers_are_said_in_the_numerals_of_the_locale(name: str) -> None:
    said = [wording.counted(60_000, "row"), wording.percent(0.924), wording.duration(2.1), wording.number_text(-1234.5)]
    assert (
        said
        == {
            "de_DE": ["60.000 rows", f"92,4{NARROW}%", "2,1 s", "-1234,5"],
            "fr_FR": [f"60{NARROW}000 rows", f"92,4{NARROW}%", "2,1 s", "-1234,5"],
            "ar_EG": ["٦٠٬٠٠٠ rows", f"٩٢٫٤{NARROW}%", "٢٫١ s", "-١٢٣٤٫٥"],
            "en_US": ["60,000 rows", f"92.4{NARROW}%", "2.1 s", "-1234.5"],
        }[name]
    )


def test_what_the_engine_says_is_turned_where_it_comes_in(name: str) -> None:
    told = NodeStatus(
        state="running",
        outputs={"table": f"60{NARROW}000 rows · 3 columns", "network": f"28 × 28 × 16 · 1{NARROW}104 parameters"},
        message="epoch 8 of 12 · loss 0.31",
        problems=(Problem(f"1{NARROW}200 rows of data.v1.5.csv", "Take '1.5'."),),
    )
    shown = locale.status_words(told)
    assert [*shown.outputs.values(), shown.message, shown.problems[0].message, shown.problems[0].remedy] == {
        "de_DE": ["60.000 rows · 3 columns", "28 × 28 × 16 · 1.104 parameters", "epoch 8 of 12 · loss 0,31",
                  "1.200 rows of data.v1.5.csv", "Take '1.5'."],
        "fr_FR": [f"60{NARROW}000 rows · 3 columns", f"28 × 28 × 16 · 1{NARROW}104 parameters", "epoch 8 of 12 · loss 0,31",
                  f"1{NARROW}200 rows of data.v1.5.csv", "Take '1.5'."],
        "ar_EG": ["٦٠٬٠٠٠ rows · ٣ columns", "٢٨ × ٢٨ × ١٦ · ١٬١٠٤ parameters", "epoch ٨ of ١٢ · loss ٠٫٣١",
                  "١٬٢٠٠ rows of data.v1.5.csv", "Take '1.5'."],
        "en_US": ["60,000 rows · 3 columns", "28 × 28 × 16 · 1,104 parameters", "epoch 8 of 12 · loss 0.31",
                  "1,200 rows of data.v1.5.csv", "Take '1.5'."],
    }[name]  # fmt: skip


def test_cells_are_shown_as_the_locale_writes_them(name: str) -> None:
    def cell(kind: str, dtype: str, text: str) -> str:
        write = locale.cell_writer(kind, dtype)
        return write(text) if write else text

    shown = [
        cell("float", "Float64", "1234.5"),
        cell("integer", "Int64", "-60000"),
        cell("time", "Date", "2024-01-31"),
        cell("time", "Datetime", "2024-01-31 12:34:56.25"),
        cell("list", "List(Float64)", "[1.5, 2, …] (60000)"),
        cell("text", "String", "1.5, 2024-01-31"),
    ]
    assert (
        shown
        == {
            "de_DE": ["1234,5", "-60000", "31.01.2024", "31.01.2024 12:34:56,25", "[1,5; 2; …] (60000)", "1.5, 2024-01-31"],
            "fr_FR": ["1234,5", "-60000", "31/01/2024", "31/01/2024 12:34:56,25", "[1,5; 2; …] (60000)", "1.5, 2024-01-31"],
            "ar_EG": ["١٢٣٤٫٥", "-٦٠٠٠٠", shown[2], shown[3], "[١٫٥, ٢, …] (٦٠٠٠٠)", "1.5, 2024-01-31"],
            "en_US": ["1234.5", "-60000", "1/31/2024", "1/31/2024 12:34:56.25", "[1.5, 2, …] (60000)", "1.5, 2024-01-31"],
        }[name]
    )
    if name == "ar_EG":
        assert "٢٠٢٤" in shown[2]
        assert shown[3].endswith(" ١٢:٣٤:٥٦٫٢٥")


@pytest.mark.parametrize("text", ["0001-01-01", "-0044-03-15", "12024-01-01", "2024-02-31", "12:00:00", "none"])
def test_dates_that_no_calendar_has_stay_as_they_are(text: str) -> None:
    locale.start("de_DE")
    assert locale.date_text(text) in (text, "01.01.0001")


READ = {
    "de_DE": {"1,5": 1.5, "1.5": 1.5, "0.125": 0.125, "1,125": 1.125, f"60{NARROW}000": 60_000, "1e-3": 0.001, "-2,5": -2.5},
    "fr_FR": {"1,5": 1.5, "1.5": 1.5, "1.500": 1.5, f"60{NARROW}000,5": 60_000.5},
    "ar_EG": {"١٫٥": 1.5, "1.5": 1.5, "١٢": 12},
    "en_US": {"1.5": 1.5, "60 000": 60_000},
}
REFUSED = {
    "de_DE": ["1.500", "60.000", "1,5,2", "1.000,5", "1 5", "x"],
    "fr_FR": ["1,5,2", "1 5"],
    "ar_EG": ["١٬٥"],
    "en_US": ["1,5", "1,500", "60,000", "1 5", "8x8"],
}


def test_typed_numbers_are_understood_or_refused_and_never_taken_for_others(name: str) -> None:
    for text, number in READ[name].items():
        assert read_number(text, whole=False) == number, text
    for text in REFUSED[name]:
        found = read_number(text, whole=False)
        assert isinstance(found, str), text
        with pytest.raises(ValueError, match="could not convert"):
            float(found)  # nor does whoever checks the setting take it for a number


def test_what_could_mean_two_numbers_is_said_with_both() -> None:
    locale.start("de_DE")
    assert read_number("1.500", whole=False) == "1.500 (1500 or 1,500?)"


def test_a_field_shows_what_it_takes(qapp: QApplication, name: str) -> None:
    control = NumberControl(Number(whole=False))
    for number in (0.001, 1.125, -2.5, 1e-20, 1_234_567.25, 3):
        control.set_value(number)
        assert control.field.text() == number_text(number)
        assert control.value() == number
    control.set_value(0.001)
    control.field.step(1)
    assert control.value() == 0.002
    control.deleteLater()


def test_a_decimal_comma_does_not_part_numbers(qapp: QApplication) -> None:
    locale.start("de_DE")
    control = FixedControl(Fixed((Number(whole=False), Number(whole=False))))
    control.fields[0].setText("0,9")
    assert control.value() == [0.9, ""]
    assert apart(whole=True) != apart(whole=False)
    control.deleteLater()


def test_statistics_and_tables_are_shown_so_and_copied_neutrally(qtbot: QtBot, tmp_path: Path) -> None:
    locale.start("de_DE")
    frame = pl.DataFrame({"x": [1.25, 2.5, 1e4], "day": [date(2024, 1, 31)] * 3, "text": ["1.5", "1.5", "1.5"]})
    asks = InProcess(tmp_path, a=Table.of(frame))
    statistics = StatisticsView(asks, "document")
    qtbot.addWidget(statistics)
    statistics.resize(900, 400)
    statistics.show()
    statistics.show_output("a", "table", "key")
    model = statistics.model
    qtbot.waitUntil(lambda: model.rowCount() == 3 and all(model.figures(n) for n in range(3)))
    assert [model.data(model.index(0, n)) for n in (4, 6, 7)] == ["1,25", "2,5", "10000"]
    assert model.data(model.index(1, 4)) == "31.01.2024"
    assert model.data(model.index(2, 9)).startswith("1.5 (3)")
    statistics.save.copy_text()
    copied = QGuiApplication.clipboard().text()
    assert "1.25" in copied
    assert "2024-01-31" in copied
    assert "1,25" not in copied

    table = TableView(asks, "document")
    qtbot.addWidget(table)
    table.resize(500, 300)
    table.show()
    table.show_output("a", "table", "key")
    qtbot.waitUntil(lambda: table.model.rowCount() == 3 and table.model.is_complete)
    qtbot.waitUntil(lambda: table.model.cell(0, 0)[0])
    assert [table.model.cell(0, n)[1] for n in range(3)] == ["1,25", "31.01.2024", "1.5"]
    table.table.selectAll()
    table.copy()
    qtbot.waitUntil(lambda: "1.25\t2024-01-31" in QGuiApplication.clipboard().text())
    table.clear()
    statistics.clear()


def test_preferences_offer_the_system_s_and_every_locale(qapp: QApplication, tmp_path: Path) -> None:
    store = PreferenceStore(tmp_path / "editor.json")
    dialog = PreferencesDialog(store, results=tmp_path)
    names = [dialog.locale_box.itemData(n) for n in range(dialog.locale_box.count())]
    assert names[0] == ""
    assert set(LOCALES) <= set(names)
    dialog.locale_box.setCurrentIndex(names.index("de_DE"))
    assert PreferenceStore(store.path).values.locale == "de_DE"
    assert "1.234,5 · 31.03.2026" in dialog.locale_box.currentText()
    dialog.reject()
    dialog.deleteLater()


def test_files_are_written_neutrally(name: str) -> None:
    with wording.neutral_numerals():
        assert wording.counted(60_000, "row") == f"60{NARROW}000 rows"
        assert wording.percent(0.5) == f"50.0{NARROW}%"
    assert wording.numerals() != wording.NEUTRAL


def test_the_window_shows_it_and_its_files_do_not(qapp: QApplication, tmp_path: Path) -> None:
    """From a preference to labels, fields and what is saved: only the last knows nothing of it."""
    PreferenceStore(tmp_path / "editor.json").change(locale="de_DE")
    locale.start(PreferenceStore(tmp_path / "editor.json").values.locale)
    with a_window(tmp_path) as person:
        person.window.commands.files.open(Path("workflows/fashion_mnist_cnn.workflow.json"))
        workspace = person.workspace
        person.until(lambda: bool(workspace.status("dense_1").outputs), 30)
        said = " ".join(text for status in workspace.statuses.values() for text in status.outputs.values())
        assert re.search(r"\d\.\d{3} parameters", said)
        assert NARROW not in said
        file = tmp_path / "saved.workflow.json"
        save(workspace.document.workflow(), file)
        assert '"initial_learning_rate": 0.002' in file.read_text()
