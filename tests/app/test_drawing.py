"""Every kind of figure is drawn, whatever is in it, the same way each time, and readably."""

from __future__ import annotations

import io
import itertools
import math
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import get_args
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from matplotlib.text import Text
from PIL import Image

from app.drawing import THEMES, as_pixels, draw, spread, to_png, to_raster, to_svg
from app.drawing.diagram import arranged
from nodes.values.figure import (
    BarsFigure,
    Box,
    BoxesFigure,
    DiagramBox,
    DiagramEdge,
    DiagramFigure,
    Figure,
    HeatMapFigure,
    HistogramFigure,
    ImagesFigure,
    Line,
    LinesFigure,
    Points,
    PointsFigure,
    TextFigure,
)

NAMES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
EPOCHS = list(range(1, 13))
CURVES = LinesFigure(
    "Learning curves",
    [
        Line("training", EPOCHS, [1 / e for e in EPOCHS], "loss"),
        Line("validation", EPOCHS, [1.1 / e for e in EPOCHS], "loss", dashed=True),
        Line("training", EPOCHS, [1 - 0.3 / e for e in EPOCHS], "accuracy"),
    ],
    "epoch",
)
CONFUSION = HeatMapFigure(
    "Confusion matrix", (np.eye(10) * 900 + 7 - 7 * np.eye(10)).tolist(), NAMES, NAMES, "actual", "predicted"
)
IMAGES = ImagesFigure("Images", np.arange(15 * 64, dtype=np.uint32).astype(np.uint8).reshape(15, 8, 8, 1), NAMES)
BARS = BarsFigure("F-measure", NAMES, {"F-measure": [0.9] * 10, "recall": [0.8] * 10}, "share")
TEXT = TextFigure("Layers", "conv_1   28 x 28 x 16\nconv_2   28 x 28 x 16")
POINTS = PointsFigure(
    "Embedding", [Points(name, [n, n + 0.5], [n % 3, n % 4]) for n, name in enumerate(NAMES)], "first", "second", square=True
)
HISTOGRAM = HistogramFigure("Ages", [0, 1, 2, 4], {"all": [5, 3, 0], "some": [1, 2, 1]}, "age", "rows")
BOXES = BoxesFigure("Spread", [Box(name, [0, 9], [2, 3 + n / 3, 6], [12, -3]) for n, name in enumerate(NAMES)], "seconds")
DIAGRAM = DiagramFigure(
    "Architecture",
    [DiagramBox(name, ["layer", "10 parameters"], n % 8 or None) for n, name in enumerate(NAMES)],
    [DiagramEdge(n, n + 1, "28 × 28 × 1") for n in range(9)] + [DiagramEdge(1, 5, "14 × 14"), DiagramEdge(9, None, "10")],
)
KINDS: list[Figure] = [CURVES, CONFUSION, IMAGES, BARS, TEXT, POINTS, HISTOGRAM, BOXES, DIAGRAM]

EMPTY: list[Figure] = [
    LinesFigure("none", []),
    LinesFigure("no points", [Line("a", [], [])]),
    LinesFigure("not a number", [Line("a", [1, 2], [math.nan, math.nan])]),
    LinesFigure("one point", [Line("a", [1], [0.5])]),
    LinesFigure("no change", [Line("a", [1, 2], [0.5, 0.5])]),
    HeatMapFigure("none", [], [], []),
    HeatMapFigure("zeros", [[0, 0], [0, 0]], ["a", "b"], ["a", "b"]),
    HeatMapFigure("not a number", [[math.nan, 1.0]], ["a"], ["b", "c"]),
    ImagesFigure("none", np.zeros((0, 8, 8, 1), np.uint8)),
    ImagesFigure("one pixel", np.zeros((1, 1, 1, 1), np.uint8)),
    BarsFigure("none", [], {}),
    BarsFigure("not a number", ["a"], {"x": [math.nan]}),
    TextFigure("none", ""),
    PointsFigure("none", []),
    PointsFigure("no points", [Points("a", [], [])]),
    PointsFigure("one point", [Points("a", [1], [2])], square=True, diagonal=True),
    PointsFigure("not a number", [Points("a", [math.nan, 1], [1, math.nan], [math.nan, math.nan])]),
    PointsFigure("logarithms of nothing", [Points("a", [0, -1], [0, 0])], log_x=True, log_y=True),
    HistogramFigure("none", [], {}),
    HistogramFigure("nothing counted", [0, 1], {"a": [0]}, log=True),
    HistogramFigure("not a number", [0, 1, 2], {"a": [math.nan, 1]}),
    BoxesFigure("none", []),
    DiagramFigure("none", [], []),
    DiagramFigure("one box", [DiagramBox("")], []),
    BoxesFigure("one value", [Box("a", [1, 1], [1, 1, 1])], log=True),
    BarsFigure("stacked", ["a"], {"x": [1], "y": [-2], "z": [math.nan]}, stacked=True),
    BarsFigure("infinite", ["a", "b"], {"x": [math.inf, 1], "y": [-math.inf, math.nan]}),
    HeatMapFigure("infinite", [[math.inf, 1.0], [math.nan, 2.0]], ["a", "b"], ["c", "d"]),
    HeatMapFigure("one class", [[7.0]], ["a"], ["a"], "Actual class", "Predicted class"),
    PointsFigure("powers of ten", [Points("a", [1, 1e12], [1e-9, 3])], log_x=True, log_y=True, diagonal=True),
    PointsFigure("one power of ten", [Points("a", [1, 100], [-5, 90])], log_x=True, diagonal=True),
    PointsFigure("one scale", [Points("a", [1, 2], [5, 9])], square=True, diagonal=True),
    BarsFigure("\u540d\u524d", ["\u732b", "\u72ac"], {"\u5024": [1, 2]}, "\u5024"),
    BoxesFigure("powers of ten", [Box("a", [1e-9, 1e12], [1e-3, 1, 1e3])], log=True),
    HeatMapFigure("around nothing", [[0, -1], [1, math.nan]], ["a", "b"], ["a", "b"], shading="diverging"),
]


def texts_of(drawing: Drawing) -> list[Text]:
    """All texts that show, with their places worked out."""
    FigureCanvasAgg(drawing).draw()
    return [t for t in drawing.findobj(Text) if t.get_text().strip() and t.get_visible()]


def words(drawing: Drawing) -> str:
    return "\n".join(t.get_text() for t in texts_of(drawing))


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(f) for f in KINDS} == set(get_args(Figure))


@pytest.mark.parametrize("figure", [*KINDS, *EMPTY], ids=lambda f: f"{f.kind}: {f.title}")
def test_every_figure_becomes_well_formed_svg(figure: Figure) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        root = ElementTree.fromstring(to_svg(figure))
    assert root.tag.endswith("svg")
    assert figure.title in "".join(root.itertext())


@pytest.mark.parametrize("figure", KINDS, ids=lambda f: f.kind)
def test_the_same_figure_gives_the_same_svg_and_the_same_png(figure: Figure) -> None:
    assert to_svg(figure) == to_svg(figure)
    assert to_png(figure, dpi=50) == to_png(figure, dpi=50)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_png_has_the_asked_width_and_the_theme_s_ground(theme: str) -> None:
    image = Image.open(io.BytesIO(to_png(BARS, theme=theme, width_inches=5, dpi=100))).convert("RGB")  # type: ignore[arg-type]
    assert image.width == 500
    assert "#{:02X}{:02X}{:02X}".format(*image.getpixel((499, 0))) == THEMES[theme].panel  # type: ignore[index, misc]


def test_type_stays_inside_the_drawing_and_names_do_not_lie_on_each_other() -> None:
    for figure in (CURVES, CONFUSION, BARS, IMAGES):
        drawing = draw(figure, width_inches=7)
        FigureCanvasAgg(drawing).draw()
        drawn, (width, height) = drawing.get_tightbbox(), drawing.get_size_inches()
        assert drawn.x0 >= -0.02 and drawn.y0 >= -0.02 and drawn.x1 <= width + 0.02 and drawn.y1 <= height + 0.02, figure.title
    drawing = draw(CONFUSION)
    FigureCanvasAgg(drawing).draw()
    rows = [t.get_window_extent() for t in drawing.axes[0].get_yticklabels()]
    assert not any(a.overlaps(b) for i, a in enumerate(rows) for b in rows[i + 1 :])


def test_lines_of_a_group_share_a_panel_and_are_labelled_at_their_ends() -> None:
    drawing = draw(CURVES)
    loss, accuracy = drawing.axes
    assert [a.get_title(loc="left") for a in (loss, accuracy)] == ["loss", "accuracy"]
    assert loss.get_legend() is None
    said = words(drawing)
    assert "0.0833  training" in said and "0.0917  validation" in said and "0.975  training" in said


def test_validation_is_dashed_and_orange_training_solid_and_in_the_accent_colour() -> None:
    training, validation = (line for line in draw(CURVES).axes[0].get_lines() if len(line.get_xdata()) > 1)
    assert (training.get_color(), training.is_dashed()) == (THEMES["light"].solid[0], False)
    assert (validation.get_color(), validation.is_dashed()) == ("#E69F00", True)


def test_many_lines_get_a_legend() -> None:
    figure = LinesFigure("many", [Line(f"line {i}", [1, 2], [i, i + 1]) for i in range(9)])
    legend = draw(figure).axes[0].get_legend()
    assert [t.get_text() for t in legend.get_texts()] == [f"line {i}" for i in range(9)]


def test_a_confusion_matrix_shows_its_counts_and_leaves_out_the_zeros_beside_the_diagonal() -> None:
    counts = [[90, 10, 0], [0, 0, 0], [3, 0, 97]]
    drawing = draw(HeatMapFigure("c", counts, ["a", "b", "c"], ["a", "b", "c"]))
    cells = {(t.get_position(), t.get_text(), t.get_weight()) for t in drawing.axes[0].texts}
    assert cells == {
        ((0.5, 0.5), "90", "bold"),
        ((1.5, 0.5), "10", "normal"),
        ((1.5, 1.5), "0", "bold"),
        ((0.5, 2.5), "3", "normal"),
        ((2.5, 2.5), "97", "bold"),
    }


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """As WCAG 2 defines it."""

    def luminance(color: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_are_readable_on_every_shade(theme: str) -> None:
    from matplotlib.colors import to_rgb

    figure = HeatMapFigure("all shades", [[float(i) for i in range(30)]], ["r"], [str(i) for i in range(30)])
    drawing = draw(figure, theme=theme)  # type: ignore[arg-type]
    FigureCanvasAgg(drawing).draw()
    axes = drawing.axes[0]
    shades = axes.collections[0].get_facecolors()
    assert len(shades) == len(axes.texts) == 30
    assert min(contrast(to_rgb(t.get_color()), tuple(s)) for t, s in zip(axes.texts, shades, strict=True)) >= 3


def test_a_matrix_of_a_hundred_classes_is_a_picture_without_numbers() -> None:
    names = [f"class {i}" for i in range(100)]
    drawing = draw(HeatMapFigure("large", np.eye(100).tolist(), names, names))
    assert not drawing.axes[0].texts
    assert drawing.get_figheight() < 10
    boxes = [t.get_window_extent() for t in texts_of(drawing) if t in drawing.axes[0].get_yticklabels()]
    assert len(boxes) > 20 and not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_bars_lie_where_their_names_would_not_fit_side_by_side() -> None:
    standing = draw(BarsFigure("short", ["a", "b"], {"x": [1, 2]})).axes[0]
    lying = draw(BARS).axes[0]
    assert [t.get_text() for t in standing.get_xticklabels()] == ["a", "b"]
    assert [t.get_text() for t in lying.get_yticklabels()] == NAMES


def test_names_are_names_and_no_formulas_and_no_control_characters() -> None:
    name = "$x^2$ \x1b[31m <b>&amp;"
    root = ElementTree.fromstring(to_svg(BarsFigure(name, [name], {name: [1.0], "y": [2.0]}, name)))
    assert "".join(root.itertext()).count("$x^2$ \ufffd[31m <b>&amp;") == 4


def test_drawings_with_prefixes_share_no_ids() -> None:
    def ids(svg: str) -> set[str]:
        return {e.get("id", "") for e in ElementTree.fromstring(svg).iter() if e.get("id")}

    one, other = to_svg(CONFUSION, prefix="a-"), to_svg(CONFUSION, prefix="b-")
    assert ids(one) and not ids(one) & ids(other)
    assert set(ids(one)) >= {part.partition(")")[0] for part in one.split("url(#")[1:]}


def test_pixels_of_other_types() -> None:
    ramp = np.linspace(0, 1, 16, dtype=np.float32).reshape(1, 4, 4, 1)
    assert as_pixels(ramp)[0, 3, 3, 0] == 255
    assert as_pixels(np.full((1, 2, 2, 1), 0.5, np.float32)).max() == 128
    assert as_pixels(ramp * 20 - 10).min() == 0 and as_pixels(ramp * 20 - 10).max() == 255
    assert as_pixels(np.full((1, 2, 2, 1), 65535, np.uint16)).max() == 255
    assert as_pixels(np.full((1, 2, 2, 3), np.nan, np.float32)).shape == (1, 2, 2, 3)
    assert as_pixels(np.zeros((1, 2, 2, 16), np.uint8)).shape == (1, 2, 2, 1)
    assert as_pixels(np.zeros((0, 2, 2, 1), np.float32)).shape == (0, 2, 2, 1)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_labels_are_moved_apart_in_their_order(wanted: list[float]) -> None:
    placed = spread(wanted, 0.1)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert all(placed[b] - placed[a] >= 0.1 - 1e-9 for a, b in itertools.pairwise(order))
    far = all(abs(a - b) > 0.1 for i, a in enumerate(wanted) for b in wanted[i + 1 :])
    if far:
        assert placed == pytest.approx(wanted)


LONG = [f"{n} is a name that somebody typed in without a thought for those who must find room for it" for n in range(4)]


@pytest.mark.parametrize(
    "figure",
    [
        BarsFigure(LONG[0], LONG, {name: [1, 2, 3, 4] for name in LONG}, LONG[1]),
        BarsFigure(LONG[0], ["a", "b"], {name: [1, 2] for name in LONG}, LONG[1]),
        LinesFigure(
            LONG[0], [Line(name, [1, 2], [n, 2]) for n, name in enumerate(LONG)], LONG[1], end_values=False, y_label=LONG[2]
        ),
        LinesFigure(LONG[0], [Line(str(n), [1, 2], [n, 2]) for n in range(100)], end_values=False),
        HeatMapFigure(LONG[0], np.eye(4).tolist(), LONG, LONG, LONG[1], LONG[2]),
        HistogramFigure(LONG[0], [0, 1, 2], {f"{n} {LONG[0]}": [1, 2] for n in range(20)}, LONG[1], LONG[2]),
        PointsFigure(LONG[0], [Points(f"{n} {LONG[0]}", [n], [n]) for n in range(20)], LONG[1], LONG[2]),
        BoxesFigure(LONG[0], [Box(name, [0, 9], [2, 4, 6]) for name in LONG], LONG[1]),
    ],
    ids=lambda f: f.kind,
)
def test_long_names_and_many_leave_room_for_the_drawing(figure: Figure) -> None:
    drawing = draw(figure, width_inches=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FigureCanvasAgg(drawing).draw()
    drawn, (width, height) = drawing.get_tightbbox(), drawing.get_size_inches()
    assert drawn.x0 >= -0.05 and drawn.y0 >= -0.05 and drawn.x1 <= width + 0.05 and drawn.y1 <= height + 0.05
    box = drawing.axes[0].get_position()
    assert box.width > 0.3 and box.height > 0.3


def test_of_very_many_lines_the_legend_says_how_many_more_there_are() -> None:
    drawing = draw(LinesFigure("many", [Line(str(n), [1, 2], [n, n]) for n in range(50)], end_values=False))
    names = [text.get_text() for text in drawing.axes[0].get_legend().get_texts()]
    assert names == [*(str(n) for n in range(19)), "and 31 more"]


def test_a_value_without_neighbours_is_marked() -> None:
    line = Line("a", [0, 1, 2, 3, 4], [1, math.nan, 2, 3, math.nan])
    marked = [line for line in draw(LinesFigure("", [line], end_values=False)).axes[0].get_lines() if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in marked] == [[0]]


def test_a_line_that_is_alone_in_its_panel_is_named_once() -> None:
    figure = LinesFigure("", [Line("a", [1, 2], [1, 2], "a"), Line("b", [1, 2], [3, 4], "b")], end_values=False)
    assert [axes.get_legend() for axes in draw(figure).axes] == [None, None]
    assert words(draw(LinesFigure("", [Line("a", [1, 2], [1, 2], "a")]))).split("\n").count("a") == 1


def test_counts_have_whole_numbers_beside_them() -> None:
    drawing = draw(HistogramFigure("few", [0, 1, 2], {"a": [1, 2]}))
    FigureCanvasAgg(drawing).draw()
    low, top = drawing.axes[0].get_ylim()
    assert [tick for tick in drawing.axes[0].get_yticks() if low <= tick <= top] == [0, 1, 2]


def test_a_logarithmic_axis_has_numbers_over_few_powers_of_ten_and_over_many() -> None:
    for high in (30.0, 1e15):
        drawing = draw(LinesFigure("", [Line("a", [1, 2], [1.0, high])], log=True, end_values=False))
        FigureCanvasAgg(drawing).draw()
        low, top = drawing.axes[0].get_ylim()
        assert 3 <= sum(low <= tick <= top for tick in drawing.axes[0].get_yticks()) <= 9


def test_shades_are_explained_where_no_numbers_stand_in_the_cells() -> None:
    values = np.arange(40.0).reshape(40, 1).tolist()
    large = draw(HeatMapFigure("large", values, [str(n) for n in range(40)], ["a"]))
    small = draw(HeatMapFigure("small", values[:3], ["a", "b", "c"], ["a"]))
    assert [len(large.axes), len(small.axes)] == [2, 1]
    assert large.axes[1].get_ylim() == (0, 39)


def test_an_unknown_bar_is_a_dash_and_the_diagonal_goes_through_equal_numbers() -> None:
    assert "–" in words(draw(BarsFigure("", ["a", "b"], {"x": [1.5, math.nan]})))
    (diagonal,) = draw(PointsFigure("", [Points("a", [1, 100], [2, 90])], log_x=True, diagonal=True)).axes[0].lines
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())


def test_an_svg_does_not_speak_of_this_machine_s_fonts() -> None:
    families = set(re.findall(r"font-family: ([^;\"]*)", to_svg(BARS)))
    assert families == {"Inter, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"}


def test_neither_pyplot_nor_tensorflow_is_imported() -> None:
    code = (
        "import sys; from app.drawing import to_svg; from nodes.values.figure import TextFigure\n"
        "assert 'matplotlib' not in sys.modules; to_svg(TextFigure('a', 'b'))\n"
        "assert not {'matplotlib.pyplot', 'tensorflow', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -------------------------------------------------------------------------------------------------------- on the screen


def fitted(*, groups: int = 2, log: bool = False) -> LinesFigure:
    lines = []
    for n in range(groups):
        lines.append(Line("per batch", [0.1, 0.5, 1.4], [3.0, 2.0, 1.0], f"panel {n}", style="faint", hue=0))
        lines.append(Line("training", [1, 2], [2.0, 1.0], f"panel {n}", style="points", hue=0))
        lines.append(Line("validation", [1, 2], [1.0, 0.5], f"panel {n}", dashed=True, hue=0))
    return LinesFigure("", lines, "epoch", (0, 4), log)


@pytest.mark.parametrize(("width", "height", "beside"), [(9.0, 2.0, True), (4.0, 5.0, False)])
def test_panels_of_lines_fit_the_space_side_by_side_where_it_is_wide(width: float, height: float, beside: bool) -> None:
    picture = to_raster(fitted(), width_inches=width, height_inches=height, dpi=100)
    assert (picture.width, picture.height) == (width * 100, height * 100)
    assert len(picture.rgba) == 4 * picture.width * picture.height
    first, second = (panel.box for panel in picture.panels)
    assert (first[2] < second[0]) == beside
    assert (first[3] < second[1]) == (not beside)
    assert all(0 <= edge <= 1 for panel in picture.panels for edge in panel.box)
    assert [panel.x for panel in picture.panels] == [(0, 4), (0, 4)]


def test_a_panel_says_where_its_values_are() -> None:
    for log in (False, True):
        panel = to_raster(fitted(log=log), width_inches=6, height_inches=2.5).panels[0]
        assert panel.log == log
        assert panel.y[0] <= 0.5
        assert panel.y[1] >= 3.0


def test_faint_lines_have_no_label_and_the_colour_of_their_hue() -> None:
    drawing = draw(fitted(groups=1), width_inches=6, height_inches=2.5)
    (axes,) = drawing.axes
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["1  training", "0.500  validation", "epoch"]
    drawn = {(line.get_color(), line.get_alpha()) for line in axes.lines}
    assert (THEMES["light"].solid[0], 0.32) in drawn


def test_labels_lie_beside_the_ends_of_their_lines() -> None:
    drawing = draw(fitted(groups=1), width_inches=6, height_inches=2.5)
    (axes,) = drawing.axes
    heights = [text.get_position()[1] for text in axes.texts[:2]]
    low, high = axes.get_ylim()
    assert heights == pytest.approx([(1.0 - low) / (high - low), (0.5 - low) / (high - low)], abs=0.12)


def test_nothing_to_draw_is_said_in_any_space() -> None:
    picture = to_raster(LinesFigure("Empty", []), width_inches=3, height_inches=2)
    assert picture.panels == ()
    assert (picture.width, picture.height) == (432, 288)


# --------------------------------------------------------------------------------------------------------------- diagrams


def test_every_box_stands_below_all_that_lead_to_it():
    places = arranged("abcdef", [("a", "b"), ("b", "c"), ("a", "d"), ("d", "e"), ("c", "f"), ("e", "f"), ("a", "f"), ("f", "a")])

    assert {name: depth for name, (depth, _) in places.items()} == {"a": 0, "b": 1, "c": 2, "d": 1, "e": 2, "f": 3}
    assert len(set(places.values())) == 6
    assert (places["b"][1] < places["d"][1]) == (places["c"][1] < places["e"][1]), "branches do not cross"
    assert places["a"][1] == places["f"][1] == 0


def test_what_a_box_says_stands_whole_where_there_is_room():
    said = ["13 530 parameters · softmax", "a_layer_with_a_rather_long_name"]
    axes = draw(DiagramFigure("", [DiagramBox("Dense", said)], [])).axes[0]

    assert [text.get_text() for text in axes.texts] == ["Dense", *said]


def test_an_arrow_that_passes_boxes_swings_around_them():
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    boxes = [DiagramBox(name) for name in "abc"]
    axes = draw(DiagramFigure("", boxes, [DiagramEdge(0, 1), DiagramEdge(1, 2), DiagramEdge(0, 2)])).axes[0]
    passed = next(p for p in axes.patches if isinstance(p, FancyBboxPatch) and p.get_y() > 0)
    straight, _, around = [p.get_path().vertices for p in axes.patches if isinstance(p, FancyArrowPatch)]

    reach = [arrow[:-1, 0].min() for arrow in (straight, around)]  # the last point closes the arrow's head, wherever it is
    assert reach[0] > passed.get_x()
    assert reach[1] < passed.get_x()


SNEAKY = "</text></g></svg><script>alert(1)</script><image href='http://192.0.2.1/x.png' onload='x'/><!--&#60;![CDATA[ \x1b\u202e"


@pytest.mark.parametrize("make", [
    lambda evil: BarsFigure(evil, [evil], {evil: [1.0]}, evil),
    lambda evil: TextFigure(evil, evil),
    lambda evil: LinesFigure(evil, [Line(evil, [1, 2], [0.5, 0.7])], evil),
], ids=["bars", "text", "lines"])  # fmt: skip
def test_no_text_becomes_a_part_of_the_drawing_that_does_something(make: Callable[[str], Figure]) -> None:
    root = ElementTree.fromstring(to_svg(make(SNEAKY)))
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "iframe", "a", "animate", "set"), element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert not name.endswith("href") or value.startswith(("#", "data:image/png;base64,")), value


def test_a_matrix_of_more_cells_than_can_be_told_apart_has_the_mean_colours_of_its_blocks() -> None:
    values = np.random.default_rng(1).normal(size=(1400, 1400))
    values[0, :50] = np.abs(values).max()  # the strongest shade is the same in the part
    names = [str(n) for n in range(1400)]

    def shades(part: int) -> np.ndarray:
        cells = values[:part, :part].tolist()
        return draw(HeatMapFigure("", cells, names[:part], names[:part], shading="diverging")).axes[0].images[0].get_array()

    large, small = shades(1400), shades(50)
    assert large.shape == (700, 700, 3)
    assert np.allclose(large[:25, :25], small.reshape(25, 2, 25, 2, 3).mean((1, 3)))
