"""Stop: end the run with a message, if a condition holds."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import ANY, VARIABLES_PORT, Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.flow.conditions import HELP, check_condition, holds
from nodes.kit.flow.kinds import AnyKind


class Stop(AnyKind):
    """Fail with a message of yours if a condition on variables is true; else pass on what comes in.

    What is behind it does not run then, and the run counts as failed, unless a Try behind it goes on with something else.

    Example: with `rows` from a Column to Variables, the condition `rows = 0` and the message `There are no images in the folder.`
    keep a network from being trained on nothing.
    """

    id = "flow.stop"
    title = "Stop"
    icon = "mdi6.hand-back-left-outline"
    keywords = ("Breakpoint", "assert", "fail", "raise", "abort", "error", "guard")
    input_ports = (Port("value", ANY, "Input", "What is passed on."), VARIABLES_PORT)
    output_ports = (Port("value", ANY, "Output", "What came in."),)

    condition: str = setting("FALSE", "Condition", f"When to stop, such as rows = 0. {HELP}", lines=True)
    message: str = setting("The run was stopped.", "Message", "What is said then.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What comes in."""
        check_condition(self.condition, specs.variables(), "condition")
        return {"value": specs["value"]}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Stop, or pass it on."""
        if holds(self.condition, values.variables(), "condition"):
            raise NodeError(self.message, f"The condition holds: {self.condition.strip()}", setting="condition")
        return {"value": values["value"]}
