"""The workflow as data: nodes with their settings, connections, variables, and how it is drawn.

Every model keeps fields it does not know, so that a file of a newer version survives being opened and saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints

FORMAT = "layerloom-workflow"
FORMAT_VERSION = 2

COMPONENT = "flow.component"
"""The type of a record that holds a workflow of its own, or points to one in a file."""
COMPONENT_INPUT, COMPONENT_OUTPUT = "flow.component_input", "flow.component_output"
"""The types of the nodes that are a component's ports, seen from inside; a port is called as its node."""

NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=80)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Endpoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$")]


class _WorkflowPart(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True, defer_build=True)


VariableType = Literal["text", "integer", "number", "boolean", "path", "choice", "column", "columns"]
VariableValue = bool | int | float | str | list[str]


class Variable(_WorkflowPart):
    """A named value that settings may refer to, and that a run may replace (`--var name=value`).

    The variables of a component are its settings; what is said of label, group, bounds and choices is for them.
    """

    name: VariableName
    type: VariableType = "text"
    value: VariableValue = Field(description="What the variable is unless a run, or the component's settings, say otherwise.")
    relative_to: Literal["workflow", "start"] = Field(
        "workflow", description="For a path: relative to the workflow file, or to the folder the program was started in."
    )
    description: str = ""
    label: str = Field("", description="What the person reads in the place of the name.")
    group: str = Field("", description="The page of the component's dialog.")
    minimum: FiniteFloat | None = Field(None, description="The smallest number it can be.")
    maximum: FiniteFloat | None = Field(None, description="The largest number it can be.")
    choices: list[str] = Field(default_factory=list, description="For a choice: what it can be.")
    port: str = Field("", description="For columns: the component's input whose table offers them; empty: its first table.")
    accepts: list[str] = Field(default_factory=list, description="For columns: of which kinds; empty: of all.")


class NodeRecord(_WorkflowPart):
    """A node: its type, and the settings that differ from the type's defaults.

    A component holds a workflow, or points to one in a file; that workflow's variables are its settings, and the Component
    Input and Component Output nodes in it are its ports.
    """

    id: NodeId = Field(description="Stable, and unique in the whole file: in all components, too.")
    type: str = Field(description="The node class's id, such as `keras.conv_2d`.")
    type_version: int = Field(1, ge=1, description="The version of the class that wrote the settings.")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description='By name. `{"variable": "epochs"}` stands for a variable\'s value, and `${name}` in a text for its text.',
    )
    bypassed: bool = Field(
        False,
        description="Whether it is left out: its outputs then give what comes in by the first connected input of their kind.",
    )
    workflow: Workflow | None = Field(None, description="Of a component: what is inside.")
    file: str = Field("", description="Of a component: the workflow file that is inside, seen from the folder of this one.")

    @property
    def is_component(self) -> bool:
        """Whether it stands for a workflow."""
        return self.type == COMPONENT


class Connection(_WorkflowPart):
    """A wire from an output port to an input port, each as `node.port`."""

    source: Endpoint = Field(alias="from")
    target: Endpoint = Field(alias="to")

    @property
    def key(self) -> str:
        """What a document calls it: `node.port>node.port`."""
        return f"{self.source}>{self.target}"

    @property
    def source_node(self) -> str:
        """The id of the node it starts at."""
        return self.source.partition(".")[0]

    @property
    def source_port(self) -> str:
        """The output port it starts at."""
        return self.source.partition(".")[2]

    @property
    def target_node(self) -> str:
        """The id of the node it ends at."""
        return self.target.partition(".")[0]

    @property
    def target_port(self) -> str:
        """The input port it ends at."""
        return self.target.partition(".")[2]


class NodeView(_WorkflowPart):
    """How a node is drawn; no part of what it computes."""

    position: tuple[FiniteFloat, FiniteFloat] = (0.0, 0.0)
    name: str = Field("", description="Shown instead of the node type's title.")
    note: str = Field("", description="Shown below the node.")
    icon: str = Field("", description="Of a component: its icon, as Material Design calls it.")
    color: str = Field("", description="Of a component: its tile's colour, as #RRGGBB.")


class Annotation(_WorkflowPart):
    """A coloured box with text behind the nodes."""

    text: str
    position: tuple[FiniteFloat, FiniteFloat]
    size: tuple[FiniteFloat, FiniteFloat]
    color: str = "#3F6FD8"


class View(_WorkflowPart):
    """How the workflow is drawn."""

    nodes: dict[str, NodeView] = Field(default_factory=dict)
    annotations: list[Annotation] = Field(default_factory=list)


class Workflow(_WorkflowPart):
    """A whole workflow, as one `.workflow.json` file holds it."""

    format: Literal["layerloom-workflow"] = "layerloom-workflow"
    format_version: int = FORMAT_VERSION
    app_version: str = Field("", description="The version of Layerloom that wrote the file.")
    name: str = ""
    description: str = ""
    variables: list[Variable] = Field(default_factory=list)
    nodes: list[NodeRecord] = Field(default_factory=list)
    connections: list[Connection] = Field(default_factory=list)
    view: View = Field(default_factory=View)

    def node(self, node_id: str) -> NodeRecord:
        """Return the node of that id; KeyError if there is none."""
        for record in self.nodes:
            if record.id == node_id:
                return record
        raise KeyError(node_id)

    def title(self, node_id: str, titles: Mapping[str, str]) -> str:
        """Return what the person calls a node: its own name, else its type's title (type -> title), else its type."""
        view = self.view.nodes.get(node_id)
        record = self.node(node_id)
        return (view.name if view else "") or component_title(record) or titles.get(record.type, record.type)


def component_title(record: NodeRecord) -> str:
    """Return what a component is called by itself: as the workflow in it, or its file; empty for other nodes."""
    if not record.is_component:
        return ""
    named = record.workflow.name if record.workflow is not None else ""
    return named or PurePosixPath(record.file).name.removesuffix(".workflow.json") or "Component"


def as_data(part: BaseModel) -> dict[str, Any]:
    """Return a part of a workflow as plain data, as a file has it, without what is the default.

    All values stay what they are. (Pydantic's own way to JSON makes null of numbers that are none, and other letters of halves
    of characters.)
    """
    return part.model_dump(mode="python", by_alias=True, exclude_defaults=True)
