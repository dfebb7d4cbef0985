"""What the editor asks about a document and its nodes, and what the engine answers; about stored results: `results`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from app.document.problems import Problem
from app.engine.messages.base import Answer, EngineMessage, Question
from app.engine.status import State

# ------------------------------------------------------------------------------------------------------ what specs say


class OfferedColumn(EngineMessage, frozen=True, kw_only=True):
    """A column of a table, or a layer or tensor of a network, that a setting may name; it need not exist yet.

    Attributes:
        name: As the table calls it.
        dtype: Its type, in words.
        kinds: What a setting may ask for and this column is (`nodes.values.table.COLUMN_KINDS`).
        classes: The names of its classes, in order; None where it has none.
    """

    name: str
    dtype: str = ""
    kinds: tuple[str, ...] = ()
    classes: tuple[str, ...] | None = None


class TableOutline(EngineMessage, frozen=True, kw_only=True):
    """What is known of a table: how many rows, if that is known, and its columns."""

    columns: tuple[OfferedColumn, ...]
    rows: int | None = None


class TensorOutline(EngineMessage, frozen=True, kw_only=True):
    """A tensor of a network."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class NetworkOutline(EngineMessage, frozen=True, kw_only=True):
    """What is known of a network.

    Attributes:
        inputs: The tensors to feed.
        outputs: The tensors to read.
        layers: Their names.
        parameters: How many values its weights have.
        offers: What a setting may name (`nodes.base.Layers`) -> names, each with a word about it.
    """

    inputs: tuple[TensorOutline, ...]
    outputs: tuple[TensorOutline, ...]
    layers: tuple[str, ...]
    parameters: int
    offers: Mapping[str, tuple[tuple[str, str], ...]]


class SpecOutline(EngineMessage, frozen=True, kw_only=True):
    """What is known of the value at a port, for the configuration dialog.

    Attributes:
        kind: Of the value: table, network, model, figure.
        text: As its edge shows it.
        table: Of a table.
        network: Of a network.
    """

    kind: str
    text: str
    table: TableOutline | None = None
    network: NetworkOutline | None = None


# -------------------------------------------------------------------------------------------------------------- preview


class WiredVariable(EngineMessage, frozen=True, kw_only=True):
    """A variable that is wired to a node.

    Attributes:
        type: What it is.
        value: Its value; None where only a run tells.
        source: The node that gives it.
    """

    type: Literal["boolean", "integer", "number", "text", "path"]
    value: bool | int | float | str | None = None
    source: str


class PreviewAnswer(Answer, frozen=True, kw_only=True):
    """What would come of other settings.

    Attributes:
        problems: What is wrong with them.
        blocked_by: The node above it that is not configured, if this one therefore is not either.
        untrusted: Whether it has a script that the person has not trusted yet.
        asks: Whether it would write where the person has not allowed it yet.
        outputs: Output port -> what its edge would say.
        results: Output port -> what would come out.
        inputs: Input port -> what is there.
        guesses: Setting -> what is taken where it is left empty.
        wired: The variables that are wired to the node, by name.
    """

    problems: tuple[Problem, ...] = ()
    blocked_by: str | None = None
    untrusted: bool = False
    asks: bool = False
    outputs: Mapping[str, str] = {}
    results: Mapping[str, SpecOutline] = {}
    inputs: Mapping[str, SpecOutline] = {}
    guesses: Mapping[str, str] = {}
    wired: Mapping[str, WiredVariable] = {}


class PreviewQuestion(Question[PreviewAnswer], frozen=True, kw_only=True):
    """What would a node put out with other settings, and what is at its inputs?"""

    node: str
    settings: Mapping[str, Any]


# -------------------------------------------------------------------------------------------------------------- inspect


class OutputSummary(EngineMessage, frozen=True, kw_only=True):
    """An output port, and what is there.

    Attributes:
        port: Its name.
        kind: Of its values.
        title: For the person.
        text: As its edge shows it.
        rows: Of a table, if known.
        columns: How many, of a table.
    """

    port: str
    kind: str
    title: str
    text: str = ""
    rows: int | None = None
    columns: int | None = None


class InspectAnswer(Answer, frozen=True, kw_only=True):
    """All there is to say of a node and its result.

    Attributes:
        title: What the person calls it.
        type: Its class's id.
        outputs: Its output ports, in order.
        key: The key of the result that is shown.
        stored: Whether that is there.
        outdated: Whether it is of earlier settings or inputs.
        state: The node's light.
        seconds: How long the result took.
        warnings: What the node warned of.
        settings: Those in effect.
        problems: What is wrong with it now.
    """

    title: str
    type: str
    state: State
    outputs: tuple[OutputSummary, ...] = ()
    key: str | None = None
    stored: bool = False
    outdated: bool = False
    seconds: float | None = None
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = {}
    problems: tuple[Problem, ...] = ()


class InspectQuestion(Question[InspectAnswer], frozen=True, kw_only=True):
    """What is there to say of a node and its result?"""

    node: str


# ---------------------------------------------------------------------------------------------------------- permissions


class ScriptSummary(EngineMessage, frozen=True, kw_only=True):
    """A script that may not run yet.

    Attributes:
        node: The node that has it.
        title: What the person calls that node.
        setting: The setting it is in, in dotted form.
        source: The script.
    """

    node: str
    title: str
    setting: str
    source: str


class WishSummary(EngineMessage, frozen=True, kw_only=True):
    """A place that may not be written to yet, or a server that may not be talked to.

    Attributes:
        node: The node that wants to.
        title: What the person calls that node.
        setting: The setting that says so, in dotted form.
        place: The absolute path; the address.
        reason: Why the person is asked, as a sentence.
        digest: What it is remembered by once it is allowed.
    """

    node: str
    title: str
    setting: str
    place: str
    reason: str
    digest: str


class PermissionAnswer(Answer, frozen=True, kw_only=True):
    """Scripts and places, to be shown to the person."""

    scripts: tuple[ScriptSummary, ...] = ()
    wishes: tuple[WishSummary, ...] = ()


class PermissionQuestion(Question[PermissionAnswer], frozen=True, kw_only=True):
    """Which scripts does a run of these nodes (None: of all) need that may not run yet, and where may it not write yet?"""

    targets: tuple[str, ...] | None = None
