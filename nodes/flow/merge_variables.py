"""Merge Variables: variables of several wires on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.variables import Variables, VariablesSpec


class MergeVariables(Node):
    """Put the variables of several wires on one.

    Where two wires have a variable of the same name, the setting says which one counts.

    Example: the figures that two Column to Variables give of two tables, merged, so that a Variable Expression can compare
    them: `mean_after - mean_before`.
    """

    id = "flow.merge_variables"
    title = "Merge Variables"
    shelf = "Flow"
    icon = "mdi6.call-merge"
    keywords = ("flow variable", "combine", "join", "union", "Merge Variables node")
    input_ports = (Port("input", "variables", "Variables", "Variables to merge.", grows=True),)
    output_ports = (Port("variables", "variables", "Variables", "All of them."),)

    same_name: Literal["last", "first", "error"] = setting(
        "last",
        "Same names",
        "Which of several variables of one name counts.",
        choices={
            "last": "That of the last wire.",
            "first": "That of the first wire.",
            "error": "None: it is an error.",
        },
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """All names and types."""
        given = [spec for spec in specs.all("input") if isinstance(spec, VariablesSpec)]
        chosen = self._chosen([spec.types for spec in given])
        values = {n: given[place].values[n] for n, place in chosen.items() if n in given[place].values}
        return {"variables": VariablesSpec({n: given[place].types[n] for n, place in chosen.items()}, values)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Merge."""
        given = [value for value in values.all("input") if isinstance(value, Variables)]
        chosen = self._chosen([value.types for value in given])
        types = {name: given[place].types[name] for name, place in chosen.items()}
        return {"variables": Variables(types, {name: given[place].values[name] for name, place in chosen.items()})}

    def _chosen(self, given: Sequence[Mapping[str, object]]) -> dict[str, int]:
        """Variable -> the wire whose value counts."""
        chosen: dict[str, int] = {}
        for place, names in enumerate(given):
            for name in names:
                if name in chosen and self.same_name == "error":
                    message = f"The wires {chosen[name] + 1} and {place + 1} both have a variable '{name}'."
                    raise NodeError(message, "Say which of them counts.", setting="same_name")
                if name not in chosen or self.same_name == "last":
                    chosen[name] = place
        return chosen
