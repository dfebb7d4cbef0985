"""If Switch: one of two branches is taken."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import ANY, VARIABLES_PORT, Job, Port, Spec, Specs, Value, Values, setting
from nodes.kit.flow.conditions import HELP, check_condition, holds
from nodes.kit.flow.kinds import AnyKind


class IfSwitch(AnyKind):
    """Pass on what comes in to one of two branches, by a condition on variables.

    The nodes of the other branch are inactive: they are not run, cost nothing, and are grey on the canvas. An End Switch
    brings the branches together. The condition is written as in Math Formula, of the variables that are wired to the red
    circle; one of the workflow or of a component can be written as ${name}.

    Example: with `rows` from a Column to Variables, the condition `rows > 10000` sends large tables to a Row Sampling, and
    small ones straight to the End Switch behind it.
    """

    id = "flow.if_switch"
    title = "If Switch"
    icon = "mdi6.source-branch"
    keywords = ("IF Switch", "condition", "branch", "Empty Table Switch", "router", "if else", "Start IF")
    branches = True
    input_ports = (Port("value", ANY, "Input", "What is passed on."), VARIABLES_PORT)
    output_ports = (
        Port("true", ANY, "If true", "What came in, if the condition is true."),
        Port("false", ANY, "If false", "What came in, if the condition is false."),
    )

    condition: str = setting("TRUE", "Condition", f"What decides, such as rows > 100. {HELP}", lines=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What comes in, at both outputs."""
        check_condition(self.condition, specs.variables(), "condition")
        return {"true": specs["value"], "false": specs["value"]}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give it to one of them."""
        return {"true" if holds(self.condition, values.variables(), "condition") else "false": values["value"]}
