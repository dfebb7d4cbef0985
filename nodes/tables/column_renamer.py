"""Column Renamer: columns get other names, one by one or from a dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.values.table import TableSpec


class Renaming(Settings):
    """One column and its new name."""

    column: str | None = setting(None, "Column", "The column to rename.", columns=Columns())
    new_name: str = setting("renamed", "New name", "Its new name.", min_length=1)


class ColumnRenamer(Node):
    """Give columns other names.

    Names come from the list, or from a second table with one row per column: its old name and its new one. Both can be used
    together; then the list decides where both name a column. Columns may swap their names. Nothing is copied.

    Example: call `dense_2` `probabilities`, so that the nodes behind need not be changed when the layer is.
    """

    id = "tables.column_renamer"
    title = "Column Renamer"
    shelf = "Tables / Columns"
    icon = "mdi6.rename"
    keywords = ("Column Rename", "Column Renamer (Dictionary)", "rename", "names", "header")
    input_ports = (
        Port("table", "table", "Table", "The table whose columns are renamed."),
        Port("dictionary", "table", "Dictionary", "Old and new names, one pair a row.", optional=True),
    )
    output_ports = (Port("table", "table", "Table", "The table with the new names."),)

    names: list[Renaming] = setting([], "New names", "Which columns to rename.")
    old_names: str | None = setting(
        None,
        "Column of old names",
        "With a dictionary connected: its column with the old names.",
        group="Dictionary",
        columns=Columns("dictionary", ("category",)),
    )
    new_names: str | None = setting(
        None,
        "Column of new names",
        "With a dictionary connected: its column with the new names.",
        group="Dictionary",
        columns=Columns("dictionary", ("category",)),
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns under their new names; not known before running where they come from a dictionary."""
        table = specs.table()
        for i, renaming in enumerate(self.names):
            table.require(renaming.column, setting=f"names.{i}.column")
        columns = [renaming.column for renaming in self.names]
        twice = next((i for i, column in enumerate(columns) if column in columns[:i]), None)
        if twice is not None:
            raise NodeError(f"Column '{columns[twice]}' is renamed twice.", "Keep one.", setting=f"names.{twice}.column")
        if "dictionary" in specs:
            for name in ("old_names", "new_names"):
                specs.table("dictionary").require(getattr(self, name), "category", setting=name)
            return {"table": None}
        return {"table": renamed_spec(table, self._listed(), "names")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Renames the columns; no data are touched."""
        table = values.table()
        names = self._listed()
        if "dictionary" in values:
            assert self.old_names
            assert self.new_names
            pairs = values.table("dictionary").frame(list({self.old_names: None, self.new_names: None})).drop_nulls()
            known = dict(zip(pairs[self.old_names].cast(str), pairs[self.new_names].cast(str), strict=True))
            unknown = [c for c in known if c not in table.schema]
            if unknown:
                job.warn(f"The dictionary names {len(unknown)} columns that are not there, such as '{unknown[0]}'.")
            names = known | names
        renamed_spec(table.spec, names, "new_names")
        return {"table": table.rename({c: n for c, n in names.items() if c in table.schema})}

    def _listed(self) -> dict[str, str]:
        return {r.column: r.new_name for r in self.names if r.column is not None}


def renamed_spec(table: TableSpec, names: Mapping[str, str], setting: str) -> TableSpec:
    """The spec of a table with columns renamed (old -> new).

    Raises:
        NodeError: If two columns would have one name, or a column none.
    """
    old: dict[str, str] = {}
    for column in table.schema:
        new = names.get(column, column)
        if not new:
            raise NodeError(f"Column '{column}' would have no name.", "Change the new name.", setting=setting)
        if new in old:
            raise NodeError(f"Columns '{old[new]}' and '{column}' would both be named '{new}'.", "Change one.", setting=setting)
        old[new] = column
    classes = {names.get(c, c): n for c, n in table.classes.items()}
    plain = TableSpec(table.schema, table.rows)
    return plain.with_schema({new: table.schema[column] for new, column in old.items()}, classes)
