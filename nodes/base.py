"""All that a node author needs to know: Node, ports, settings, and the Job a running node talks to.

A node is a pydantic model: its fields are its settings. It works in two phases: `configure` says from specs alone what
would come out, `execute` does the work. Nothing here knows of Qt, of Keras, or of the engine that runs the node.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from nodes.declaration.accesses import Access, declared_accesses, patterned
from nodes.declaration.setting import MISSING, Columns, Layers, PathUse, Settings, info_of, setting
from nodes.errors import Cancelled, LibraryPanic, NodeError, panics_as_errors
from nodes.file_sets import FileSet, WholePath
from nodes.values.figure import Figure, FigureSpec
from nodes.values.model import Model, ModelSpec
from nodes.values.network import Network, NetworkSpec
from nodes.values.table import Table, TableSpec
from nodes.values.variables import VARIABLES, Variables, VariablesSpec

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "ANY",
    "VARIABLES",
    "VARIABLES_PORT",
    "Access",
    "Cancelled",
    "Columns",
    "Failure",
    "Inputs",
    "Job",
    "Layers",
    "LibraryPanic",
    "Node",
    "NodeError",
    "PathUse",
    "Port",
    "PortKind",
    "Settings",
    "Spec",
    "Specs",
    "Value",
    "Values",
    "panics_as_errors",
    "patterned",
    "setting",
]  # fmt: skip

PortKind = Literal["table", "network", "figure", "model", "variables"]
ANY: Literal["any"] = "any"
"""The kind of a port through which travels what the node's setting `kind` says."""
Spec = TableSpec | NetworkSpec | FigureSpec | ModelSpec | VariablesSpec
Value = Table | Network | Figure | Model | Variables
T = TypeVar("T")


# ----------------------------------------------------------------------------------------------------------------- ports


@dataclass(frozen=True)
class Port:
    """One connection point of a node.

    Attributes:
        name: Stored in workflow files; never changes.
        kind: What travels through it; only ports of one kind can be wired. `any`: what the node's setting `kind` says.
        title: What the person reads.
        help: One sentence for the node's description.
        optional: An input that may stay unconnected.
        grows: An input that becomes as many as are connected: `name_1`, `name_2`, ... At least `least` must be.
        least: How many wires a growing input needs.
        lacking: An input with which the node works although what is wired to it is missing: `inactive`, since it stands on a
            branch that is not taken, or `failed` as well. Its content is absent then.
        fallback: An input whose nodes are run only after those of the node's inputs before it did not give anything.
    """

    name: str
    kind: PortKind | Literal["any"]
    title: str
    help: str = ""
    optional: bool = False
    grows: bool = False
    least: int = 2
    lacking: Literal["", "inactive", "failed"] = ""
    fallback: bool = False

    def number(self, name: str) -> int | None:
        """Return the n of `name_n` where `name` is one of this growing port's names, else None."""
        stem, _, digits = name.rpartition("_")
        return int(digits) if self.grows and stem == self.name and digits.isdecimal() and int(digits) > 0 else None

    def matches(self, name: str) -> bool:
        """Return whether `name`, as a workflow file gives it, means this port."""
        return name == self.name if not self.grows else self.number(name) is not None


VARIABLES_PORT = Port(VARIABLES, "variables", "Variables", "Variables that settings of this node can be bound to.", optional=True)
"""The input that every node has besides those it declares."""


# ------------------------------------------------------------------------------------------------------ what a node is given


@dataclass
class Inputs(Generic[T]):
    """What is at a node's input ports. Missing optional ports are absent.

    Subscripting gives a port's content; `table`, `network` and `all` give it with its type.
    """

    by_port: Mapping[str, T]

    def __contains__(self, port: str) -> bool:
        return port in self.by_port

    def __getitem__(self, port: str) -> T:
        return self.by_port[port]

    def all(self, port: str) -> list[T]:
        """Return the contents of a growing port, in the order of their numbers."""
        prefix = f"{port}_"
        names = [n for n in self.by_port if n.startswith(prefix) and n[len(prefix) :].isdecimal()]
        return [self.by_port[n] for n in sorted(names, key=lambda n: int(n[len(prefix) :]))]


@dataclass
class Specs(Inputs[Spec]):
    """What `configure` sees: the specs at the inputs, and where the node stands.

    Attributes:
        node: The node's id in its workflow.
        folder: The workflow's folder, against which relative paths are resolved.
        warnings: What `warn` collected.
        concerned: Warning -> the setting that it is about.
        errors: What `report` collected.
        guesses: Setting -> what `guess` was told of it.
    """

    node: str = "node"
    folder: Path = field(default_factory=Path.cwd)
    warnings: list[str] = field(default_factory=list)
    concerned: dict[str, str] = field(default_factory=dict)
    errors: list[NodeError] = field(default_factory=list)
    guesses: dict[str, str] = field(default_factory=dict)

    def table(self, port: str = "table") -> TableSpec:
        """Return the spec of the table at `port`."""
        return cast(TableSpec, self.by_port[port])

    def network(self, port: str = "network") -> NetworkSpec:
        """Return the spec of the network at `port`."""
        return cast(NetworkSpec, self.by_port[port])

    def model(self, port: str = "model") -> ModelSpec:
        """Return the spec of the fitted model at `port`."""
        return cast(ModelSpec, self.by_port[port])

    def variables(self, port: str = VARIABLES) -> VariablesSpec:
        """Return the spec of the variables at `port`; none where nothing is wired to it."""
        return cast(VariablesSpec, self.by_port.get(port) or VariablesSpec({}))

    def resolve(self, path: str | Path) -> Path:
        """Return an absolute path; a relative one is meant from the workflow's folder."""
        return (self.folder / Path(path).expanduser()).resolve()

    def warn(self, message: str, setting: str | None = None) -> None:
        """Tell the person something that does not keep the node from running, and which setting would change it."""
        self.warnings.append(message)
        if setting is not None:
            self.concerned[message] = setting

    def guess(self, setting: str, taken: str) -> None:
        """Tell what is taken for a setting that was left empty: `label`, or `image -> input`. It is said beside the setting."""
        self.guesses[setting] = taken

    def report(self, error: NodeError) -> None:
        """Report a mistake and go on looking for more; the node counts as not configured."""
        self.errors.append(error)


@dataclass(frozen=True)
class Failure:
    """What kept a node from giving anything.

    Attributes:
        node: What people call the node.
        message: What is wrong.
        remedy: What to do.
    """

    node: str
    message: str
    remedy: str = ""


@dataclass
class Values(Inputs[Value]):
    """What `execute` sees: the values at the inputs.

    Attributes:
        failures: Input port -> what failed there, of ports with which a node works all the same.
    """

    failures: Mapping[str, Failure] = field(default_factory=dict)

    def table(self, port: str = "table") -> Table:
        """Return the table at `port`."""
        return cast(Table, self.by_port[port])

    def network(self, port: str = "network") -> Network:
        """Return the network at `port`."""
        return cast(Network, self.by_port[port])

    def model(self, port: str = "model") -> Model:
        """Return the fitted model at `port`."""
        return cast(Model, self.by_port[port])

    def variables(self, port: str = VARIABLES) -> Variables:
        """Return the variables at `port`; none where nothing is wired to it."""
        return cast(Variables, self.by_port.get(port) or Variables({}, {}))


class Job(Protocol):
    """How a running node talks back. The engine provides it; a node only uses it.

    Attributes:
        node: The node's id in its workflow.
        scratch: A folder of this very result (same settings, same inputs). What is left in it when a run is killed is
            found there by the next one: the place for checkpoints. It disappears when the result is complete.
    """

    @property
    def node(self) -> str:
        """The node's id in its workflow."""

    @property
    def scratch(self) -> Path:
        """A folder that outlives a killed run of this very result."""

    def resolve(self, path: str | Path) -> Path:
        """Return an absolute path; a relative one is meant from the workflow's folder."""

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Say how far the work is, from 0 to 1 (None: not known), and what is being done. Cheap: call it often."""

    def metrics(self, step: float, values: Mapping[str, float], *, epoch: bool = False) -> None:
        """Add a point to the live curves: `step` in epochs (2.5: in the middle of the third), values by name."""

    def log(self, message: str) -> None:
        """Write a line to the console."""

    def warn(self, message: str) -> None:
        """Finish, but with a warning on the node."""

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled; look often."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the run was cancelled."""

    @property
    def stop_requested(self) -> bool:
        """Whether the person asked to stop here and keep what was reached (a learner ends its training)."""

    def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
        """Write frames of one schema to the result store as they come, and give them back as one table on disk.

        Memory stays at one batch, however long the table is. At least one frame (it may have no rows) must come.
        """

    def claim(self, path: Path) -> None:
        """Ask, before a file is written whose name is known only now, or that grows, whether it may be written.

        Raises:
            NodeError: If it may not, since it lies elsewhere than the node's settings said.
        """

    def wrote(self, path: Path) -> None:
        """Say that the user's own file `path` was written: it must still be there, unchanged, for the result to hold."""


# ------------------------------------------------------------------------------------------------------------------ node


class Node(BaseModel):
    """One kind of node; an instance is a node with its settings.

    A subclass declares its settings as fields, its ports and names as class attributes, and the two phases. The first
    line of its docstring is its description in the node repository; the rest is its help.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, validate_default=False)

    id: ClassVar[str]
    """What a workflow file stores; never changes."""
    version: ClassVar[int] = 1
    """Grows when the settings change their meaning; `migrate` then reads the older ones."""
    title: ClassVar[str]
    shelf: ClassVar[str]
    """Where the node repository shows it, as `Shelf / Sub-shelf`."""
    icon: ClassVar[str] = "mdi6.circle-outline"
    """A Material Design icon, as QtAwesome names it."""
    keywords: ClassVar[tuple[str, ...]] = ()
    """Further words that find the node: KNIME's and Keras's names, everyday words."""
    input_ports: ClassVar[tuple[Port, ...]] = ()
    output_ports: ClassVar[tuple[Port, ...]] = ()
    opens: ClassVar[tuple[str, ...]] = ()
    """Endings of the files, in small letters, that become this node when they are dropped on the canvas; of several nodes the
    one of the longest ending. The file is the first setting that is declared as a path to read."""
    needs_keras: ClassVar[bool] = False
    """Whether `execute` imports TensorFlow: the engine then imports it early, and runs one such node at a time."""
    branches: ClassVar[bool] = False
    """Whether it gives something at some of its outputs only: what is behind the others is on a branch that is not taken."""
    left_out: ClassVar[Mapping[str, str]] = {}
    """Arguments of the library's class that are not among the settings -> why, as a sentence of the help."""
    uses_node_id: ClassVar[bool] = False
    """Whether the node's id in the workflow is part of what it puts out, as a layer's name is."""

    def leaves_columns_out(self) -> str | None:
        """Return the setting by which the columns of its input table do not come out of it, where they could; None: they do.

        What is behind it and misses a column names this as the cause.
        """
        return None

    @property
    def reproducible(self) -> bool:
        """Whether the same inputs give the same outputs; if not, a stored result is not used in a later run."""
        return True

    def scripts(self) -> Mapping[str, str]:
        """Return the programs of the person's own that `execute` would run: setting in dotted form -> source; none by default.

        What is named here does not run before the person trusts it (`app.engine.trust`), so a node names every text that
        reaches Python's compiler, and leaves out those that its settings switch off. `nodes.kit.scripts.scripting` runs them.
        """
        return {}

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """What the node reads from outside the workflow, so that its result is found again exactly as long as that is the same.

        By default the file, or everything in the folder, that each setting declared with `path="read ..."` names. A node that
        looks at less, or at files beside, says so here, and lists its files in `execute` by the same set (`nodes.file_sets`).

        Args:
            resolve: Makes a path absolute, as `Specs.resolve`.

        Returns:
            Setting -> what is read of it; nothing for a setting that is not looked at now.
        """
        given = {name: str(getattr(self, name) or "") for name in self.read_paths()}
        return {name: WholePath(resolve(path)) for name, path in given.items() if path}

    def accesses(self) -> Sequence[Access]:
        """Return the files and folders that `execute` would write outside of the stored results, and servers it would talk to.

        A workflow that the person does not know is asked about them before it runs (`app.engine.permissions`). By default
        these are all settings that are declared as paths to write, at any depth; a node that knows better, for example that
        it never replaces a file, says so.
        """
        return tuple(declared_accesses(self))

    @abstractmethod
    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Say what would come out, from schemas and shapes alone, in milliseconds and without reading data.

        Args:
            specs: The specs at the inputs; every required input is there.

        Returns:
            A spec per output port; None where it cannot be known before running.

        Raises:
            NodeError: If a setting and the inputs do not fit.
        """

    @abstractmethod
    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Do the work.

        Args:
            values: The values at the inputs.
            job: How to report progress and to see whether the run was cancelled.

        Returns:
            A value per output port, of the spec that `configure` promised.

        Raises:
            NodeError: If the data do not allow it.
            Cancelled: If `job` was cancelled.
        """

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Return what there is to see in the finished node's outputs: figures for the node monitor and the report."""
        return ()

    def kind_at(self, port: Port) -> PortKind:
        """Return what travels through one of the node's ports."""
        return cast(PortKind, getattr(self, "kind", "table") if port.kind == ANY else port.kind)

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Turn the settings stored by an older `version` of this class into today's."""
        return settings

    @classmethod
    def description(cls) -> str:
        """Return the first line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def input_port(cls, name: str) -> Port | None:
        """Return the declared input that `name`, as a workflow file gives it, means."""
        for port in cls.input_ports:
            if port.matches(name):
                return port
        return VARIABLES_PORT if name == VARIABLES else None

    @classmethod
    def output_port(cls, name: str) -> Port | None:
        """Return the declared output called `name`."""
        for port in cls.output_ports:
            if port.name == name:
                return port
        return None

    @classmethod
    def first_table_port(cls) -> str:
        """Return the name of the first input of a table, which `Columns` means that name no port; empty where there is none."""
        return next((port.name for port in cls.input_ports if port.kind == "table"), "")

    @classmethod
    @cache
    def starting_settings(cls) -> Mapping[str, Any]:
        """Return what a node that a person adds has set, as files store it: the starting values of its settings."""
        starts = {name: info_of(declared).start for name, declared in cls.model_fields.items()}
        return {name: start for name, start in starts.items() if start is not MISSING}

    @classmethod
    @cache
    def paths(cls) -> Mapping[str, PathUse]:
        """Return the settings that name a file or folder, in the order of their declaration, and what each is for."""
        found = {name: info_of(declared).path for name, declared in cls.model_fields.items()}
        return {name: use for name, use in found.items() if use is not None}

    @classmethod
    @cache
    def read_paths(cls) -> tuple[str, ...]:
        """Return the settings that name a file or folder to read, in the order of their declaration."""
        return tuple(name for name, use in cls.paths().items() if use.startswith("read"))
