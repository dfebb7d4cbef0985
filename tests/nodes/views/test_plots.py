"""The drawing nodes: what stands in the figures is what polars and numpy say of the table."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.cbook import boxplot_stats

from nodes.base import NodeError
from nodes.readers.sample_data import SampleData
from nodes.values.table import Table
from nodes.views.bar_chart import BarChart
from nodes.views.box_plot import BoxPlot
from nodes.views.heat_map import HeatMap
from nodes.views.histogram import Histogram
from nodes.views.history_comparison import HistoryComparison
from nodes.views.line_plot import LinePlot
from nodes.views.scatter_plot import ScatterPlot
from tests.support import RecordingJob, run

SPECIES = ["setosa", "versicolor", "virginica"]


@pytest.fixture(scope="module")
def iris():
    return run(SampleData(data="iris"))["table"]


def table(**columns):
    return Table.of(pl.DataFrame(columns))


def figure(node, given, job=None):
    inputs = given if isinstance(given, dict) else {"table": given}
    made = run(node, inputs, job=job)["figure"]
    assert [f is made for f in node.views(type("Outputs", (dict,), {})({"figure": made}))] == [True]
    return made


# ----------------------------------------------------------------------------------------------------------------- lines


def test_a_line_for_every_column_over_the_rows():
    made = figure(LinePlot(), table(a=[1, None, 3], b=[0.5, 1.5, 2.5], c=["x", "y", "z"]))
    assert [(line.name, list(line.x)) for line in made.lines] == [("a", [0, 1, 2]), ("b", [0, 1, 2])]
    assert np.isnan(made.lines[0].y[1])
    assert made.lines[1].y == [0.5, 1.5, 2.5]


def test_groups_are_lines_of_their_own_in_the_order_of_their_classes():
    given = table(x=[3, 1, 2, 1], y=[1, 2, 3, 4], g=pl.Series(["b", "a", "b", None], dtype=pl.Enum(["a", "b"])))
    job = RecordingJob(folder=None)
    made = figure(LinePlot(x_column="x", y_columns=["y"], group_column="g"), given, job)
    assert [(line.name, line.x, line.y) for line in made.lines] == [("a", [1], [2]), ("b", [3, 2], [1, 3])]
    assert any("without a value in 'g'" in w for w in job.warnings)


def test_over_dates_the_axis_counts_days():
    made = figure(LinePlot(x_column="day"), table(day=[date(2024, 2, 28), date(2024, 3, 1)], v=[1, 2]))
    assert made.lines[0].x == [0, 2]
    assert "days" in made.x_label


def test_a_long_table_is_drawn_from_its_first_to_its_last_row():
    made = figure(LinePlot(most_rows=11), table(v=range(1001)))
    assert list(made.lines[0].y) == list(range(0, 1001, 100)) == list(made.lines[0].x)


def test_neighbours_of_a_missing_value_can_be_connected():
    made = figure(LinePlot(missing="connect"), table(a=[1.0, None, 3.0, float("nan"), 5.0]))
    assert (made.lines[0].x, made.lines[0].y) == ([0, 2, 4], [1, 3, 5])


@pytest.mark.parametrize(
    ("settings", "limits"),
    [({}, None), ({"y_from": 0, "y_to": 10}, [0, 10]), ({"y_from": 0}, [0, 3]), ({"y_to": 9}, [1, 9]), ({"y_from": 5}, [5, 6])],
)
def test_the_axis_of_values_begins_and_ends_where_it_is_told(settings, limits):
    assert figure(LinePlot(**settings), table(a=[1, None, 3])).y_range == limits


def test_an_axis_must_begin_before_it_ends():
    with pytest.raises(NodeError) as caught:
        run(LinePlot(y_from=2, y_to=1), {"table": table(a=[1])})
    assert caught.value.setting == "y_to"


# ---------------------------------------------------------------------------------------------------------------- points


def test_points_of_a_class_are_a_series(iris):
    made = figure(ScatterPlot(x_column="sepal_length", y_column="petal_width", color_column="species"), iris)
    assert [p.name for p in made.points] == SPECIES
    frame = iris.frame()
    for points in made.points:
        rows = frame.filter(pl.col("species") == points.name)
        assert points.x == rows["sepal_length"].to_list()
        assert points.y == rows["petal_width"].to_list()


def test_numbers_are_shades_but_numbers_of_classes_are_classes():
    given = Table.of(pl.DataFrame({"x": [1, 2, None], "y": [1, 2, 3], "n": [5, 6, 7], "c": [1, 0, 1]}), {"c": ("zero", "one")})
    shaded = figure(ScatterPlot(x_column="x", y_column="y", color_column="n"), given)
    assert shaded.points[0].shades == [5, 6]
    assert shaded.shade_label == "n"
    classed = figure(ScatterPlot(x_column="x", y_column="y", color_column="c"), given)
    assert [(p.name, p.x) for p in classed.points] == [("zero", [2]), ("one", [1])]


# ------------------------------------------------------------------------------------------------------------- histogram


@given(
    st.lists(st.none() | st.floats(width=32) | st.integers(-5, 5).map(float), max_size=60),
    st.integers(1, 12),
    st.none() | st.integers(-3, 0),
    st.none() | st.integers(1, 3),
)
def test_the_counts_are_numpy_s(values, bins, minimum, maximum):
    given = Table.of(pl.DataFrame({"v": pl.Series(values, dtype=pl.Float64)}))
    made = figure(Histogram(columns=["v"], bins=bins, minimum=minimum, maximum=maximum), given)
    finite = np.array([v for v in values if v is not None and np.isfinite(v)])
    assert made.series["v"] == np.histogram(finite, made.edges)[0].tolist()
    assert len(made.edges) == bins + 1
    if minimum is None and maximum is None:
        assert sum(made.series["v"]) == len(finite)


@pytest.mark.parametrize(("height", "total"), [("count", 50), ("share", 1), ("density", 1)])
def test_heights_of_groups(iris, height, total):
    made = figure(Histogram(columns=["petal_length"], group_column="species", bins=7, height=height), iris)
    assert list(made.series) == SPECIES
    width = np.diff(made.edges) if height == "density" else 1
    for heights in made.series.values():
        assert (np.array(heights) * width).sum() == pytest.approx(total)


# ------------------------------------------------------------------------------------------------------------------ bars


def test_rows_are_counted_per_category(iris):
    made = figure(BarChart(category_column="species"), iris)
    assert (made.names, made.series) == (SPECIES, {"rows": [50, 50, 50]})


@pytest.mark.parametrize("aggregation", ["sum", "mean", "median", "min", "max"])
def test_figures_are_polars_s(iris, aggregation):
    made = figure(BarChart(category_column="species", aggregation=aggregation, value_columns=["petal_width"]), iris)
    known = iris.frame().group_by("species", maintain_order=True).agg(getattr(pl.col("petal_width"), aggregation)())
    assert made.series["petal_width"] == known["petal_width"].to_list()


def test_groups_most_bars_missing_and_order():
    given = table(c=["a", "b", "b", None, "c", "c", "c"], g=[True, False, True, True, True, False, None], v=[1, 2, 3, 4, 5, 6, 7])
    made = figure(BarChart(category_column="c", group_column="g"), given)
    assert (made.names, made.series) == (["a", "b", "c"], {"true": [1, 1, 1], "false": [0, 1, 1]})
    made = figure(BarChart(category_column="c", order="height", missing_category=True, most_bars=3), given)
    assert (made.names[:2], made.series["rows"]) == (["c", "b"], [3, 2, 1])
    made = figure(BarChart(category_column="c", order="height", missing_category=True), given)
    assert set(made.names) == {"a", "b", "c", "missing"}


# ----------------------------------------------------------------------------------------------------------------- boxes


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40), st.sampled_from([0.5, 1.5, 3.0]))
def test_boxes_are_those_of_matplotlib(values, reach):
    (box,) = figure(BoxPlot(columns=["v"], reach=reach), table(v=values)).boxes
    (known,) = boxplot_stats(np.array(values), whis=reach)
    assert box.quartiles == pytest.approx([known["q1"], known["med"], known["q3"]])
    assert box.whiskers == pytest.approx([known["whislo"], known["whishi"]])
    assert sorted(box.outliers) == pytest.approx(sorted(known["fliers"]))


def test_a_box_per_group_and_none_where_nothing_is_known(iris):
    made = figure(BoxPlot(columns=["petal_length"], group_column="species"), iris)
    assert [box.name for box in made.boxes] == SPECIES
    made = figure(BoxPlot(), table(a=[None, float("nan")], b=[1.0, float("inf")]))
    assert [(box.name, box.quartiles) for box in made.boxes] == [("b", [1, 1, 1])]


# -------------------------------------------------------------------------------------------------------------- heat map


def test_cells_names_and_scales():
    given = table(name=["p", None], a=[1.0, 3.0], b=[5, 5])
    made = figure(HeatMap(label_column="name"), given)
    assert (made.values, made.row_names, made.column_names) == ([[1, 5], [3, 5]], ["p", "missing"], ["a", "b"])
    assert figure(HeatMap(scaled=True), given).values == [[0, 0], [1, 0]]
    assert figure(HeatMap(), table(a=[1.0])).shading == "sequential"


# ------------------------------------------------------------------------------------------------------------- histories


def test_histories_lie_over_each_other_in_panels():
    first = table(epoch=[1, 2], loss=[0.5, 0.4], val_loss=[0.6, 0.7])
    second = table(epoch=[1], loss=[0.3])
    job = RecordingJob(folder=None)
    made = figure(HistoryComparison(names=["plain"]), {"history_1": first, "history_2": second}, job)
    assert [(line.name, line.group, line.y) for line in made.lines] == [
        ("plain", "loss", [0.5, 0.4]), ("training 2", "loss", [0.3]), ("plain", "val_loss", [0.6, 0.7]),
    ]  # fmt: skip
    assert "no 'val_loss'" in job.warnings[0]


# -------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("node", "setting"),
    [
        (LinePlot(x_column="text"), "x_column"),
        (ScatterPlot(x_column="a"), "y_column"),
        (Histogram(), "columns"),
        (Histogram(columns=["a", "b"], group_column="text"), "group_column"),
        (Histogram(columns=["a"], minimum=2, maximum=1), "maximum"),
        (BarChart(category_column="image"), "category_column"),
        (BarChart(category_column="text", aggregation="mean"), "value_columns"),
        (BoxPlot(group_column="text"), "group_column"),
        (HeatMap(columns=["text"]), "columns"),
    ],
)
def test_mistakes_are_found_before_running(node, setting):
    given = Table.of(pl.DataFrame({"a": [1], "b": [2], "text": ["x"], "image": np.zeros((1, 2, 2, 1), np.uint8)}))
    with pytest.raises(NodeError) as caught:
        run(node, {"table": given})
    assert caught.value.setting == setting


def test_of_too_many_groups_the_largest_are_drawn_and_it_is_said():
    names = [f"g{n}" for n in range(30) for _ in range(n + 1)]
    job = RecordingJob(folder=None)
    made = figure(Histogram(columns=["v"], group_column="g"), table(v=range(len(names)), g=names), job)
    assert sorted(made.series, key=lambda n: int(n[1:])) == [f"g{n}" for n in range(10, 30)]
    assert "30 groups" in job.warnings[0]


def test_the_names_of_several_columns_stand_in_the_legend_alone(iris):
    made = figure(BarChart(category_column="species", aggregation="mean", value_columns=["petal_length", "petal_width"]), iris)
    assert (made.title, made.y_label, list(made.series)) == ("mean by species", "mean", ["petal_length", "petal_width"])
    one = figure(BarChart(category_column="species", aggregation="mean", value_columns=["petal_length"]), iris)
    assert (one.title, one.y_label) == ("mean of petal_length by species", "mean of petal_length")
