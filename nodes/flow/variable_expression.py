"""Variable Expression: variables that are computed from others."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import VARIABLES_PORT, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.flow.conditions import HELP, expression_type, expression_value, known_value
from nodes.values.variables import Scalar, Variables, VariablesSpec, why_no_name


class NewExpression(Settings):
    """A variable and the expression that gives its value."""

    name: str = setting("result", "Name", "The variable; one of this name is replaced.", min_length=1, max_length=80)
    expression: str = setting("0", "Expression", f"What it is, such as epochs * 2. {HELP}", lines=True)


class VariableExpression(Node):
    """Compute variables from others by expressions, one after the other: a later one can use what an earlier one gave.

    Expressions are written as in Math Formula and String Manipulation: `(width - 2) / 2`, `folder || '/' || name || '.csv'`,
    `CASE WHEN rows > 1000 THEN 128 ELSE 32 END`. Where all that an expression names is known before the run, so is its result.

    Example: with `rows` from a Column to Variables, `CASE WHEN rows < 5000 THEN 40 ELSE 10 END` as `epochs` lets a learner train
    longer on a small table.
    """

    id = "flow.variable_expression"
    title = "Variable Expression"
    shelf = "Flow"
    icon = "mdi6.function"
    keywords = ("Math Formula (Variable)", "String Manipulation (Variable)", "Rule Engine Variable", "flow variable", "compute")
    input_ports = (VARIABLES_PORT,)
    output_ports = (Port("variables", "variables", "Variables", "Those that came in, and those that were computed."),)

    expressions: list[NewExpression] = setting([], "Expressions", "What is computed.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Their types; and their values, where they do not depend on a run."""
        known = specs.variables()
        for at, new in self._named():
            kind = expression_type(new.expression, known, f"{at}.expression")
            value = known_value(new.expression, known, f"{at}.expression", new.name)
            kept = {name: v for name, v in known.values.items() if name != new.name}
            known = VariablesSpec({**known.types, new.name: kind}, {**kept, **value})
        return {"variables": known}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute one after the other."""
        known = values.variables()
        for at, new in self._named():
            kind = expression_type(new.expression, known.spec, f"{at}.expression")
            value: Scalar = expression_value(new.expression, known, f"{at}.expression", new.name)
            known = Variables({**known.types, new.name: kind}, {**known.values, new.name: value})
        return {"variables": known}

    def _named(self) -> list[tuple[str, NewExpression]]:
        named = [(f"expressions.{place}", new) for place, new in enumerate(self.expressions)]
        for at, new in named:
            reason = why_no_name(new.name)
            if reason:
                raise NodeError(f"No variable can be called '{new.name}': it {reason}.", "Rename it.", setting=f"{at}.name")
        return named
