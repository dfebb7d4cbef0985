"""The house rules that can be asserted: who imports what, and what the repository says of itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
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


def test_the_import_contracts_hold() -> None:
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_node_class_is_found_and_every_shelf_known() -> None:
    from nodes.catalog import Catalog

    catalog = Catalog.load()
    assert not catalog.failures
    shelves = {c.shelf.partition(" / ")[0] for c in catalog.values()}
    assert shelves <= {s.partition(" / ")[0] for s in SHELF_COLORS}


def test_the_readme_s_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", Path("Makefile").read_text(), re.M))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`?make (\w+)`", Path(page).read_text())) <= targets
    assert "make test" in Path(".ci/run").read_text()
