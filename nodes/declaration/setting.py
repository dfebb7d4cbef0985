"""Saying what a setting is: `setting()`, and the one object that it leaves in the metadata of pydantic's field.

Node authors find all of it in `nodes.base`. What reads it is `nodes.declaration.declared`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

PathUse = Literal["read file", "read folder", "write file", "write folder"]


class Missing(Enum):
    """What a setting is that was not set."""

    MISSING = "missing"


MISSING = Missing.MISSING
"""No value: the setting has its default."""


@dataclass(frozen=True)
class Columns:
    """Declares that a setting names columns of the table at an input port.

    Attributes:
        port: The input port whose table offers the columns; empty: the first one of a table, for groups of settings that nodes
            with differently named ports share.
        accepts: Kinds of column, as in `nodes.values.table.COLUMN_KINDS`; empty accepts all.
    """

    port: str = "table"
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layers:
    """Declares that a setting names layers, or tensors, of the network at an input port.

    Attributes:
        port: The input port whose network offers them.
        offers: `layers` are all by their names, `weighted layers` those that have weights, `tensors` what comes out of each
            layer, as `conv_1_0:0`; `tensor per wire` is for a list that has one of these for each wire of a growing port, by
            its number, where an empty one leaves the choice to the node.
    """

    port: str = "network"
    offers: Literal["layers", "weighted layers", "tensors", "tensor per wire"] = "layers"


@dataclass(frozen=True)
class SettingInfo:
    """What `setting()` was told of a setting, besides its type, its default and its bounds.

    Attributes:
        label: Its name in the dialog; empty where it was not declared by `setting()`.
        help: What it does.
        group: The dialog's tab.
        advanced: Shown only when asked for.
        shown_if: Other settings -> the values that they need for this one to matter.
        columns: Where it names columns.
        layers: Where it names layers or tensors.
        path: What a path is for; None where it is none.
        choices: Value -> a sentence of help.
        lines: Whether a text may have several lines.
        code: The language that a text is written in; None where it is none.
        offers: Texts that are offered, where others may be typed, too.
        start: The value, as JSON, that is written into the workflow when a person adds a node; MISSING where that is the default.
    """

    label: str = ""
    help: str = ""
    group: str = "Settings"
    advanced: bool = False
    shown_if: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    columns: Columns | None = None
    layers: Layers | None = None
    path: PathUse | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    lines: bool = False
    code: Literal["python"] | None = None
    offers: tuple[str, ...] = ()
    start: Any = MISSING


_UNDECLARED = SettingInfo()


def info_of(declared: FieldInfo) -> SettingInfo:
    """Return what `setting()` was told; of a field that pydantic alone declares, its title and description."""
    for entry in reversed(declared.metadata):  # a field that is made of another one has the own last
        if isinstance(entry, SettingInfo):
            return entry
    if declared.title or declared.description:
        return SettingInfo(declared.title or "", declared.description or "")
    return _UNDECLARED


def setting(
    default: Any,
    label: str,
    help: str = "",
    *,
    group: str = "Settings",
    advanced: bool = False,
    shown_if: Mapping[str, Any] | None = None,
    columns: Columns | None = None,
    layers: Layers | None = None,
    path: PathUse | None = None,
    choices: Mapping[str, str] | None = None,
    lines: bool = False,
    code: Literal["python"] | None = None,
    offers: Sequence[str] = (),
    start: Any = MISSING,
    **constraints: Any,
) -> Any:
    """Declare one setting of a node.

    Args:
        default: The value where a file says nothing; `...` makes the setting required. It never changes.
        label: Its name in the dialog.
        help: What it does, as a sentence or two.
        group: The dialog's tab.
        advanced: Shown only when asked for.
        shown_if: Other settings and the value (or list of values) they need for this one to matter.
        columns: Where the setting names columns: of which table, and of which kinds.
        layers: Where the setting names layers or tensors: of which network.
        path: Where the setting is a path: what for. What is read counts by its content, not by its name.
        choices: For a choice: a sentence of help per value.
        lines: Whether a text may have several lines; the dialog then gives it room.
        code: The language a text is written in. Where it is a script that the node runs, `Node.scripts` must name it.
        offers: For a text: what the dialog offers, though others may be typed.
        start: What a node that a person adds begins with, as JSON, where that is not the default: it is written into the
            workflow, so that files keep their meaning when what is useful at first changes.
        **constraints: pydantic's own: ge, gt, le, lt, min_length, max_length, pattern.
    """
    needs = {name: tuple(v) if isinstance(v, list | tuple) else (v,) for name, v in (shown_if or {}).items()}
    info = SettingInfo(
        label, help, group, advanced, needs, columns, layers, path, choices or {}, lines, code, tuple(offers), start
    )
    named: dict[str, Any] = {"title": label, "description": help, **constraints}
    if isinstance(default, list | dict):
        content = default
        made: FieldInfo = Field(default_factory=lambda: type(content)(content), **named)
    else:
        made = Field(default, **named)
    made.metadata.append(info)
    return made


class Settings(BaseModel):
    """A group of settings with a name of its own, such as an optimizer; used as the type of a node's setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
