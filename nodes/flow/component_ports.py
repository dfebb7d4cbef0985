"""The ports of a component, seen from inside: what is wired to it comes in, and what it gives goes out."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Node, NodeError, Port, PortKind, Spec, Specs, Value, Values, setting
from nodes.kit.flow.kinds import KINDS


class _BoundaryPort(Node):
    """A port of a component, seen from inside."""

    shelf = "Flow"

    name: str = setting("", "Name", "What the port is called outside.", max_length=80)
    kind: PortKind = setting("table", "Kind", "What goes through the port.", choices=KINDS)
    help: str = setting("", "Help", "A sentence for the component's help.")
    order: int = setting(0, "Order", "Ports with smaller numbers come first; those with the same stand as in the file.")


class ComponentInput(_BoundaryPort):
    """Give what is wired to the component from outside to the nodes inside.

    Each Component Input is one input of the component it is in. A workflow file with such nodes can itself be used as a
    component in others; run alone, it has nothing to give here.

    Example: with the name `Raw table` in a component that cleans tables, the component has an input `Raw table`, and whatever a
    CSV Reader outside gives to it goes on to the Missing Value node inside.
    """

    id = "flow.component_input"
    title = "Component Input"
    icon = "mdi6.location-enter"
    keywords = ("metanode", "input port", "parameter", "WrappedNode Input")
    output_ports = (Port("value", "table", "What comes in"),)

    optional: bool = setting(False, "Optional", "Whether the component works without anything wired to this port.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Nothing comes in where there is no outside."""
        raise NodeError(
            "Nothing comes in here: this workflow is a component, to be used in another one.",
            "Use it there, or put a reader in the place of this node.",
        )

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Refuse, as `configure` does."""
        raise NodeError("Nothing comes in here.", "Use the workflow as a component in another one.")


class ComponentOutput(_BoundaryPort):
    """Give what is wired to it to the nodes outside of the component.

    Each Component Output is one output of the component it is in. In a workflow file that others use as a component it marks
    what they get; run alone, it only brings to completion what is wired to it.

    Example: with the name `Clean table` behind a Missing Value node in a component, the component has an output `Clean table`,
    and a Row Filter outside takes from it what the Missing Value node gives.
    """

    id = "flow.component_output"
    title = "Component Output"
    icon = "mdi6.location-exit"
    keywords = ("metanode", "output port", "result", "WrappedNode Output")
    input_ports = (Port("value", "table", "What goes out"),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Nothing comes out of the workflow itself."""
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Nothing is left to do: what is wired to it is there."""
        return {}
