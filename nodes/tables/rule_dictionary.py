"""Rule Engine (Dictionary): rules that stand in a table."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.tables.rule_engine import Rule, RuleEngine


class RuleEngineDictionary(Node):
    """Fill a column by rules that stand in a second table: a condition and an outcome in each row.

    They are written as in the Rule Engine: `x > 0.5` and `'big'` (text in single quotes). With plain outcomes, these are texts
    as they stand, without quotes. The first condition that is true decides; where none is, the cell is missing. The result's
    type is known only when the rules have been read.

    Example: a CSV file with `if` and `then`, so that someone without the editor can change the rules.
    """

    id = "tables.rule_engine_dictionary"
    title = "Rule Engine (Dictionary)"
    shelf = "Tables / Columns"
    icon = "mdi6.file-cog-outline"
    keywords = ("rules from table", "if then else", "case when", "Rule Engine", "recode", "conditions")
    input_ports = (
        Port("table", "table", "Table", "The table to work on."),
        Port("rules", "table", "Rules", "A condition and an outcome in each row."),
    )
    output_ports = (Port("table", "table", "Table", "The table with the computed column."),)

    condition: str | None = setting(
        None, "Rules column", "The column that holds the conditions.", columns=Columns("rules", ("category",))
    )
    outcome: str | None = setting(
        None,
        "StepResult column",
        "What the cell is where the condition is true.",
        columns=Columns("rules", ("category", "number", "boolean")),
    )
    plain: bool = setting(False, "Outcomes are plain text", "Whether outcomes are texts as they stand, and no expressions.")
    column: str = setting("prediction", "Column", "The result's column; one of this name is replaced.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Known only where outcomes are plain text."""
        rules = specs.table("rules")
        rules.require(self.condition, "category", setting="condition")
        rules.require(self.outcome, "category", "number", "boolean", setting="outcome")
        return {"table": specs.table().with_columns({self.column: pl.String()}) if self.plain else None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Reads the rules, then works as the Rule Engine."""
        table, rules = values.table(), values.table("rules")
        found = rules.frame(list(dict.fromkeys([str(self.condition), str(self.outcome)])))
        pairs = found.select(
            pl.col(str(self.condition)).cast(pl.String).alias("if"), pl.col(str(self.outcome)).cast(pl.String).alias("then")
        )
        made: list[Rule] = []
        for condition, outcome in pairs.iter_rows():
            if condition is None or condition.strip().startswith("//"):
                continue
            then = "NULL" if outcome is None else "'" + outcome.replace("'", "''") + "'" if self.plain else outcome
            made.append(Rule(condition=condition, outcome=then))
        if not made:
            raise NodeError("The second table has no rule.", "Look at the node before.")
        engine = RuleEngine(rules=made, column=self.column)
        try:
            spec = engine.configure(Specs({"table": table.spec}))["table"]
            done = engine.execute(Values({"table": table}), job)
        except NodeError as error:
            where = (error.setting or "").split(".")
            row = f" (rule {int(where[1]) + 1})" if len(where) > 1 and where[1].isdecimal() else ""
            raise NodeError(f"{error.message}{row}", "Correct the table of rules.", setting="condition") from error
        assert spec is not None
        result = done["table"]
        if not self.plain or isinstance(result.schema[self.column], pl.String):  # type: ignore[union-attr]
            return done
        # No rule has an outcome.
        text = result.frame([self.column]).select(pl.col(self.column).cast(pl.String))  # type: ignore[union-attr]
        return {"table": result.with_columns(text)}  # type: ignore[union-attr]
