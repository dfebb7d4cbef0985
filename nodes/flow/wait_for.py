"""Wait For: order without data."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import ANY, Job, Port, Spec, Specs, Value, Values
from nodes.kit.flow.kinds import AnyKind


class WaitFor(AnyKind):
    """Pass on what comes in, once other nodes are done.

    What is wired to the variables (the red circle) is only waited for; so it is at every other node. It is for nodes that
    work on something outside: one writes a file or a database, another one reads it.

    Example: a Database Writer gives no table; a Variable Expression behind it would do, whose variables are wired to this
    node, so that the Database Reader behind it begins when everything is written.
    """

    id = "flow.wait_for"
    title = "Wait For"
    icon = "mdi6.timer-sand"
    keywords = ("Wait...", "synchronize", "order", "dependency", "after", "sequence", "barrier")
    input_ports = (
        Port("value", ANY, "Input", "What is passed on."),
        Port("before", "table", "Before", "A table that has to be there before; it is not looked at.", optional=True),
    )
    output_ports = (Port("value", ANY, "Output", "What came in."),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What comes in."""
        return {"value": specs["value"]}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Pass it on."""
        return {"value": values["value"]}
