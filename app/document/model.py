"""The workflow as data: nodes with their settings, connections, variables, and how it is drawn.

Every model keeps fields it does not know, so that a file of a newer version survives being opened and saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints

FORMAT = "layerloom-workflow"
FORMAT_VERSION = 1

NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=80)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
Endpoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$")]


class _WorkflowPart(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True, defer_build=True)


class Variable(_WorkflowPart):
    """A named value that settings may refer to, and that a run may replace (`--var name=value`)."""

    name: VariableName
    type: Literal["text", "integer", "number", "boolean", "path"] = "text"
    value: bool | int | float | str = Field(description="What the variable is unless a run says otherwise.")
    relative_to: Literal["workflow", "start"] = Field(
        "workflow", description="For a path: relative to the workflow file, or to the folder the program was started in."
    )
    description: str = ""


class NodeRecord(_WorkflowPart):
    """A node: its type, and the settings that differ from the type's defaults."""

    id: NodeId = Field(description="Stable and unique in the workflow.")
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
        return (view.name if view else "") or titles.get(record.type, record.type)


def as_data(part: BaseModel) -> dict[str, Any]:
    """Return a part of a workflow as plain data, as a file has it, without what is the default.

    All values stay what they are. (Pydantic's own way to JSON makes null of numbers that are none, and other letters of halves
    of characters.)
    """
    return part.model_dump(mode="python", by_alias=True, exclude_defaults=True)
