"""Set Variables: named values, typed by hand."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import FiniteFloat

from nodes.base import VARIABLES_PORT, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.values.variables import Scalar, ScalarType, Variables, VariablesSpec, why_no_name

TYPES = {
    "text": "Any text.",
    "integer": "A whole number.",
    "number": "A number, with decimals or not.",
    "boolean": "True or false.",
    "path": "A file or a folder; a relative one is meant from the workflow's folder.",
}
_TRUTHS = {"true": True, "false": False}


class TypedVariable(Settings):
    """A name and its value."""

    name: str = setting("name", "Name", "What settings refer to.", min_length=1, max_length=80)
    type: ScalarType = setting("text", "Type", "What it is.", choices=TYPES)
    value: bool | int | FiniteFloat | str = setting("", "Value", "Its value.")


class SetVariables(Node):
    """Give names to values that are typed by hand.

    Settings of the nodes behind it can be bound to a variable: wire the small red circle, and choose the variable by the (x)
    beside the setting. Variables that come in are passed on; where one of the same name is set here, this value counts.

    Example: with a variable `epochs` of type integer and the value 20, wired to the Keras Network Learner, its setting Epochs can
    be bound to `epochs`; a second learner that is wired to it takes the same.
    """

    id = "flow.set_variables"
    title = "Set Variables"
    shelf = "Flow"
    icon = "mdi6.variable"
    keywords = ("Variable Creator", "flow variable", "constant", "parameter", "define", "Table Row to Variable", "inject")
    input_ports = (VARIABLES_PORT,)
    output_ports = (Port("variables", "variables", "Variables", "Those that came in, and those of this node."),)

    variables: list[TypedVariable] = setting([], "Variables", "The variables.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Their values are known at once."""
        given = specs.variables()
        values = {**given.values, **self._values()}
        types = {**given.types, **{v.name: v.type for v in self.variables}}
        return {"variables": VariablesSpec(types, values)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Put them beside those that came in."""
        given = values.variables()
        types = {**given.types, **{v.name: v.type for v in self.variables}}
        return {"variables": Variables(types, {**given.values, **self._values()})}

    def _values(self) -> dict[str, Scalar]:
        made: dict[str, Scalar] = {}
        for place, variable in enumerate(self.variables):
            at = f"variables.{place}"
            reason = why_no_name(variable.name)
            if reason:
                raise NodeError(f"No variable can be called '{variable.name}': it {reason}.", "Rename it.", setting=f"{at}.name")
            if variable.name in made:
                raise NodeError(f"There are two variables '{variable.name}'.", "Rename one.", setting=f"{at}.name")
            made[variable.name] = _typed(variable, f"{at}.value")
        return made


def _typed(variable: TypedVariable, setting: str) -> Scalar:
    value, text = variable.value, str(variable.value).strip()
    try:
        match variable.type:
            case "boolean":
                return value if isinstance(value, bool) else _TRUTHS[text.lower()]
            case "integer":
                number = int(text)
                if not -(2**63) <= number < 2**63:
                    raise NodeError(f"'{variable.name}' does not fit into 64 bits.", "Make it a number.", setting=setting)
                return number
            case "number":
                return float(text)
    except (ValueError, KeyError) as error:
        raise NodeError(
            f"'{text}' is no {variable.type}.", "Enter another value, or choose another type.", setting=setting
        ) from error
    return text if variable.type == "path" else str(value)
