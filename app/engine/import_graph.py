"""The code that a node can reach: its module's imports, theirs, and so on, file by file; and the libraries these use.

What belongs to the node's own package, to `nodes`, or to no installed distribution is followed into its source. Everything
else is a library and counts by its version. The standard library counts by Python's.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from app.engine.source_files import SourceFile, SourceIndex

OWN_PACKAGE = "nodes"
RUN_BY: Mapping[str, tuple[str, ...]] = {
    "imblearn": ("sklearn", "numpy", "scipy"),
    "keras": ("tensorflow", "numpy", "h5py"),
    "matplotlib": ("numpy", "PIL"),
    "scipy": ("numpy",),
    "skimage": ("numpy", "scipy"),
    "sklearn": ("numpy", "scipy"),
    "skops": ("sklearn",),
    "tensorflow": ("keras", "numpy", "ml_dtypes"),
    "tf2onnx": ("onnx", "tensorflow"),
}
"""Library -> those that do its work, whoever imports them: another version of these gives other results, too."""
WITHOUT_EFFECT = frozenset({"annotated_types", "pydantic", "pydantic_core", "typing_extensions"})
"""Libraries that results do not depend on: they check settings, and the settings themselves are in a key."""


@dataclass(frozen=True)
class Closure:
    """All that a module can reach.

    Attributes:
        sources: Module -> digest of what its file does.
        data: Data file that they read -> digest of its content.
        libraries: Distribution -> its version; a library that is not installed -> `absent`.
    """

    sources: Mapping[str, str]
    data: Mapping[str, str]
    libraries: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """One hash of it all, and of Python's version, as 32 hexadecimal digits."""
        python = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
        parts = [python, *(f"{name}={text}" for part in vars(self).values() for name, text in sorted(part.items()))]
        return hashlib.blake2b("\n".join(parts).encode(errors="surrogateescape"), digest_size=16).hexdigest()


@dataclass(frozen=True)
class _Module:
    """Where a module is: its file, and if it is a package the folders with what is in it."""

    file: Path | None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Direct:
    """What a module reaches by itself."""

    digest: str
    modules: frozenset[str]
    libraries: frozenset[str]
    data: Mapping[str, str]


class ImportGraph:
    """Which module imports which. Every file is looked at once; what changes afterwards is not seen.

    Args:
        index: The source files that are known.
    """

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._located: dict[str, _Module | None] = {}
        self._listed: dict[str, frozenset[str]] = {}
        self._direct: dict[tuple[str, str], _Direct] = {}

    def closure(self, module: str) -> Closure:
        """All that a module can reach, itself included.

        Args:
            module: Its full name; its package is followed into its source wherever it is installed.
        """
        own = module.partition(".")[0]
        sources: dict[str, str] = {}
        data: dict[str, str] = {}
        libraries: set[str] = set()
        waiting = self._chain(module)
        while waiting:
            name = waiting.pop()
            if name in sources:
                continue
            direct = self._reached(name, own)
            sources[name] = direct.digest
            data.update(direct.data)
            libraries |= direct.libraries
            waiting += direct.modules - sources.keys()
        found = Closure(sources, data, self._versions(libraries))
        self._index.save()
        return found

    def _reached(self, name: str, own: str) -> _Direct:
        """What a module reaches by itself, where `own` is the package whose source is followed beside ours."""
        known = self._direct.get((name, own))
        if known is None:
            known = self._direct[name, own] = self._look_into(name, own)
        return known

    def _look_into(self, name: str, own: str) -> _Direct:
        module = self._locate(name)
        source = self._source(name, module)
        modules: set[str] = set()
        libraries: set[str] = set()
        discovered = [f"{package}.{part}" for package in source.discovers for part in self._modules_in(package)]
        for imported in [*source.imports, *discovered]:
            top = imported.partition(".")[0]
            if top in sys.stdlib_module_names:
                continue
            if top in (OWN_PACKAGE, own) or (top not in self._distributions and self._locate(top) is not None):
                modules.update(self._chain(imported))
            else:
                libraries.add(top)
        data = dict(self._data(module, source.data)) if module and source.data else {}
        return _Direct(source.digest, frozenset(modules), frozenset(libraries), data)

    def _source(self, name: str, module: _Module | None) -> SourceFile:
        if module is None or module.file is None:
            return SourceFile("")
        package = name if module.folders else name.rpartition(".")[0]
        with suppress(OSError):
            return self._index.source(module.file, package)
        return SourceFile("unreadable")

    def _data(self, module: _Module, patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
        assert module.file is not None
        for pattern in patterns:
            for path in sorted(module.file.parent.glob(pattern)):
                yield path.relative_to(module.file.parent).as_posix(), self._index.source(path, None).digest

    # -- where modules are

    def _chain(self, name: str) -> list[str]:
        """The modules that importing a name runs: its packages from the top, and itself where it is one."""
        parts = name.split(".")
        found = []
        for length in range(1, len(parts) + 1):
            part = ".".join(parts[:length])
            if self._locate(part) is None:
                break
            found.append(part)
        return found

    def _locate(self, name: str) -> _Module | None:
        if name not in self._located:
            parent, _, last = name.rpartition(".")
            self._located[name] = self._locate_in(parent, last) if parent else _top_level(name)
        return self._located[name]

    def _locate_in(self, parent: str, last: str) -> _Module | None:
        package = self._locate(parent)
        for folder in package.folders if package else ():
            names = self._names_in(folder)
            inner = self._names_in(f"{folder}/{last}") if last in names else frozenset()
            if "__init__.py" in inner:
                return _Module(Path(f"{folder}/{last}/__init__.py"), (f"{folder}/{last}",))
            for suffix in (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES):
                if last + suffix in names:
                    return _Module(Path(f"{folder}/{last}{suffix}"))
            if inner:  # a package without a file of its own
                return _Module(None, (f"{folder}/{last}",))
        return None

    def _modules_in(self, package: str) -> list[str]:
        """The names of the modules right in a package."""
        module = self._locate(package)
        names = {name for folder in (module.folders if module else ()) for name in self._names_in(folder)}
        return sorted({name.partition(".")[0] for name in names} - {"__init__", "__pycache__", ""})

    def _names_in(self, folder: str) -> frozenset[str]:
        if folder not in self._listed:
            self._listed[folder] = frozenset()
            with suppress(OSError):
                self._listed[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names alone, of many folders
        return self._listed[folder]

    # -- libraries

    @cached_property
    def _distributions(self) -> Mapping[str, list[list[str]]]:
        return self._index.distributions()

    def _versions(self, libraries: Iterable[str]) -> dict[str, str]:
        """The versions of the distributions behind top-level modules, and of those that do their work."""
        waiting, reached = list(libraries), set(WITHOUT_EFFECT)
        versions: dict[str, str] = {}
        while waiting:
            top = waiting.pop()
            if top in reached:
                continue
            reached.add(top)
            waiting += RUN_BY.get(top, ())
            versions |= dict(self._distributions.get(top, [[top, "absent"]]))
        return versions


def _top_level(name: str) -> _Module | None:
    """Where a top-level module is, without importing it."""
    loaded = sys.modules.get(name)
    spec = getattr(loaded, "__spec__", None)
    if loaded is not None and spec is None:  # a script
        file = getattr(loaded, "__file__", None)
        return _Module(Path(file)) if file else None
    with suppress(ImportError, ValueError):
        spec = spec or importlib.util.find_spec(name)
    if spec is None:
        return None
    file = Path(spec.origin) if spec.origin and spec.has_location else None
    return _Module(file, tuple(spec.submodule_search_locations or ()))
