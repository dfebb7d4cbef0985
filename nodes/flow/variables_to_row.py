"""Variables to Row: a table of one row, with a column for each variable."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import Table, TableSpec
from nodes.values.variables import VARIABLES, Variables, VariablesSpec


class VariablesToRow(Node):
    """Make a table of one row of variables: a column for each, called as the variable.

    Whole numbers become Int64, other numbers Float64, texts and paths String, true and false Boolean.

    Example: behind a Merge Variables that brings together the figures of two branches, the row goes to a CSV Writer, or to a
    Column Appender that puts it beside others.
    """

    id = "flow.variables_to_row"
    title = "Variables to Row"
    shelf = "Flow"
    icon = "mdi6.table-row-plus-after"
    keywords = ("Variable to Table Row", "Variable To TableRow", "Variable to Table Column", "flow variable", "record")
    input_ports = (Port(VARIABLES, "variables", "Variables", "What becomes a row."),)
    output_ports = (Port("table", "table", "Table", "One row."),)

    names: list[str] = setting([], "Names", "The variables that become columns, in this order; none means all.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """One row of their types."""
        given = specs.variables()
        chosen = self._chosen(given)
        return {"table": TableSpec(VariablesSpec({name: given.types[name] for name in chosen}).schema(), 1 if chosen else 0)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the row."""
        given = values.variables()
        types = {name: given.types[name] for name in self._chosen(given.spec)}
        return {"table": Table.of(Variables(types, given.values).row())}

    def _chosen(self, given: VariablesSpec) -> list[str]:
        for name in self.names:
            if name not in given.types:
                listed = ", ".join(f"'{known}'" for known in given.types) or "none"
                raise NodeError(f"There is no variable '{name}'.", f"The variables are: {listed}.", setting="names")
        return list(dict.fromkeys(self.names or given.types))
