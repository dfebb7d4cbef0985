"""Rule Engine: the first rule whose condition is true tells the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nodes.base import NodeError, Settings, setting
from nodes.kit.tables.computed import Computation, Computed
from nodes.kit.tables.dtypes import common_dtype
from nodes.kit.tables.expression_limits import MOST_RULES
from nodes.kit.tables.expressions import EXAMPLES, HELP, by_row, parsed
from nodes.kit.tables.formula_steps import StepResult, Unfit, either
from nodes.kit.tables.formulas import Formula, refuse_faults
from nodes.values.table import TableSpec, describe_dtype
from nodes.wording import grouped


class Rule(Settings):
    """A condition, and what the cell is where it is true."""

    condition: str = setting("TRUE", "If", f"What must be true, such as {EXAMPLES['rule']}. {HELP}", lines=True)
    outcome: str = setting("0", "Then", "The cell: a number, a text in single quotes, a column, or any expression.")


@dataclass(frozen=True)
class RuleChain:
    """Rules, ready to be computed: an outcome that a rule before it leaves no row to is not looked at.

    Attributes:
        cases: Conditions and outcomes, the first that is true deciding.
        common: The type of all outcomes.
        made: The type of the results.
    """

    cases: Sequence[tuple[Formula, Formula]]
    common: pl.DataType
    made: pl.DataType

    @property
    def columns(self) -> list[str]:
        """The columns that the rules name."""
        return list(dict.fromkeys(c for case in self.cases for formula in case for c in formula.columns))

    def dtype(self, schema: pl.Schema) -> pl.DataType:
        """Return the type of the results."""
        return self.made

    def computed(self, frame: pl.DataFrame, start: int = 0) -> pl.Series:
        """Return the results for the rows of a frame.

        Raises:
            NodeError: If a row could not be computed.
        """
        made = StepResult(pl.Series([None], dtype=self.common).new_from_index(0, frame.height))
        try:
            for condition, outcome in reversed(self.cases):
                told = outcome.outcome(frame)
                made = either(condition.outcome(frame), StepResult(told.cells.cast(self.common), told.faults), made)
        except Unfit as error:
            refuse_faults(StepResult(made.cells, (error.fault,)), start)
        refuse_faults(made, start)
        return made.cells.cast(self.made)


class RuleEngine(Computed):
    """Fill a column by rules: if a condition is true, then this is the cell. The first rule that is true decides.

    Conditions and outcomes are written as in SQL: `x > 0.5 AND label = 'cat'`, `name LIKE '%.png'`, `x IS NULL`,
    `name IN ('a', 'b')`. A condition that is missing, since a cell is, counts as not true. A last rule with the condition
    `TRUE` is for all other rows; without one their cells are missing. All outcomes must have a type in common. (KNIME writes
    `$x$ > 0.5 => "big"`; here condition and outcome stand in fields of their own.)

    Example: with the condition `temperature < 0` and the outcome `'frost'`, then `temperature < 20` and `'mild'`, every row
    gets the first that fits.
    """

    id = "tables.rule_engine"
    title = "Rule Engine"
    icon = "mdi6.gavel"
    keywords = ("if then else", "case when", "Rule Engine (Dictionary)", "Expression", "conditions", "recode", "map values")

    rules: list[Rule] = setting([], "Rules", "From top to bottom; the first that is true decides.")
    column: str = setting("prediction", "Column", "The result's column; one of this name is replaced.", min_length=1)
    as_category: bool = setting(
        False, "Outcomes are categories", "Whether texts become the categories of a category column, in the order of the rules."
    )

    def columns_of(self, table: TableSpec) -> tuple[dict[str, Computation], bool]:
        """The one column, as a chain of when and then."""
        if not self.rules:
            raise NodeError("There is no rule.", "Add one.", setting="rules")
        if len(self.rules) > MOST_RULES:
            raise NodeError(
                f"There are {grouped(len(self.rules))} rules; {grouped(MOST_RULES)} are allowed.",
                "Where a rule only compares a column with a value, a Value Lookup knows as many as a table has rows.",
                setting="rules",
            )
        outcomes = [parsed(rule.outcome, table, f"rules.{i}.outcome") for i, rule in enumerate(self.rules)]
        dtype = self._dtype([outcome.dtype(table.schema) for outcome in outcomes])
        cases = []
        for i, (rule, outcome) in enumerate(zip(self.rules, outcomes, strict=True)):
            condition = parsed(rule.condition, table, f"rules.{i}.condition")
            told = condition.dtype(table.schema)
            if not isinstance(told, pl.Boolean):
                raise NodeError(
                    f"The condition of rule {i + 1} is {describe_dtype(told)}, not true or false.",
                    "Compare it with something.",
                    setting=f"rules.{i}.condition",
                )
            cases.append((condition, outcome))
        made = RuleChain(cases, dtype, pl.Enum(self._categories(outcomes, dtype)) if self.as_category else dtype)
        return {self.column: made}, all(by_row(rule.condition) and by_row(rule.outcome) for rule in self.rules)

    def _dtype(self, dtypes: list[pl.DataType]) -> pl.DataType:
        """The type of all outcomes.

        Raises:
            NodeError: If they have none in common.
        """
        common = dtypes[0]
        for i, dtype in enumerate(dtypes[1:], 2):
            wider = common_dtype(common, dtype)
            if wider is None:
                raise NodeError(
                    f"The outcome of rule {i} is {describe_dtype(dtype)}, but those before are {describe_dtype(common)}.",
                    "Give all rules outcomes of one type.",
                    setting=f"rules.{i - 1}.outcome",
                )
            common = wider
        return common

    def _categories(self, outcomes: list[Formula], dtype: pl.DataType) -> list[str]:
        """The texts that the rules name.

        Raises:
            NodeError: If an outcome is no text, or known only when it runs.
        """
        names: dict[str, None] = {}
        for i, outcome in enumerate(outcomes):
            if not isinstance(dtype, pl.String) or outcome.columns:
                raise NodeError(
                    f"The outcome of rule {i + 1} is no text in single quotes: its categories are not known before running.",
                    "Write a text, or switch categories off.",
                    setting=f"rules.{i}.outcome",
                )
            value = outcome.computed(pl.DataFrame(height=1)).item()
            names |= {} if value is None else {value: None}
        return list(names)
