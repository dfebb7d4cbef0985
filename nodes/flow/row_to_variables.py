"""Row to Variables: the cells of one row become variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.table import TableSpec, describe_dtype
from nodes.values.variables import DEFAULTS, Scalar, ScalarType, Variables, VariablesSpec, scalar_of, scalar_type, variable_name
from nodes.wording import counted


class RowToVariables(Node):
    """Make a variable of each cell of one row, called as its column.

    What is no letter, digit or _ in a column's name becomes _: `petal length` gives `petal_length`. Numbers, texts, categories,
    dates and times, true and false can be variables; columns of images, lists or files are left out unless they are chosen.
    What the values are is known once the node has run: settings that are bound to them are looked at then.

    Example: a Sorter and this node take from a table of results the row with the best `accuracy`, and a Keras Network Learner
    that is wired to it trains with the `learning_rate` of that row.
    """

    id = "flow.row_to_variables"
    title = "Row to Variables"
    shelf = "Flow"
    icon = "mdi6.table-row"
    keywords = ("Table Row to Variable", "flow variable", "TableRow To Variable", "parameter", "extract row")
    input_ports = (Port("table", "table", "Table", "The table with the row."),)
    output_ports = (Port("variables", "variables", "Variables", "A variable for each column."),)

    row: int = setting(1, "Row", "Which row, counted from 1; -1 is the last one, -2 the one before.")
    columns: list[str] = setting(
        [], "Columns", "The columns that become variables; none means all that can.", columns=Columns("table")
    )
    on_missing: Literal["error", "default"] = setting(
        "error",
        "Missing cells",
        "What becomes of a missing cell, or of a row that is not there.",
        choices={"error": "The node fails.", "default": "0, false, or an empty text stands for it."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Their names and types."""
        if self.row == 0:
            raise NodeError("There is no row 0: rows are counted from 1.", "Take row 1, or -1 for the last.", setting="row")
        return {"variables": VariablesSpec({name: kind for name, (_, kind) in self._found(specs.table()).items()})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look into the row."""
        table = values.table()
        found = self._found(table.spec)
        place = self.row - 1 if self.row > 0 else table.height + self.row
        there = 0 <= place < table.height
        if not there and self.on_missing == "error":
            message = f"There is no row {self.row}: the table has {counted(table.height, 'row')}."
            raise NodeError(message, "Choose another row, or have missing cells replaced.", setting="row")
        frame = table.slice(place, 1).frame([column for column, _ in found.values()]) if there and found else None
        made: dict[str, Scalar] = {}
        for name, (column, kind) in found.items():
            cell = frame[column][0] if frame is not None else None
            is_default = cell is None and self.on_missing == "default"
            made[name] = DEFAULTS[kind] if is_default else scalar_of(cell, kind, name, "on_missing")
        return {"variables": Variables({name: kind for name, (_, kind) in found.items()}, made)}

    def _found(self, table: TableSpec) -> dict[str, tuple[str, ScalarType]]:
        """Variable -> its column and type."""
        found: dict[str, tuple[str, ScalarType]] = {}
        for column in self.columns or list(table.schema):
            dtype = table.require(column, setting="columns")
            kind = scalar_type(dtype)
            if kind is None and self.columns:
                message = f"Column '{column}' is {describe_dtype(dtype)}, which no variable can be."
                raise NodeError(message, "Leave it out.", setting="columns")
            if kind is None:
                continue
            name = variable_name(column)
            if name in found:
                message = f"The columns '{found[name][0]}' and '{column}' would both be the variable '{name}'."
                raise NodeError(message, "Rename one of them before, or leave it out.", setting="columns")
            found[name] = column, kind
        return found
