"""Everybody can read it: text has a contrast of 4.5 to 1, controls and signs have 3 to 1 (WCAG 2.2, AA), light and dark."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QToolButton, QWidget

from app.contrast import SIGN, TEXT, contrast, readable, type_on
from app.document.model import Annotation
from app.drawing.theme import THEMES
from app.editor import colors as declared
from app.editor import style
from app.editor.canvas.annotations import AnnotationItem
from app.editor.canvas.paint_context import PaintContext
from app.editor.canvas.state_light import light_shape
from app.editor.canvas_menu import ANNOTATION_COLORS
from app.editor.code import syntax
from app.editor.colors import DARK, LIGHT, ORNAMENTS, PORT_COLORS, SIGNS, Colors, named
from app.editor.config.control import mark
from app.editor.look import look
from app.editor.views.confusion_view import shade_of
from app.engine.status import State
from app.shelves import SHELF_COLORS
from tests import sampling
from tests.app.editor.window_support import Person, a_window

BOTH = pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
COLOR = re.compile(r"#[0-9A-Fa-f]{6}\b")
EDITOR = Path(declared.__file__).parent
DECLARING = {
    "colors.py",
    "canvas_menu.py",
    "code/syntax.py",
    "views/architecture.py",
    "views/confusion_view.py",
    "views/pixels.py",
}
"""Where colours may be written down; each of them is looked at by a test below."""
ORNAMENTAL = {("views/image_canvas.py", "#808080"), ("canvas/annotations.py", "#3f6fd8")}
"""The grid between pixels; the colour of annotations that say none that is one."""


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@BOTH
@pytest.mark.parametrize(("pairs", "least"), [(declared.TEXT, TEXT), (SIGNS, SIGN)], ids=["text", "signs"])
def test_every_pair_that_is_used_has_its_contrast(pairs: dict[str, tuple[str, ...]], least: float, colors: Colors) -> None:
    names = named(colors)
    weak = {
        f"{front} on {ground}": round(found, 2)
        for front, grounds in pairs.items()
        for ground in grounds
        if (found := contrast(names[front], names[ground])) < least
    }
    assert not weak


def test_no_color_is_in_no_pair() -> None:
    used = {*declared.TEXT, *SIGNS} | {g for pairs in (declared.TEXT, SIGNS) for grounds in pairs.values() for g in grounds}
    assert set(named(LIGHT)) == used | ORNAMENTS


def test_the_style_sheet_writes_only_in_pairs_that_are_tested() -> None:
    unknown = []
    for selector, rule in rules():
        front, ground = declaration(rule, "color"), declaration(rule, "background")
        selected, on_selected = declaration(rule, "selection-color"), declaration(rule, "selection-background-color")
        if ":disabled" in selector:
            continue  # WCAG leaves out what cannot be used
        if front and ground and ground not in declared.TEXT[front]:
            unknown.append((selector, front, ground))
        if front and not ground and not {"panel", "raised"} <= set(declared.TEXT[front]) and front != "on_accent":
            unknown.append((selector, front, "panel or raised"))
        if selected and on_selected and on_selected not in declared.TEXT[selected]:
            unknown.append((selector, selected, on_selected))
    assert not unknown


def test_whatever_can_be_used_has_an_edge_or_a_ground_that_is_seen() -> None:
    """Fields, buttons and scroll bars are not drawn in the colour of ornaments."""
    controls = (
        "QLineEdit",
        "QPlainTextEdit",
        "QTextEdit",
        "QSpinBox",
        "QComboBox",
        "QPushButton",
        "QScrollBar::handle",
        "QListWidget",
    )
    faint = [
        selector
        for selector, rule in rules()
        if selector.startswith(controls) and ":disabled" not in selector and "QAbstractItemView" not in selector
        if re.search(r"border(-\w+)?:[^;]*\$line|QScrollBar::handle[^;]*background: \$line", rule)
    ]
    assert not faint


def test_whatever_takes_the_focus_shows_it_by_a_ring() -> None:
    rings = {s: r for s, r in rules() if ":focus" in s and "step" not in s}
    wanted = ("QToolButton", "QTabBar::tab", "QLineEdit", "QComboBox", "QPushButton", "QTreeView", "QListView", "QTableView",
              "QTreeView::item", "QListView::item", "QTableView::item", "QTextBrowser", 'QListWidget[role="field"]')  # fmt: skip
    shown = {part.strip().removesuffix(":focus") for s, r in rings.items() if "$accent" in r for part in s.split(",")}
    assert set(wanted) <= shown
    assert not [s for s, r in rings.items() if "border" in r and not re.search(r"\$(accent|text)", r)]


def test_colors_are_written_down_in_few_places() -> None:
    """A colour that a painter invents would escape all tests here."""
    written = {(file.relative_to(EDITOR).as_posix(), c) for file in EDITOR.rglob("*.py") for c in COLOR.findall(file.read_text())}
    assert not sorted((file, c) for file, c in written - ORNAMENTAL if file not in DECLARING)


# ------------------------------------------------------------------------------------------------ colours that are not roles


@BOTH
def test_icons_on_tiles_and_tiles_on_the_canvas_are_seen(colors: Colors) -> None:
    for color in SHELF_COLORS.values():
        assert contrast(type_on(color, SIGN), color) >= SIGN
        assert contrast(readable(color, colors.canvas, SIGN), colors.canvas) >= SIGN


@BOTH
def test_ports_are_seen_on_every_ground(colors: Colors) -> None:
    for kind in (*PORT_COLORS, "table", ""):
        assert all(contrast(colors.port(kind), ground) >= SIGN for ground in (colors.canvas, colors.panel, colors.raised))


@BOTH
def test_annotations_can_be_read_in_every_color(colors: Colors) -> None:
    for own in (*ANNOTATION_COLORS.values(), "#FFFF00", "#000000", "#FFFFFF"):
        item = AnnotationItem("a", Annotation(position=(0, 0), size=(200, 100), text="Text", color=own), PaintContext(colors))
        assert contrast(item.text_color(), item.ground()) >= TEXT


@BOTH
def test_code_can_be_read(colors: Colors) -> None:
    for kind, color in syntax.palette(dark=colors.dark).items():
        assert contrast(color, colors.raised) >= TEXT, kind


def test_numbers_in_cells_can_be_read_whatever_their_shade() -> None:
    for panel in (LIGHT.panel, DARK.panel):
        for right in (True, False):
            for share in range(101):
                shade = shade_of(share / 100, right, panel)
                assert contrast(type_on(shade), shade) >= TEXT


def test_any_color_is_made_readable_on_any_ground() -> None:
    draw = random.Random(sampling.seed())
    for _ in range(300):
        color, ground = (f"#{draw.randrange(2**24):06x}" for _ in range(2))
        for least in (SIGN, TEXT):
            assert contrast(readable(color, ground, least), ground) >= least
            assert contrast(type_on(ground, least), ground) >= least


def test_what_figures_say_beside_their_lines_can_be_read() -> None:
    for theme in THEMES.values():
        assert contrast(theme.text, theme.panel) >= TEXT
        assert contrast(theme.muted, theme.panel) >= TEXT


def test_states_differ_by_shape() -> None:
    """Also from afar, where a light has no sign: only what is done and what runs share an outline, and one of them is hollow."""
    shapes = {state: light_shape(state) for state in get_args(State)}
    outlines = {
        tuple((round(e.x, 2), round(e.y, 2)) for e in map(path.elementAt, range(path.elementCount()))) for path in shapes.values()
    }
    assert len(outlines) == len(shapes) - 1
    assert shapes["done"] == shapes["running"]


# ------------------------------------------------------------------------------------------------------- the real window


@pytest.fixture(scope="module")
def person(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_window(tmp_path_factory.mktemp("window"), start=False) as person:
        person.window.commands.files.open(Path("workflows/fashion_mnist_cnn.workflow.json"))
        person.window.resize(1366, 768)
        yield person


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_window_shows_can_be_read(person: Person, scheme: Literal["light", "dark"]) -> None:
    """Every text and icon that can be seen, as it is drawn: the strongest colour in it against the most common one."""
    look().choose(scheme)
    weak: dict[str, float] = {}
    seen = 0
    for dock, node in (("config", "conv_1"), ("problems", "read_training")):
        person.workspace.canvas.select([node])
        person.window.docks.show(dock)
        QApplication.processEvents()
        picture = pixels_of(person.window)
        for widget in person.window.findChildren(QWidget):
            is_text = isinstance(widget, QLabel | QAbstractButton | QLineEdit) and bool(visible_words(widget))
            if not widget.isVisible() or not widget.isEnabled() or not (is_text or isinstance(widget, QToolButton)):
                continue
            found = drawn_contrast(picture, widget, person.window)
            seen += found > 1
            if 1 < found < (TEXT if is_text else SIGN):
                weak[f"{type(widget).__name__} {visible_words(widget) or widget.toolTip()}"] = round(found, 2)
    assert seen > 60
    assert not weak


def test_a_line_with_a_problem_shows_a_sign(person: Person) -> None:
    line = QLineEdit(person.window)
    mark(line, True)
    assert [a.isVisible() for a in line.actions()] == [True]
    mark(line, False)
    assert [a.isVisible() for a in line.actions()] == [False]
    mark(line, True)
    assert [a.isVisible() for a in line.actions()] == [True]
    line.deleteLater()


# ---------------------------------------------------------------------------------------------------------------- tools

SHARP = 3
"""So many pixels per pixel: thin strokes have their own colour somewhere."""


def pixels_of(window: QWidget) -> NDArray[np.uint8]:
    image = QImage(window.size() * SHARP, QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(SHARP)
    window.render(image)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def drawn_contrast(picture: NDArray[np.uint8], widget: QWidget, window: QWidget) -> float:
    """How strongly what is drawn on a widget differs from its ground; 1 where nothing is to be seen."""
    seen = widget.visibleRegion().boundingRect()
    corner = widget.mapTo(window, seen.topLeft()) * SHARP
    part = picture[corner.y() : corner.y() + seen.height() * SHARP, corner.x() : corner.x() + seen.width() * SHARP]
    if part.size == 0:
        return 1.0
    packed, counts = np.unique(part.reshape(-1, 3).astype(np.int64) @ np.array([65536, 256, 1]), return_counts=True)
    ground = f"#{int(packed[np.argmax(counts)]):06x}"
    linear = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1) / 255
    order = (np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]).argsort()
    return max(contrast(f"#{int(packed[end]):06x}", ground) for end in (order[0], order[-1]))


def visible_words(widget: QWidget) -> str:
    if (
        isinstance(widget, QToolButton)
        and widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
        and not widget.icon().isNull()
    ):
        return ""
    if isinstance(widget, QLabel) and widget.pixmap().isNull():
        return widget.text()
    if isinstance(widget, QAbstractButton):
        return widget.text()
    return widget.text() if isinstance(widget, QLineEdit) else ""


def rules() -> list[tuple[str, str]]:
    """The rules of the style sheet, with the names of colours in them."""
    text = re.sub(r"/\*.*?\*/", "", style.SHEET.template, flags=re.DOTALL)
    return [(" ".join(s.split()), r) for s, r in re.findall(r"([^{}]+)\{([^{}]*)\}", text)]


def declaration(rule: str, name: str) -> str:
    found = re.search(rf"(?:^|[\s;]){name}:\s*\$(\w+)", rule)
    return found[1] if found else ""
