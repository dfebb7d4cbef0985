"""The person's settings of the editor: looks, recent files, how the window was left. Knows nothing of Qt.

They are one small JSON file. Every change is made to what the file says at that moment, so that two windows at once do not undo
each other's, and fields of a newer version stay. A damaged file is set aside, and the person is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.document.atomic_writing import write_atomically
from app.folders import config_folder

MOST_FILES = 12
MOST_NODES = 12
LOCK_SECONDS = 1.0


def _first(count: int) -> BeforeValidator:
    """Shortens a list that is too long."""
    return BeforeValidator(lambda value: value[:count] if isinstance(value, list) else value)


class Preferences(BaseModel):
    """What the editor remembers. Fields it does not know are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    appearance: Literal["system", "light", "dark"] = "system"
    interface_scale: float = Field(1.0, ge=0.8, le=2.0, description="Size of everything; it holds from the next start on.")
    recent_files: Annotated[list[str], _first(MOST_FILES)] = Field(default=[], description="Absolute paths, the last one first.")
    last_folder: str = Field("", description="Where a file was opened or saved last.")
    recent_nodes: Annotated[list[str], _first(MOST_NODES)] = Field(default=[], description="Node types, the last one first.")
    window_geometry: str = Field("", description="QMainWindow.saveGeometry as base64.")
    window_state: str = Field("", description="QMainWindow.saveState as base64: docks and toolbars.")
    open_shelves: list[str] | None = Field(None, description="Shelves of the repository that are open; None: as it comes.")
    minimap: bool = True
    show_advanced: bool = Field(False, description="Whether config dialogs begin with their advanced settings shown.")
    snap_to_grid: bool = Field(True, description="Whether nodes that are dragged move in steps.")
    smoothing: float = Field(0.0, ge=0, lt=1, description="Of learning curves: the weight of what was before.")
    log_scale: bool = Field(False, description="Whether learning curves have a logarithmic scale.")
    results_limit_gb: float = Field(20.0, gt=0, description="Results used longest ago go when the rest is more than this.")
    shortcuts: dict[str, list[str]] = Field(
        {}, description="Keys that the person chose: id of an action -> keys, as Qt writes them."
    )
    tour_done: bool = Field(False, description="Whether the first tour was finished or refused.")


Listener = Callable[[Preferences], object]


class PreferenceStore:
    """The preferences, and the file they are in. Nothing here raises: what cannot be written holds for this session.

    Attributes:
        path: The file.
        values: The preferences as this program knows them.
        problems: What the person must be told about the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._listeners: list[Listener] = []
        self._unwritable = False
        self.values = _valid(self._read())[0]

    @classmethod
    def load(cls, path: Path | None = None) -> PreferenceStore:
        """Read the preferences; defaults where there are none.

        Args:
            path: The file; `editor.json` in the person's config folder if not given.
        """
        return cls(path or config_folder() / "editor.json")

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with the preferences whenever they change; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def change(self, **values: Any) -> None:
        """Set preferences by name, and write them; the others become what the file says now.

        Raises:
            ValidationError: If a value is none of its preference.
        """
        self._update(lambda _: values)

    def reload(self) -> None:
        """Take over what another window wrote."""
        self._take(_valid(self._read())[0])

    def remember_file(self, path: Path) -> list[str]:
        """Put a file on top of the recent ones, and its folder down as the last one; returns the recent files."""
        name = str(path.absolute())
        self._update(
            lambda now: {
                "recent_files": [name, *(n for n in now.recent_files if n != name)],
                "last_folder": str(Path(name).parent),
            }
        )
        return self.values.recent_files

    def forget_file(self, path: Path | str) -> list[str]:
        """Take a file from the recent ones; returns those that are left."""
        names = {str(path), str(Path(path).absolute())}
        self._update(lambda now: {"recent_files": [n for n in now.recent_files if n not in names]})
        return self.values.recent_files

    def last_folder(self) -> Path:
        """Return the folder where a file was opened or saved last; the person's home if there is none any more."""
        last = self.values.last_folder
        return Path(last) if last and Path(last).is_dir() else Path.home()

    def remember_node(self, node_type: str) -> list[str]:
        """Put a node type on top of the recently used ones; returns them."""
        self._update(lambda now: {"recent_nodes": [node_type, *(n for n in now.recent_nodes if n != node_type)]})
        return self.values.recent_nodes

    # -- the file

    def _update(self, changes: Callable[[Preferences], dict[str, Any]]) -> None:
        """Change what the file says now, and take that over."""
        with self._locked():
            data = self._read()
            now, _ = _valid(data) if not self._unwritable else (self.values, [])
            changed = Preferences.model_validate(now.model_dump() | changes(now))
            if changed != now or not self.path.exists():
                self._write(data, changed)
        self._take(changed)

    def _take(self, values: Preferences) -> None:
        if values != self.values:
            self.values = values
            for listener in tuple(self._listeners):
                listener(values)

    def _read(self) -> dict[str, Any]:
        """What the file says; where it is damaged, it is set aside, and what can be kept of it is returned."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._tell(f"The editor's settings in {self.path} cannot be read: {error.strerror or error}. Defaults are used.")
            return {}
        try:
            data = json.loads(content)
            if not isinstance(data, dict):
                raise ValueError("it holds no settings")  # noqa: TRY301, TRY004 - damaged like any other
        except (ValueError, RecursionError):
            data, wrong = {}, ["all of them"]
        else:
            wrong = _valid(data)[1]
        if wrong:
            aside = self._set_aside(content)
            self._tell(
                f"The editor's settings were damaged ({', '.join(wrong)}), and those have their defaults again. "
                f"The old file is kept as {aside}."
            )
            data = {k: v for k, v in data.items() if k not in wrong}
            self._write(data, _valid(data)[0])
        return data

    def _set_aside(self, content: bytes) -> Path:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        with suppress(OSError):
            aside.write_bytes(content)
        return aside

    def _write(self, data: dict[str, Any], values: Preferences) -> None:
        """Write the file: what is known from `values`, defaults left out, and what is not known from `data`."""
        unknown = {k: v for k, v in data.items() if k not in Preferences.model_fields}
        known = values.model_dump(mode="json", exclude_defaults=True)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, json.dumps(unknown | known, indent=2).encode() + b"\n")
        except OSError as error:
            self._unwritable = True
            self._tell(f"The editor's settings cannot be written to {self.path}: {error.strerror or error}. They hold for now.")
        else:
            self._unwritable = False

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other windows from changing the file meanwhile; not for ever, and not where the disk knows no locks."""
        from filelock import FileLock

        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=LOCK_SECONDS, poll_interval=0.01)
        with suppress(OSError, NotImplementedError):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _valid(data: dict[str, Any]) -> tuple[Preferences, list[str]]:
    """The preferences that the data hold, and the names of those that are none and have their defaults."""
    try:
        return Preferences.model_validate(data), []
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]})
        return Preferences.model_validate({k: v for k, v in data.items() if k not in wrong}), wrong
