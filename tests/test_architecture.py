"""The house rules that can be asserted: who imports what, and what the repository says of itself."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from app.shelves import SHELF_COLORS

HEAVY = ("PySide6", "NodeGraphQt", "tensorflow", "keras")


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after running `code`."""
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_checking_the_examples_finds_nothing_wrong_and_imports_neither_qt_nor_tensorflow() -> None:
    examples = sorted(map(str, Path("workflows").glob("*.workflow.json")))
    assert examples
    code = f"from app.run import main\nassert [p for p in {examples} if main(['--check', p]) != 0] == []"
    assert not modules_after(code) & set(HEAVY)


def test_the_catalog_imports_nothing_heavy() -> None:
    loaded = modules_after("from nodes.catalog import Catalog; assert len(Catalog.load()) > 30")
    assert not loaded & {*HEAVY, "pyarrow", "matplotlib", "PIL", "sklearn", "h5py", "numpy"}


def test_every_shelf_of_the_catalog_has_a_color() -> None:
    from nodes.catalog import Catalog

    shelves = {c.shelf.partition(" / ")[0] for c in Catalog.load().values()}
    assert shelves <= {s.partition(" / ")[0] for s in SHELF_COLORS}


def test_a_class_name_says_which_class_is_meant() -> None:
    places = defaultdict(list)
    for path in [*Path("app").rglob("*.py"), *Path("nodes").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{path}:{node.lineno}")
    double = {name: where for name, where in places.items() if len(where) > 1}
    assert double == {}


def test_the_readme_s_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([\w-]+):", Path("Makefile").read_text(), re.M))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`?make ([\w-]+)`", Path(page).read_text())) <= targets
    assert "make test" in Path(".ci/run").read_text()
