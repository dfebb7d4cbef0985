"""The code behind a key: all that a node can reach, and nothing else; what does nothing does not count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.engine.import_graph import RUN_BY, Closure, ImportGraph
from app.engine.source_files import SourceFile, SourceIndex
from nodes.catalog import Catalog
from tests import homes


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.startswith(("plug", "helper", "library"))]:
        del sys.modules[name]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))


def install(site: Path, name: str, version: str) -> None:
    """As pip would: the module, and what is noted of its distribution."""
    for old in site.glob(f"{name}_dist-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    info = f"{name}_dist-{version}.dist-info"
    write(
        site, {f"{name}/__init__.py": "", f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: {version}\n"}
    )
    write(site, {f"{info}/top_level.txt": f"{name}\n", f"{info}/RECORD": f"{name}/__init__.py,,\n"})


PLUG = {
    "plug/__init__.py": "",
    "plug/node.py": """
        from typing import TYPE_CHECKING

        from nodes.base import Node
        from plug import near
        from .relative import something

        if TYPE_CHECKING:
            from plug import types

        def execute():
            from plug.inner.deep import value
            import helper
    """,
    "plug/near.py": "import json\n",
    "plug/relative.py": "something = 1\n",
    "plug/types.py": "import library\n",
    "plug/inner/__init__.py": "",
    "plug/inner/deep.py": "value = 1\n",
    "plug/inner/beside.py": "value = 1\n",
    "helper.py": "import library.part\n",
}


@pytest.fixture
def plug(site: Path) -> Path:
    write(site, PLUG)
    install(site, "library", "1.0")
    return site


def closure(module: str = "plug.node", index: Path | None = None) -> Closure:
    """What is found anew; Layerloom's own sources are known, to be quick."""
    with TemporaryDirectory() as folder:
        return ImportGraph(SourceIndex(index or homes.sources_known(Path(folder)))).closure(module)


def test_the_closure_is_what_the_imports_reach_those_inside_functions_too(plug: Path) -> None:
    found = closure()
    own = {name for name in found.sources if not name.startswith("nodes")}
    assert own == {"plug", "plug.node", "plug.near", "plug.relative", "plug.inner", "plug.inner.deep", "helper"}
    assert {"nodes", "nodes.base", "nodes.values", "nodes.values.table"} <= found.sources.keys()
    assert not any(name.startswith(("nodes.tables", "nodes.networks", "nodes.catalog")) for name in found.sources)
    assert found.libraries["library-dist"] == "1.0"
    assert found.libraries.keys() >= {"polars", "numpy"}  # of nodes.values.table
    assert "keras" not in found.libraries
    assert "pydantic" not in found.libraries


@pytest.mark.parametrize("name", [n for n in PLUG if n not in ("plug/types.py", "plug/inner/beside.py")])
def test_what_a_node_can_reach_counts(plug: Path, name: str) -> None:
    before = closure().digest
    (plug / name).write_text((plug / name).read_text() + "\nmore = 1\n")
    assert closure().digest != before


@pytest.mark.parametrize("name", ["plug/types.py", "plug/inner/beside.py", "plug/another.py", "other.py"])
def test_what_it_cannot_reach_does_not(plug: Path, name: str) -> None:
    before = closure().digest
    write(plug, {name: "more = 1\n"})
    assert closure().digest == before


SOURCE = '''
    """What it is for."""

    import os

    LIMIT = 3
    """Of something."""


    class Thing:
        """A thing."""

        def work(self, number: int) -> int:
            """Work."""
            return number + LIMIT  # more
'''
SAME = {
    "a comment": SOURCE.replace("# more", "# a good deal more"),
    "a docstring": SOURCE.replace("Work.", "Work hard.").replace("Of something.", "Of everything."),
    "no docstring": SOURCE.replace('"""Work."""', ""),
    "formatting": SOURCE.replace("number + LIMIT", "(\n                number\n                + LIMIT\n            )"),
    "quotes and lines": SOURCE.replace("\n\n", "\n\n\n\n"),
    "an import for type checkers": SOURCE.replace("LIMIT = 3", "LIMIT = 3\n    if typing.TYPE_CHECKING:\n        import keras"),
}
OTHER = {
    "a number": SOURCE.replace("LIMIT = 3", "LIMIT = 4"),
    "an operator": SOURCE.replace("number + LIMIT", "number - LIMIT"),
    "an annotation": SOURCE.replace("number: int", "number: float"),
    "an import": SOURCE.replace("import os", "import os, re"),
    "a message": SOURCE.replace("return number", "assert number, 'none'; return number"),
}


def parsed(source: str) -> SourceFile:
    return SourceFile.parse(textwrap.dedent(source).encode(), "package")


@pytest.mark.parametrize("what", SAME)
def test_what_does_nothing_does_not_count(what: str) -> None:
    assert SAME[what] != SOURCE
    assert parsed(SAME[what]) == parsed(SOURCE)


@pytest.mark.parametrize("what", OTHER)
def test_what_does_something_counts(what: str) -> None:
    assert OTHER[what] != SOURCE
    assert parsed(OTHER[what]).digest != parsed(SOURCE).digest


def test_imports_of_every_form_are_found() -> None:
    source = """
        import a.b, c as d
        from e import f, g as h
        from . import near
        from ..up.there import k
        from star import *
        try:
            import tried
        except ImportError:
            import otherwise
        match 1:
            case 1:
                import matched
        import_module("called.by.name")
        if TYPE_CHECKING:
            import not_at_all
        else:
            import at_last
    """
    assert set(SourceFile.parse(textwrap.dedent(source).encode(), "top.middle").imports) == {
        "a.b", "c", "e.f", "e.g", "top.middle.near", "top.up.there.k", "star", "tried", "otherwise", "matched", "called.by.name",
        "at_last",
    }  # fmt: skip


def test_another_version_of_a_library_counts(plug: Path) -> None:
    index = plug.parent / "sources.json"
    before = closure(index=index)
    assert closure(index=index).digest == before.digest
    install(plug, "library", "1.1")
    assert closure(index=index).libraries["library-dist"] == "1.1"
    assert closure(index=index).digest != before.digest
    for file in (info := next(plug.glob("library_dist-*"))).iterdir():
        file.unlink()
    info.rmdir()
    (plug / "library" / "__init__.py").unlink()
    (plug / "library").rmdir()
    assert closure(index=index).libraries["library"] == "absent"


def test_what_does_a_librarys_work_counts_with_it(site: Path) -> None:
    write(site, {"plug.py": "import keras\nimport sklearn.tree\n"})
    assert closure("plug").libraries.keys() == {
        "keras", "tensorflow", "h5py", "ml_dtypes", "scikit-learn", "numpy", "scipy",
    }  # fmt: skip


def test_every_library_that_is_named_is_one() -> None:
    known = SourceIndex().distributions()
    assert {*RUN_BY, *(name for names in RUN_BY.values() for name in names)} - {"onnx", "tf2onnx"} <= known.keys()


def test_what_is_discovered_and_the_data_that_are_read_are_declared(site: Path) -> None:
    write(site, {"plug/__init__.py": "", "plug/kinds/__init__.py": "", "plug/kinds/one.py": "", "plug/data/a.json": "1"})
    write(site, {"plug/node.py": 'DISCOVERS = ("plug.kinds",)\nREADS_DATA = ("data/*.json",)\n'})
    before = closure()
    assert before.sources.keys() == {"plug", "plug.node", "plug.kinds", "plug.kinds.one"}
    assert before.data.keys() == {"data/a.json"}
    write(site, {"plug/kinds/two.py": ""})
    more = closure()
    assert more.sources.keys() - before.sources.keys() == {"plug.kinds.two"}
    write(site, {"plug/data/a.json": "2"})
    assert len({before.digest, more.digest, closure().digest}) == 3


# ---------------------------------------------------------------------------------------------------- what is remembered


def test_what_is_remembered_is_what_would_be_found(plug: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.source_files.SETTLED_NS", -1)
    index = plug.parent / "sources.json"
    found = closure(index=index)
    kept = json.loads(index.read_text())
    assert str(plug / "plug" / "node.py") in kept["files"]
    with monkeypatch.context() as patch:
        patch.setattr(SourceFile, "parse", lambda *_: pytest.fail("a file is parsed again"))
        assert closure(index=index) == found
    stamp = (plug / "plug/near.py").stat()
    (plug / "plug/near.py").write_text("import zlib\n")  # as long as before, and as old
    os.utime(plug / "plug/near.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert closure(index=index).digest == closure().digest != found.digest


@pytest.mark.parametrize("damage", ["", "[]", '{"python": 3}', '{"files": 3}', "files", "strings", "short"])
def test_a_damaged_index_is_not_believed(plug: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.source_files.SETTLED_NS", -1)
    index = plug.parent / "sources.json"
    found = closure(index=index)
    kept = json.loads(index.read_text())
    if damage == "files":
        kept |= {"files": dict.fromkeys(kept["files"], 7), "installed": 3}
    elif damage == "strings":
        kept["files"] = {path: [entry[0], 5, "a", None, []] for path, entry in kept["files"].items()}
    elif damage == "short":
        kept["files"] = {path: entry[:2] for path, entry in kept["files"].items()}
    index.write_text(json.dumps(kept) if damage in ("files", "strings", "short") else damage)
    assert closure(index=index) == found


def test_a_file_that_was_only_just_written_is_not_remembered(plug: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.source_files.SETTLED_NS", 300 * 10**9)  # on a busy machine a test takes a while
    index = plug.parent / "sources.json"
    closure(index=index)
    assert not any("plug" in path for path in json.loads(index.read_text())["files"])


# ------------------------------------------------------------------------------------------------- against the real thing

RAN = """
import json, sys
from pathlib import Path
from tests.app.engine.loaded_modules import run_nodes

print(json.dumps(run_nodes(Path(sys.argv[1]))))
"""


def test_nothing_is_loaded_that_is_not_in_the_closure(tmp_path: Path) -> None:
    """Of everything that nodes of many shelves import while they work, nothing is missing."""
    catalog = Catalog.load(plugins=False, index=homes.nodes_known(tmp_path))
    asked = [sys.executable, "-c", RAN, str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    classes, loaded = json.loads(done.stdout.splitlines()[-1])
    assert len({node_id.partition(".")[0] for node_id, _ in loaded}) > 7
    assert classes, "the catalog loaded all classes before"
    assert any(modules for _, modules in loaded), "no node loaded anything while it worked"
    graph = ImportGraph(SourceIndex())
    reached = {node_id: graph.closure(catalog[node_id].__module__).sources.keys() for node_id, _ in loaded}
    assert set(classes) <= set().union(*reached.values())
    for node_id, modules in loaded:
        assert set(modules) <= reached[node_id], node_id


def test_every_module_of_ours_that_a_node_class_needs_is_in_its_closure() -> None:
    graph, catalog = ImportGraph(SourceIndex()), Catalog.load(plugins=False)
    for node_class in catalog.values():
        found = graph.closure(node_class.__module__).sources
        assert {c.__module__ for c in node_class.__mro__ if c.__module__.startswith("nodes.")} <= found.keys()
        assert "" not in {digest for name, digest in found.items()}


# ------------------------------------------------------------------------------------------------------- a plug-in's keys

PLUGGED = '''
from nodes.base import Node, Port
from helper import VALUE


class Plugged(Node):
    """Do nothing."""

    id = "plug.node"
    title = "Plugged"
    shelf = "Tables"
    output_ports = (Port("table", "table", "Table"),)

    def configure(self, specs):
        return {"table": None}

    def execute(self, values, job):
        return {}
'''
KEY_OF = """
from pathlib import Path
from app.document.model import NodeRecord, Workflow
from app.engine.fingerprints import Fingerprints
from app.engine.planner import make_plan
from app.folders import node_index
from nodes.catalog import Catalog
from tests import homes

workflow = Workflow(nodes=[NodeRecord(id="p", type="plug.node")])
print(make_plan(workflow, Catalog.load(index=node_index()), folder=Path()).keys(Fingerprints(), "run")["p"])
"""


def test_a_plug_ins_key_follows_its_own_code_and_its_libraries(site: Path) -> None:
    """As installed with an entry point, each time asked in a process of its own."""
    install(site, "library", "1.0")
    info = "plug-1.0.dist-info"
    write(site, {f"{info}/METADATA": "Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n"})
    write(site, {f"{info}/entry_points.txt": "[layerloom.nodes]\nplug = plug.node\n"})
    write(site, {"plug/__init__.py": "", "plug/node.py": PLUGGED, "helper.py": "import library\nVALUE = 1\n"})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", ""), *sys.path])}

    def key() -> str:
        asked = [sys.executable, "-c", KEY_OF]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=120, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    first = key()
    write(site, {"helper.py": "import library  # for its version\nVALUE = (1)\n", "beside.py": "VALUE = 3\n"})
    assert key() == first
    write(site, {"helper.py": "import library\nVALUE = 2\n"})
    second = key()
    install(site, "library", "2.0")
    assert len({first, second, key()}) == 3
