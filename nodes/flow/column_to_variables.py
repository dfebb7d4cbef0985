"""Column to Variables: figures of columns, such as a mean or a largest value, as variables."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.aggregation import Aggregation
from nodes.kit.tables.grouping import grouped_rows, grouped_schema
from nodes.values.table import TableSpec, describe_dtype
from nodes.values.variables import Scalar, ScalarType, Variables, VariablesSpec, scalar_of, scalar_type, variable_name


class ColumnToVariables(Node):
    """Make variables of figures of columns: how many rows there are, a mean, the largest value, the most frequent one.

    The figures are those of GroupBy, of the whole column. A variable is called as is typed, else after the figure and the column:
    `mean_petal_length`. A figure of no cells may be missing, which is an error here.

    Example: the largest value of `pixel` as the variable `largest`, wired to a Math Formula whose expression is
    `pixel / ${largest}`.
    """

    id = "flow.column_to_variables"
    title = "Column to Variables"
    shelf = "Flow"
    icon = "mdi6.sigma"
    keywords = ("Table Column to Variable", "statistic", "flow variable", "Extract Table Dimension", "mean", "count", "maximum")
    input_ports = (Port("table", "table", "Table", "The table with the columns."),)
    output_ports = (Port("variables", "variables", "Variables", "A variable for each figure."),)

    figures: list[Aggregation] = setting([], "Figures", "What is computed of which column.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Their names and types."""
        return {"variables": VariablesSpec(self._types(specs.table()))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute the figures; only their columns are read."""
        table = values.table()
        types = self._types(table.spec)
        wanted = self._wanted(table.spec)
        made: dict[str, Scalar] = {}
        if wanted:
            frame = table.frame(list(dict.fromkeys(str(a.column) for a in wanted.values())))
            row = grouped_rows(frame.lazy(), (), wanted, table.spec, True).row(0, named=True)
            made = {name: scalar_of(row[name], kind, name, "figures") for name, kind in types.items()}
        return {"variables": Variables(types, made)}

    def _types(self, table: TableSpec) -> dict[str, ScalarType]:
        wanted = self._wanted(table)
        types: dict[str, ScalarType] = {}
        schema = grouped_schema((), wanted, table) if wanted else {}
        for place, (name, dtype) in enumerate(schema.items()):
            kind = scalar_type(dtype)
            if kind is None:
                message = f"'{name}' is {describe_dtype(dtype)}, which no variable can be."
                raise NodeError(message, "Choose another figure.", setting=f"figures.{place}.method")
            types[name] = kind
        return types

    def _wanted(self, table: TableSpec) -> dict[str, Aggregation]:
        wanted: dict[str, Aggregation] = {}
        for place, figure in enumerate(self.figures):
            at = f"figures.{place}"
            figure.check(table, at)
            name = variable_name(figure.new_name or f"{figure.method}_{figure.column}")
            if name in wanted:
                raise NodeError(f"Two figures would be the variable '{name}'.", "Name one of them.", setting=f"{at}.new_name")
            wanted[name] = figure
        return wanted
