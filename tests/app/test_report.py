"""The report: one page by itself, with everything a person asks after a run, and nothing taken for markup."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.document.editing import Document
from app.document.packing import pack
from app.report import write_report
from app.report.mistakes import mistakes
from app.report.page import MOST_IMAGES, _images, _spread
from nodes.scoring.scorer import Scorer
from nodes.values.figure import ImagesFigure
from nodes.values.table import Table
from tests.app.show import CATALOG, EVIL, Shown, run, workflow

VOID = {"meta", "img", "br", "link", "col"}
CLEAN = EVIL.replace("\x1b", "\ufffd")


class Page(HTMLParser):
    """What a page holds: its elements in balance, its text, and its links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return "\n".join(t for t in self.texts if t)

    def values(self, tag: str, name: str) -> list[str]:
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


def written(shown: Shown, folder: Path) -> tuple[str, Page]:
    path = folder / "report.html"
    write_report(path, shown.workflow, shown.plan, shown.result, shown.store, shown.events)
    text = path.read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def page(folder: Path) -> tuple[str, Page]:
    return written(run(folder, workflow(broken=True)), folder)


def test_it_is_one_page_that_loads_nothing(page: tuple[str, Page]) -> None:
    text, parsed = page
    assert text.startswith("<!doctype html>")
    assert not {"script", "link", "iframe", "object", "base"} & set(parsed.tags)
    sources = [value for _, name, value in parsed.attributes if name in ("src", "href", "xlink:href", "action")]
    assert sources and all(s.startswith(("data:image/png;base64,", "#")) for s in sources)
    assert "@import" not in text and not re.search(r"url\((?!#)", text)
    assert any("default-src 'none'" in value for value in parsed.values("meta", "content"))


def test_what_people_write_is_text_and_never_markup(page: tuple[str, Page]) -> None:
    text, parsed = page
    assert "\x1b" not in text
    for place in (f"Show {CLEAN}", f"Pictures {CLEAN}", f"The loss is stuck {CLEAN}.", f"It broke {CLEAN}.", f"Part one {CLEAN}"):
        assert place in parsed.text


def test_ids_occur_once(page: tuple[str, Page]) -> None:
    ids = [value for _, name, value in page[1].attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_the_top_says_how_it_went(page: tuple[str, Page]) -> None:
    text = page[1].text
    assert "Everything there is." in text
    assert "failed" in text and "5 nodes: 3 done, 1 failed, 1 skipped" in text
    assert "90.00\u202f%\naccuracy\n0.8000\nCohen's kappa\n18\nof 20 right\n2\nwrong" in text


def test_variables_have_their_values_of_this_run(page: tuple[str, Page]) -> None:
    assert "rows\n20\nHow many pictures. (declared: 40)" in page[1].text


def test_the_workflow_is_drawn_with_its_tiles_ports_and_wires(page: tuple[str, Page]) -> None:
    classes = page[1].values("path", "class") + page[1].values("rect", "class") + page[1].values("circle", "class")
    assert classes.count("wire table") == 4
    assert classes.count("port table") == 1 + 2 + 3 + 2 + 2
    assert classes.count("port figure") == 1
    lights = [value for value in page[1].values("g", "class") if value.startswith("light")]
    assert sorted(lights) == ["light done"] * 3 + ["light failed", "light skipped"]
    fills = page[1].values("rect", "fill")
    assert {"#E69F00", "#8A63D2", "#D9603B", "#C2619A"} <= set(fills)


def test_nodes_tell_settings_figures_tables_warnings_and_failures(page: tuple[str, Page]) -> None:
    text, parsed = page
    order = [value for value in parsed.values("details", "id") if value]
    assert order == [f"node-{n}" for n in ("pictures", "train", "scorer", "broken", "behind")]
    assert "First column (actual)\nlabel" in parsed.text
    assert "Missing values" not in parsed.text, "it is as it was"
    for heading in ("Table: image, with label", "Learning curve", "Confusion matrix", "F-measure per class"):
        assert heading in parsed.text
    assert text.count('class="drawing in-light"') == text.count('class="drawing in-dark"') == 3
    assert "0.250" in parsed.text and "History: 3 rows · 2 columns" in parsed.text
    assert "Mend it." in parsed.text
    assert "skipped: a node above it did not finish" in parsed.text


def test_example_images_come_once_with_their_classes(page: tuple[str, Page]) -> None:
    grids = page[0].split('class="images small"')
    assert len(grids) == 3, "the mistakes, and the examples"
    examples = grids[2].split("</figure>")[0]
    assert examples.count("<img") == 14
    assert "Ankle boot" in examples and "Bag" in examples


def test_a_second_run_says_that_results_were_stored(folder: Path, page: tuple[str, Page]) -> None:
    _, again = written(run(folder, workflow()), folder)
    assert "3 nodes: 3 stored" in again.text


def test_a_part_of_a_workflow_and_one_that_nobody_has_placed(tmp_path: Path) -> None:
    _, parsed = written(run(tmp_path, workflow(placed=False), targets=["train"]), tmp_path)
    assert "Not part of this run: Scorer." in parsed.text
    places = [value for value in parsed.values("g", "transform") if value.startswith("translate")]
    assert len(places) == len(set(places)) == 3


def test_results_that_were_dropped_meanwhile_are_left_out(tmp_path: Path) -> None:
    shown = run(tmp_path, workflow())
    shown.store.clear()
    text, parsed = written(shown, tmp_path)
    assert "3 nodes: 3 done" in parsed.text
    assert "<img" not in text


def test_a_circle_an_unknown_node_and_an_empty_workflow_have_reports_too(tmp_path: Path) -> None:
    made = workflow()
    made.nodes[1].type = "gone.node"
    made.connections.append(type(made.connections[0])(source="scorer.confusion", target="pictures.table"))
    _, parsed = written(run(tmp_path, made), tmp_path)
    assert "There is no node type 'gone.node'." in parsed.text
    _, parsed = written(run(tmp_path, type(made)(name="Empty")), tmp_path)
    assert "0 nodes: nothing to do" in parsed.text


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    shown = run(tmp_path, workflow())
    with pytest.raises(OSError, match="no_folder"):
        write_report(tmp_path / "no_folder" / "r.html", shown.workflow, shown.plan, shown.result, shown.store, shown.events)


def test_tensorflow_and_qt_stay_out(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.app.show import run, workflow; from app.report import write_report\n"
        "s = run(Path(sys.argv[1]), workflow())\n"
        "write_report(Path(sys.argv[1], 'r.html'), s.workflow, s.plan, s.result, s.store, s.events)\n"
        "assert not {'tensorflow', 'keras', 'PySide6', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)


def test_a_figure_of_many_images_says_how_many_are_shown() -> None:
    def shown(count: int) -> str:
        return str(_images(ImagesFigure("Maps", np.zeros((count, 4, 4, 1), np.uint8), [str(n) for n in range(count)])))

    assert shown(36).count("<img") == 36 and "first" not in shown(36)
    many = shown(MOST_IMAGES + 1)
    assert many.count("<img") == MOST_IMAGES and f"Maps (the first {MOST_IMAGES} of {MOST_IMAGES + 1})" in many


@pytest.mark.parametrize("broken", [False, True])
def test_a_component_is_a_tile_and_folds_what_is_in_it(tmp_path: Path, broken: bool) -> None:
    document = Document(workflow(broken=broken), CATALOG)
    document.set_property("name", "Whole")
    component = pack(document, ["train", "scorer", *(["broken"] if broken else [])], name=f"Trained {EVIL}")
    inner = pack(document.inside(component), ["train"])
    text, parsed = written(run(tmp_path, document.workflow()), tmp_path)

    assert text.count("<svg") >= 3, "the workflow and each component have a drawing"
    assert parsed.values("details", "class").count("component") == 2
    assert f"Trained {CLEAN}" in parsed.text
    assert f"{component}/{inner}/train" in parsed.text
    ids = [value for _, name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {f"node-{n}" for n in ("pictures", "train", "scorer", component, inner)} <= set(ids)
    lights = [value for value in parsed.values("g", "class") if value.startswith("light")]
    assert ("light failed" in lights) == broken
    assert parsed.values("path", "class").count("wire table") == (2 if broken else 1)


def test_it_begins_with_what_came_out_and_then_shows_the_workflow(page: tuple[str, Page]) -> None:
    text = page[0]
    places = [text.index(part) for part in (">accuracy<", "Confusion matrix", "The most telling mistakes", "Learning curve")]
    assert places == sorted(places)
    assert places[-1] < text.index('class="workflow"') < text.index(">Nodes<") < text.index('id="node-pictures"')
    assert text.count("<figcaption>Confusion matrix") == 1, "not once more at the node"


def test_mistakes_are_shown_as_pictures_with_what_they_were_taken_for(page: tuple[str, Page]) -> None:
    mistakes = page[0].split("The most telling mistakes")[1].split("</figure>")[0]
    assert mistakes.count("<img") == 2
    assert "Bag, taken for Ankle boot" in mistakes


def test_nodes_are_folded_rows_except_where_something_went_wrong(page: tuple[str, Page]) -> None:
    opened = dict(re.findall(r'<details class="node" id="node-(\w+)"( open="open")?>', page[0]))
    assert set(opened) == {"pictures", "train", "scorer", "broken", "behind"}
    assert {node for node, is_open in opened.items() if is_open} == {"train", "broken"}


def test_the_surest_mistakes_come_first() -> None:
    frame = pl.DataFrame(
        {
            "label": ["cat", "cat", "dog", "dog", "cat"],
            "prediction": ["dog", "cat", "cat", "dog", "dog"],
            "P (label=cat)": [0.4, 0.9, 0.99, 0.2, 0.1],
            "P (label=dog)": [0.6, 0.1, 0.01, 0.8, 0.9],
        }
    )
    node = Scorer(actual_column="label", predicted_column="prediction")
    found = mistakes(node, Table.of(frame))
    assert found is not None and found.by_confidence
    assert found.captions == ["dog, taken for cat (99 %)", "cat, taken for dog (90 %)", "cat, taken for dog (60 %)"]
    assert found.rows.frame()["P (label=cat)"].to_list() == [0.99, 0.1, 0.4]
    plain = mistakes(node, Table.of(frame.select("label", "prediction")))
    assert plain is not None and not plain.by_confidence
    assert plain.captions == ["cat, taken for dog", "dog, taken for cat", "cat, taken for dog"]
    assert mistakes(node, Table.of(frame.filter(pl.col("label") == pl.col("prediction")))) is None


def test_previews_show_rows_from_all_over_a_table_that_is_sorted_by_class() -> None:
    rows = _spread(6000, 8)
    assert len(rows) == 8 and {int(row) // 750 for row in rows} == set(range(8))
    assert list(_spread(3, 8)) == [0, 1, 2]
