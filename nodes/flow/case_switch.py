"""Case Switch: one of several branches is taken."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import ANY, VARIABLES_PORT, Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.flow.conditions import HELP, expression_type, expression_value
from nodes.kit.flow.kinds import AnyKind

_PORTS = tuple(
    [Port(f"case_{n}", ANY, f"Case {n}", f"What came in, if the expression gives the case {n}.") for n in range(1, 6)]
    + [Port("other", ANY, "Other", "What came in, if the expression gives none of the cases.")]
)


class CaseSwitch(AnyKind):
    """Pass on what comes in to one of several branches, by an expression of variables.

    The expression is compared with the cases, in their order; the first that is the same is taken, else Other. The nodes of
    all other branches are inactive: they are not run, and are grey on the canvas. An End Switch brings the branches together.
    The expression is written as in Math Formula, of the variables that are wired to the red circle; one of the workflow or of
    a component can be written as ${name}, in single quotes where it is a text.

    Example: with the variable `kind` and the cases `train` and `test`, tables for training go to Case 1 with its
    augmentation, and tables for testing to Case 2 without.
    """

    id = "flow.case_switch"
    title = "Case Switch"
    icon = "mdi6.call-split"
    keywords = ("CASE Switch Start", "CASE Switch Data", "branch", "match", "select case", "router")
    branches = True
    input_ports = (Port("value", ANY, "Input", "What is passed on."), VARIABLES_PORT)
    output_ports = _PORTS

    expression: str = setting("1", "Expression", f"What is compared with the cases, such as kind. {HELP}", lines=True)
    cases: list[str] = setting(["1", "2", "3", "4", "5"], "Cases", "What the expression gives for Case 1, 2, ...; at most five.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What comes in, at all outputs."""
        if len(self.cases) > len(_PORTS) - 1:
            raise NodeError("There are more cases than outputs.", "Let another Case Switch follow at Other.", setting="cases")
        expression_type(self.expression, specs.variables(), "expression")
        return {port.name: specs["value"] for port in _PORTS}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give it to one of them."""
        found = expression_value(self.expression, values.variables(), "expression", "case")
        text = str(found).lower() if isinstance(found, bool) else str(found)
        place = next((n for n, case in enumerate(self.cases, 1) if _is_same(case, text)), None)
        return {"other" if place is None else f"case_{place}": values["value"]}


def _is_same(case: str, text: str) -> bool:
    """Return whether a case is meant; numbers are the same however they are written."""
    try:
        return float(case) == float(text)
    except ValueError:
        return case.strip() == text.strip() or (text in ("true", "false") and case.strip().lower() == text)
