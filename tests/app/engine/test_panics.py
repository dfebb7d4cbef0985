"""A panic of polars is no `Exception`: wherever in a node it happens, the person reads a message, and all else goes on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.document.model import NodeRecord, Workflow
from app.engine import executor
from app.engine.events import Event
from app.engine.planner import make_plan
from app.engine.store import Store
from app.report import write_report
from nodes.catalog import Catalog
from nodes.errors import LibraryPanic, NodeError, is_panic, panics_as_errors
from nodes.kit.scripts import scripting
from tests.app.engine.toy import Count
from tests.support import RecordingJob

ENGINE = Path(executor.__file__).parent


def lost_its_way(*_: Any, **__: Any) -> Any:
    raise pl.exceptions.PanicException("lost my way")


def panicking(hook: str) -> Catalog:
    """Two nodes, and one of them gives up in one of its methods."""
    body: dict[str, Any] = {
        "__doc__": "Give up.",
        "__module__": __name__,
        "id": "toy.panic",
        "title": "Panic",
        "version": 2,
        "scripts": lambda self: {},
        "migrate": classmethod(lambda cls, settings, version: settings),
        hook: classmethod(lost_its_way) if hook == "migrate" else lost_its_way,
    }
    other = type("Other", (Count,), {"__doc__": "Count.", "__module__": __name__, "id": "toy.other", "title": "Other"})
    return Catalog({"toy.panic": type("Panic", (Count,), body), "toy.other": other})


@pytest.mark.parametrize("hook", ["migrate", "model_post_init", "scripts", "configure", "file_sets", "execute", "views"])
def test_a_panic_anywhere_in_a_node_is_a_message_and_the_others_go_on(hook: str, tmp_path: Path) -> None:
    (tmp_path / "read").write_text("read")
    records = [
        NodeRecord(id="panic", type="toy.panic", type_version=1, settings={"file": "read"}),
        NodeRecord(id="other", type="toy.other", type_version=1),
    ]
    made = Workflow(nodes=tuple(records))
    plan = make_plan(made, panicking(hook), folder=tmp_path)
    store = Store(tmp_path / "results")
    seen: list[Event] = []
    result = executor.run(plan, store, seen.append)
    said = [str(problem.message) for problem in plan.nodes["panic"].problems]
    said += [str(error) for node, error in result.failures.items() if node == "panic"]
    page = tmp_path / "report.html"
    write_report(page, made, plan, result, store, seen)
    assert any("gave up over it: lost my way" in words for words in [*said, page.read_text()])
    assert "other" in result.keys
    assert ("panic" in result.keys) == (hook == "views")


def test_a_panic_in_a_script_tells_its_line(tmp_path: Path) -> None:
    source = "import polars as pl\n\ndef lost():\n    raise pl.exceptions.PanicException('lost my way')\n"
    found: dict[str, Any] = {}
    exec(compile(source, scripting._file_name(source), "exec"), found)
    with pytest.raises(NodeError, match="line 4"), scripting.errors_explained(source, "script", RecordingJob(tmp_path)):
        found["lost"]()


def test_only_a_panic_becomes_an_error() -> None:
    assert is_panic(pl.exceptions.PanicException("x"))
    with pytest.raises(LibraryPanic, match="gave up over it"), panics_as_errors():
        lost_its_way()
    with pytest.raises(KeyboardInterrupt), panics_as_errors():
        raise KeyboardInterrupt


def handlers() -> Iterator[tuple[str, ast.Try]]:
    """Every `try` of the engine that goes on whatever is raised, with its place."""
    for path in sorted(ENGINE.rglob("*.py")):
        for found in ast.walk(ast.parse(path.read_text())):
            if isinstance(found, ast.Try) and any(_catches_all(handler) for handler in found.handlers):
                yield f"{path.relative_to(ENGINE)}:{found.lineno}", found


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id == "Exception" for name in caught)


def _imports(body: list[ast.stmt]) -> bool:
    """Whether libraries are imported there, and nothing is done with them that a node asks for."""
    words = " ".join(ast.unparse(statement) for statement in body)
    return "import" in words and "node" not in words


def test_whoever_goes_on_whatever_is_raised_goes_on_after_a_panic() -> None:
    found = list(handlers())
    assert len(found) > 6
    bare = [place for place, guarded in found if "panics_as_errors()" not in ast.unparse(guarded) and not _imports(guarded.body)]
    assert not bare, f"a panic of polars passes here; call what may panic in `with panics_as_errors()`: {bare}"
