"""Scripts on tables: what goes in, what comes out, what is refused; and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.scripts.python_script import PythonScript, PythonScriptTwoTables
from nodes.scripts.python_view import PythonView
from nodes.values.figure import BarsFigure, ImagesFigure
from nodes.values.table import Table
from tests.support import RecordingJob, run

FRAME = pl.DataFrame({"x": [1, None, 3], "name": ["a", "b", None]})


def out(source: str, *tables: Table, job: RecordingJob | None = None) -> Table:
    inputs = {f"table_{n}": table for n, table in enumerate(tables, 1)}
    made = run(PythonScript(script=source), inputs, job=job)["table"]
    assert isinstance(made, Table)
    return made


def refused(source: str, *tables: Table) -> NodeError:
    with pytest.raises(NodeError) as caught:
        out(source, *tables)
    assert caught.value.setting == "script"
    return caught.value


def test_tables_go_in_as_polars_frames_and_nulls_stay_nulls() -> None:
    made = out("output_table = input_table.with_columns(y=input_table['x'] * 2)", Table.of(FRAME))
    assert made.frame().to_dict(as_series=False) == {"x": [1, None, 3], "name": ["a", "b", None], "y": [2, None, 6]}


def test_any_number_of_tables_and_none() -> None:
    assert out("import polars as pl\noutput_table = pl.concat(input_tables)", *[Table.of(FRAME)] * 3).height == 9
    assert out("import polars as pl\nassert input_table is None\noutput_table = pl.DataFrame({'a': [1]})").height == 1


@pytest.mark.parametrize(
    "made", ["input_table.lazy().filter(pl.col('x') > 1)", "input_table['x'].tail(1)", "input_table.to_arrow()[2:]"]
)
def test_other_forms_of_a_table_are_taken(made: str) -> None:
    assert out(f"import polars as pl\noutput_table = {made}", Table.of(FRAME)).frame()["x"].to_list() == [3]


def test_a_generator_is_streamed_piece_by_piece(tmp_path: Path) -> None:
    job = RecordingJob(tmp_path)
    table = Table.of(pl.DataFrame({"x": range(10)}))
    source = "output_table = (print(p.height) or p.select(x=p['x'] + 1) for p in input_table.iter_slices(4))"
    assert out(source, table, job=job).frame()["x"].to_list() == list(range(1, 11))
    assert job.logs == ["4", "4", "2"]
    error = refused("def parts():\n    yield input_table\n    yield input_table['x'][0] / 0\noutput_table = parts()", table)
    assert "line 3" in error.message
    assert (
        "columns of the first one"
        in refused("output_table = (p for p in [input_table, input_table.rename({'x': 'y'})])", table).remedy
    )
    assert "at least one piece" in refused("output_table = (p for p in [])", table).remedy


@pytest.mark.parametrize(
    ("made", "what"),
    [("None", "None"), ("3", "a int"), ("{'x': [1]}", "a dict"), ("pl.DataFrame({'o': [object()]})", "Python objects"),
     ("pl.LazyFrame({'x': [1]}).select('y')", "cannot be computed")],
)  # fmt: skip
def test_a_wrong_result_is_refused_in_words(made: str, what: str) -> None:
    error = refused(f"import polars as pl\noutput_table = {made}")
    assert what in str(error)


def test_class_names_stay_with_columns_that_stay() -> None:
    table = Table.of(pl.DataFrame({"code": pl.Series([0, 1], dtype=pl.Int32), "x": [1.0, 2.0]}), {"code": ("a", "b")})
    assert out("output_table = input_table.reverse()", table).classes == {"code": ("a", "b")}
    changed = "import polars as pl\noutput_table = input_table.with_columns(pl.col('code').cast(pl.Float64))"
    assert out(changed, table).classes == {}


def test_images_come_as_arrays_and_go_out_again() -> None:
    images = np.arange(2 * 2 * 3 * 1, dtype=np.uint8).reshape(2, 2, 3, 1)
    table = Table.of(pl.DataFrame({"image": pl.Series(images, dtype=pl.Array(pl.UInt8, (2, 3, 1)))}))
    source = (
        "import polars as pl\nimages = input_table['image'].to_numpy()\nassert images.shape == (2, 2, 3, 1)\n"
        "output_table = pl.DataFrame({'image': pl.Series(255 - images, dtype=input_table['image'].dtype)})"
    )
    assert (out(source, table).frame()["image"].to_numpy() == 255 - images).all()


def test_two_tables_out() -> None:
    made = run(PythonScriptTwoTables(), {"table_1": Table.of(FRAME)})
    assert [made["table_1"].height, made["table_2"].height] == [1, 2]
    with pytest.raises(NodeError, match="never assigns output_table_2"):
        PythonScriptTwoTables(script="output_table_1 = input_table").configure(Specs({}))


def test_a_script_is_run_again_only_if_it_says_so() -> None:
    assert PythonScript().reproducible
    assert not PythonScript(run_every_time=True).reproducible


def test_every_script_is_named_so_that_it_is_asked_for() -> None:
    for node in (PythonScript(), PythonScriptTwoTables(), PythonView()):
        assert node.scripts() == {"script": node.script}


# --------------------------------------------------------------------------------------------------------------- figures


def view(source: str, **settings: Any) -> Any:
    node = PythonView(script=source, **settings)
    return run(node, {"table": Table.of(FRAME)})["figure"]


def test_a_matplotlib_figure_becomes_an_image_of_the_size_asked_for() -> None:
    source = "import matplotlib\nassert matplotlib.get_backend().lower() == 'agg'\nfigure.add_subplot().plot([1, 2])"
    figure = view(source, width=3, height=2, dpi=50, figure_title="Mine")
    assert isinstance(figure, ImagesFigure)
    assert figure.images.shape == (1, 100, 150, 3)
    assert figure.images.min() < 128 < figure.images.max()
    assert figure.title == "Mine"


def test_what_pyplot_drew_is_found_and_closed() -> None:
    import matplotlib.pyplot as plt

    figure = view("import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1))\nplt.plot([3, 1])", dpi=50)
    assert figure.images.shape == (1, 50, 50, 3)
    assert plt.get_fignums() == []


def test_own_figures_pass_as_they_are() -> None:
    source = "from nodes.values.figure import BarsFigure\noutput_figure = BarsFigure('Bars', ['a'], {'n': [1.0]})"
    assert view(source) == BarsFigure("Bars", ["a"], {"n": [1.0]})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "drawn nothing"),
        ("output_figure = 3", "output_figure is a int"),
        ("figure.add_subplot().plot([1], [1, 2])", "line 1"),
    ],
)
def test_a_view_that_cannot_be_shown(source: str, message: str) -> None:
    with pytest.raises(NodeError, match=message):
        view(source)
