"""Source files as they count for results: a digest of what they do, and what they import; kept from one start to the next.

Comments, docstrings, formatting and imports under TYPE_CHECKING do nothing, so they are not in the digest.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from inspect import getmodulename
from pathlib import Path
from typing import Any

DISCOVERS = "DISCOVERS"
"""A module's constant that names the packages of which it imports every module, found by looking into their folders."""
READS_DATA = "READS_DATA"
"""A module's constant that names the data files its code reads, as patterns relative to its folder: `("tables/*.json",)`."""
SETTLED_NS = 2_000_000_000
"""So old a file must be when it is read for its stamp to be trusted: it may be written again within the tick of its clock."""


@dataclass(frozen=True)
class SourceFile:
    """What is to be known of a source file.

    Attributes:
        digest: Of what it does, as 32 hexadecimal digits.
        imports: The full names that it imports, in functions too. Of `from a import b` it is `a.b`, whatever `b` is.
        discovers: The packages of which it imports every module.
        data: Patterns of the data files that it reads.
    """

    digest: str
    imports: tuple[str, ...] = ()
    discovers: tuple[str, ...] = ()
    data: tuple[str, ...] = ()

    @classmethod
    def parse(cls, content: bytes, package: str) -> SourceFile:
        """Read a file's source.

        Args:
            content: The file.
            package: The package that the module is in, which its relative imports start from.
        """
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError):  # compiled, or of another Python
            return cls(_digest(content))
        tree.body = _doing(tree.body)
        names = set(_imports(tree.body, package))
        if b"import_module" in content or b"__import__" in content:
            names |= set(_imports_by_call(tree))
        declared = {name: _declared(tree, name) for name in (DISCOVERS, READS_DATA)}
        return cls(_digest(ast.dump(tree).encode()), tuple(sorted(names)), declared[DISCOVERS], declared[READS_DATA])


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _doing(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Those statements that do something, all the way down: no texts that stand alone, nothing for type checkers."""
    kept: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.If) and _is_for_type_checkers(statement.test):
            kept += _doing(statement.orelse)
            continue
        for owner in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            for part in ("body", "orelse", "finalbody"):
                if inner := getattr(owner, part, None):
                    setattr(owner, part, _doing(inner))
        kept.append(statement)
    return kept


def _is_for_type_checkers(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, those within others too."""
    for statement in body:
        yield statement
        for owner in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(owner, part, ()))


def _imports(body: Iterable[ast.stmt], package: str) -> Iterator[str]:
    for statement in _statements(body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
            base = ".".join([*parents, *([statement.module] if statement.module else [])])
            yield from (base if alias.name == "*" else f"{base}.{alias.name}" for alias in statement.names)


def _imports_by_call(tree: ast.Module) -> Iterator[str]:
    """What is imported by a call with the name written out: `import_module("a.b")`."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            called, name = getattr(call.func, "id", getattr(call.func, "attr", None)), call.args[0].value
            if called in ("import_module", "__import__") and isinstance(name, str):
                yield name


def _declared(tree: ast.Module, constant: str) -> tuple[str, ...]:
    """The texts of a module's constant; none where it has no such constant."""
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == constant for target in targets):
            value = getattr(statement, "value", None)
            return tuple(map(str, ast.literal_eval(value))) if value is not None else ()
    return ()


class SourceIndex:
    """The source files that were read, by path and stamp, so that a start need not parse hundreds of them.

    Args:
        path: The file in which they are kept; None keeps nothing. It is made anew, without a word, where it is damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._new = False
        kept = _read(path)
        self._files: dict[str, list[Any]] = kept.get("files", {})
        self._installed: dict[str, Any] = kept.get("installed", {})

    def source(self, path: Path, package: str | None) -> SourceFile:
        """What there is to know of a file.

        Args:
            path: The file.
            package: The package it is a module of; None if it is no module, but data.

        Raises:
            OSError: If it cannot be read.
        """
        status = path.stat()
        stamp = [package, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        with suppress(KeyError, TypeError, ValueError):
            seen, digest, *names = self._files[str(path)]
            if seen == stamp and isinstance(digest, str):
                imports, discovers, data = (tuple(map(str, n)) for n in names)
                return SourceFile(digest, imports, discovers, data)
        content = path.read_bytes()
        found = SourceFile(_digest(content)) if package is None else SourceFile.parse(content, package)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS:
            self._files[str(path)] = [stamp, found.digest, found.imports, found.discovers, found.data]
            self._new = True
        return found

    def distributions(self) -> Mapping[str, list[list[str]]]:
        """Top-level module -> name and version of each installed distribution that brings it."""
        modules: dict[str, list[list[str]]] = {}
        seen: set[str] = set()
        for path in _installed():
            kept = self._installed.get(path)
            if not isinstance(kept, list) or len(kept) < 2:
                kept = self._installed[path] = _brought(Path(path))
                self._new = True
            name, version, *tops = map(str, kept)
            if name in seen:  # an older one further behind on the path is not what is imported
                continue
            seen.add(name)
            for top in tops:
                modules.setdefault(top, []).append([name, version])
        return {top: sorted(found) for top, found in modules.items()}

    def save(self) -> None:
        """Write the file, if there is anything new; where that is not possible, the next start takes a moment longer."""
        if self._path is None or not self._new:
            return
        self._new = False
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}-", dir=self._path.parent)
            try:
                with os.fdopen(handle, "w") as file:
                    # `dump` would encode in Python, a part at a time: ten times as slow
                    file.write(json.dumps({"python": sys.version, "files": self._files, "installed": self._installed}))
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink()


def _read(path: Path | None) -> dict[str, Any]:
    """What another start of this very Python kept."""
    with suppress(OSError, ValueError):
        kept = json.loads(path.read_bytes()) if path else None
        if isinstance(kept, dict) and kept.get("python") == sys.version:
            return {name: part for name, part in kept.items() if isinstance(part, dict)}
    return {}


def _installed() -> list[str]:
    """What is installed, in the order of the path, as can be seen without opening anything: the names hold the versions."""
    found: list[str] = []
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError), os.scandir(folder or ".") as entries:
            found += sorted(entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    return found


def _brought(path: Path) -> list[str]:
    """Name and version of an installed distribution, and the top-level modules that it brings."""
    from importlib.metadata import Distribution

    found = Distribution.at(path)
    name = found.metadata["Name"]
    if not name:  # left behind by half an uninstallation
        return ["", ""]
    tops = set((found.read_text("top_level.txt") or "").split())
    if not tops:
        for file in found.files or ():
            module = getmodulename(file.name)
            top = module if len(file.parts) == 1 else file.parts[0]
            if module and top and top.isidentifier() and top != "__pycache__":
                tops.add(top)
    return [name, found.version, *sorted(tops)]
