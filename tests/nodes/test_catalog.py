"""The catalog and its index: a class is imported when it is asked for, and what is told of it without that is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nodes
from nodes.about import NodeAbout
from nodes.catalog import Catalog
from tests import homes

NODE = '''
from nodes.base import Node, Port

class {name}(Node):
    """{summary}

    More of it."""

    id = "{id}"
    title = "{title}"
    shelf = "Tables"
    input_ports = (Port("table", "table", "Table", grows=True),)

    def configure(self, specs):
        return {{}}

    def execute(self, values, job):
        return {{}}
'''

LOOK = """
import json, sys
from pathlib import Path
from nodes.catalog import Catalog
catalog = Catalog.load(index=Path(sys.argv[1]))
about = {i: [a.title, a.summary] for i, a in catalog.about.items() if i.startswith("plug.")}
modules = [m for m in sys.modules if m.startswith(("nodes.layers", "nodes.tables", "plug"))]
print(json.dumps({"about": about, "modules": modules, "failures": dict(catalog.failures), "number": len(catalog)}))
"""


def plug_in(folder: Path, *modules: str) -> None:
    """A package with these modules as entry points, as pip would have installed it."""
    info = folder / "plug-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    points = "".join(f"{module} = {module}\n" for module in modules)
    (info / "entry_points.txt").write_text(f"[layerloom.nodes]\n{points}")


def write(folder: Path, name: str, title: str, summary: str = "Does it.") -> None:
    (folder / f"{name}.py").write_text(
        NODE.format(name=name.title().replace("_", ""), id=f"plug.{name}", title=title, summary=summary)
    )


def look(index: Path, folder: Path) -> dict[str, Any]:
    """What a new process finds, and which modules it imports for that."""
    paths = os.pathsep.join([str(folder), str(Path(nodes.__path__[0]).parent)])
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(index)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_is_told_of_every_class_is_true_with_and_without_an_index(tmp_path: Path) -> None:
    index = tmp_path / "deep" / "nodes.json"
    made = Catalog.load(plugins=False, index=index)
    recalled = Catalog.load(plugins=False, index=index)
    assert set(made) == set(recalled)
    assert len(made) > 30
    for node_id, node_class in made.items():
        about = recalled.about[node_id]
        assert recalled[node_id] is node_class
        assert about == NodeAbout.of(node_class) == made.about[node_id]
        assert about.description() == node_class.description()
        for port in (*node_class.input_ports, *node_class.output_ports):
            for name in (port.name, f"{port.name}_1", f"{port.name}_x"):
                assert about.input_port(name) == node_class.input_port(name)
                assert about.output_port(name) == node_class.output_port(name)


def test_the_second_start_imports_no_class_until_it_is_asked_for(tmp_path: Path) -> None:
    index = tmp_path / "nodes.json"
    plug_in(tmp_path, "plug_a")
    write(tmp_path, "plug_a", "First")
    first, second = look(index, tmp_path), look(index, tmp_path)
    assert len(first["modules"]) > 30
    assert second["modules"] == []
    assert (second["about"], second["number"]) == (first["about"], first["number"])
    assert first["about"] == {"plug.plug_a": ["First", "Does it."]}


def test_changed_new_and_removed_sources_are_seen(tmp_path: Path) -> None:
    index = homes.nodes_known(tmp_path)
    plug_in(tmp_path, "plug_a")
    write(tmp_path, "plug_a", "First")
    look(index, tmp_path)
    write(tmp_path, "plug_a", "First of all", "Does it better.")
    assert look(index, tmp_path)["about"] == {"plug.plug_a": ["First of all", "Does it better."]}
    plug_in(tmp_path, "plug_a", "plug_b")
    write(tmp_path, "plug_b", "Second")
    assert set(look(index, tmp_path)["about"]) == {"plug.plug_a", "plug.plug_b"}
    plug_in(tmp_path, "plug_b")
    assert set(look(index, tmp_path)["about"]) == {"plug.plug_b"}


def test_a_plug_in_that_fails_is_tried_again_at_every_start(tmp_path: Path) -> None:
    index = homes.nodes_known(tmp_path)
    plug_in(tmp_path, "plug_a")
    (tmp_path / "plug_a.py").write_text("import a_module_that_is_nowhere")
    for _ in range(2):
        found = look(index, tmp_path)
        assert "a_module_that_is_nowhere" in found["failures"]["plug_a (plug_a)"]
        assert found["number"] > 30
    (tmp_path / "a_module_that_is_nowhere.py").touch()
    assert not look(index, tmp_path)["failures"]


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.exit()",
        "raise KeyboardInterrupt",
        "raise SystemExit(3)",
        "raise GeneratorExit",
        "class Odd(BaseException): ...\nraise Odd('odd')",
        "1 / 0",
        "def",
    ],
)
def test_a_plug_in_that_ends_the_program_is_left_out_with_a_warning(code: str, tmp_path: Path) -> None:
    index = homes.nodes_known(tmp_path)
    plug_in(tmp_path, "plug_a", "plug_b")
    (tmp_path / "plug_a.py").write_text(code)
    write(tmp_path, "plug_b", "Second")
    for _ in range(2):
        found = look(index, tmp_path)
        assert list(found["failures"]) == ["plug_a (plug_a)"]
        assert set(found["about"]) == {"plug.plug_b"}


def test_of_two_plug_ins_with_one_id_the_first_keeps_it(tmp_path: Path) -> None:
    index = homes.nodes_known(tmp_path)
    plug_in(tmp_path, "plug_a", "plug_b", "plug_c")
    write(tmp_path, "plug_a", "First")
    write(tmp_path, "plug_b", "Second")
    for taken in ("plug.plug_a", "tables.row_filter"):
        write(tmp_path, "plug_b", "Second")
        text = (tmp_path / "plug_b.py").read_text()
        (tmp_path / "plug_b.py").write_text(text.replace("plug.plug_b", taken))
        write(tmp_path, "plug_c", "Third")
        for _ in range(2):
            found = look(index, tmp_path)
            assert f"'{taken}' is declared by" in found["failures"]["plug_b (plug_b)"]
            assert found["about"] == {"plug.plug_a": ["First", "Does it."], "plug.plug_c": ["Third", "Does it."]}


def test_a_node_of_a_plug_in_that_fails_when_it_is_asked_for_is_not_there_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = homes.nodes_known(tmp_path)
    plug_in(tmp_path, "plug_a")
    write(tmp_path, "plug_a", "First")
    source = tmp_path / "plug_a.py"
    source.write_text(f"import os, sys\nif 'PLUG_FAILS' in os.environ:\n    sys.exit(1)\n{source.read_text()}")
    look(index, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PLUG_FAILS", "1")
    catalog = Catalog.load(index=index)
    assert "plug.plug_a" in catalog.about, "it was known from an earlier start"
    assert catalog.get("plug.plug_a") is None
    assert "plug.plug_a" not in catalog
    assert "plug.plug_a" not in catalog.about


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[1, 2]", b"{}", b'{"x": 3}', "halved", "renamed"])
def test_a_damaged_index_is_made_anew(damage: bytes | str, tmp_path: Path) -> None:
    index = tmp_path / "nodes.json"
    known = Catalog.load(plugins=False, index=index)
    whole = index.read_bytes()
    if damage == "halved":
        index.write_bytes(whole[: len(whole) // 2])
    elif damage == "renamed":
        index.write_bytes(whole.replace(b'"shelf"', b'"shelves"'))
    else:
        assert isinstance(damage, bytes)
        index.write_bytes(damage)
    assert Catalog.load(plugins=False, index=index).about == known.about
    assert index.read_bytes() == whole


def test_an_index_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert len(Catalog.load(plugins=False, index=tmp_path / "file" / "nodes.json")) > 30


def test_a_catalog_of_classes_tells_of_them_too() -> None:
    some = dict(list(Catalog.load(plugins=False).items())[:3])
    catalog = Catalog(some)
    assert {i: NodeAbout.of(c) for i, c in some.items()} == catalog.about
    assert "nothing" not in catalog
