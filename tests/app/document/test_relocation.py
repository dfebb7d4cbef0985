from pathlib import Path

import pytest

from app.document.file import parse
from app.document.model import NodeRecord, Variable, Workflow
from app.document.relocation import relocated
from nodes.catalog import Catalog


@pytest.fixture(scope="module")
def catalog():
    return Catalog.load()


def moved(catalog, tmp_path, **settings):
    workflow = Workflow(nodes=[NodeRecord(id="a", type="readers.csv", settings=settings)])
    return relocated(workflow, catalog, tmp_path / "here", tmp_path / "there" / "deep").node("a").settings


def test_a_relative_path_leads_to_the_same_file(catalog, tmp_path):
    path = moved(catalog, tmp_path, path="data/iris.csv")["path"]
    assert path == "../../here/data/iris.csv"
    assert (tmp_path / "there/deep" / path).resolve() == (tmp_path / "here/data/iris.csv").resolve()


@pytest.mark.parametrize("path", ["/data/iris.csv", "${data_dir}/iris.csv", "~/iris.csv", ""])
def test_other_paths_stay(catalog, tmp_path, path):
    assert moved(catalog, tmp_path, path=path)["path"] == path


def test_settings_that_are_no_paths_stay(catalog, tmp_path):
    assert moved(catalog, tmp_path, separator="a/b", path={"variable": "x"}) == {"separator": "a/b", "path": {"variable": "x"}}


def test_path_variables_move_with_the_workflow_but_not_those_of_the_start_folder(catalog, tmp_path):
    workflow = Workflow(
        variables=[
            Variable(name="a", type="path", value="data"),
            Variable(name="b", type="path", value="out", relative_to="start"),
            Variable(name="c", type="text", value="data"),
        ]
    )
    values = [v.value for v in relocated(workflow, catalog, tmp_path, tmp_path / "below").variables]
    assert values == ["../data", "out", "data"]


def test_unknown_types_and_the_same_folder_change_nothing(catalog, tmp_path):
    text = (
        '{"format": "layerloom-workflow", "format_version": 1, "nodes": [{"id": "a", "type": "x.y", "settings": {"path": "a"}}]}'
    )
    workflow = parse(text)
    assert relocated(workflow, catalog, tmp_path, tmp_path / "b") == workflow
    assert relocated(workflow, catalog, tmp_path, Path(tmp_path)) is workflow
