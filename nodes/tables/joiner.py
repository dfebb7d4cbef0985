"""Joiner: rows of two tables that have the same key stand beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.lookalikes import MOST_KEYS, lookalike_keys
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.dtypes import cast_exactly, common_dtype, zone
from nodes.kit.tables.gathering import taken
from nodes.kit.tables.keys import coarse, key_dtype, keyed, warned
from nodes.kit.tables.naming import fresh_name
from nodes.values.table import Table, TableSpec, describe_dtype
from nodes.wording import counted

KINDS = ("number", "category", "boolean", "time")


class JoinKey(Settings):
    """A column of the left table and the column of the right one that must agree with it."""

    left: str | None = setting(None, "Left column", "A column of the left table.", columns=Columns("left", KINDS))
    right: str | None = setting(None, "Right column", "The column of the right table.", columns=Columns("right", KINDS))


class Joiner(Node):
    """Put rows of two tables beside each other that agree in their key columns.

    A row that has several partners comes once with each. Where a row has none, the columns of the other table are missing:
    in a left join for rows of the left table, in a right join for those of the right one, in a full join for both. Rows
    without a partner come out at ports of their own too, whatever the join. A missing cell agrees with nothing unless you
    say so. Numbers of different types agree by their exact values, however many digits they have; NaN agrees with NaN; categories
    agree by name. Where one column is Float32 and the other Float64, you are warned: 0.1 is not the same number there.

    Only the key columns are read. The data are not copied, but for columns that get missing cells. To leave columns out, put
    a Column Filter before or after: it costs nothing.

    KNIME's RowIDs are not there to be joined by or made new (number the rows with a RowID node), nor its choice of columns for
    each side; the tables of unmatched rows need no switch.

    Example: a left join of `image_id` with `id` puts the labels of a second table beside the images; rows without a label
    come out at the second output.
    """

    id = "tables.joiner"
    title = "Joiner"
    shelf = "Tables / Combine"
    icon = "mdi6.set-center"
    keywords = ("join", "merge", "lookup", "Value Lookup", "Cell Replacer", "Reference Row Filter", "inner", "outer", "vlookup")
    input_ports = (
        Port("left", "table", "Left table", "The table whose columns come first."),
        Port("right", "table", "Right table", "The table to join to it."),
    )
    output_ports = (
        Port("table", "table", "Joined table", "The rows of both tables beside each other."),
        Port("left_unmatched", "table", "Left unmatched rows", "Rows of the left table without a partner."),
        Port("right_unmatched", "table", "Right unmatched rows", "Rows of the right table without a partner."),
    )

    how: Literal["inner", "left", "right", "full", "semi", "anti"] = setting(
        "inner",
        "Join",
        "Which rows come out.",
        choices={
            "inner": "Rows of both tables that match.",
            "left": "All rows of the left table, with their partners.",
            "right": "All rows of the right table, with their partners.",
            "full": "All rows of both tables.",
            "semi": "Rows of the left table that have a partner, once each, without the right columns.",
            "anti": "Rows of the left table that have no partner, without the right columns.",
        },
    )
    on: list[JoinKey] = setting([], "Key columns", "Pairs of columns that must agree.")
    match: Literal["all", "any"] = setting(
        "all",
        "Match",
        "How many pairs must agree.",
        choices={"all": "All of them.", "any": "At least one of them."},
    )
    compare: Literal["value", "text"] = setting(
        "value",
        "Compare keys",
        "When two cells agree.",
        advanced=True,
        choices={
            "value": "If they are the same value; the types must be comparable.",
            "text": "If they look the same when written as text, such as the number 7 and the text 7.",
        },
    )
    nulls_equal: bool = setting(False, "Missing agrees with missing", "Whether two missing cells agree.", advanced=True)
    coalesce: bool = setting(
        True,
        "Merge key columns",
        "One column for each pair, named as in the left table. (KNIME keeps both unless told otherwise.)",
        group="Columns",
    )
    duplicates: Literal["suffix", "fail"] = setting(
        "suffix",
        "If a column name is in both tables",
        "What to do with a right column whose name the left table has.",
        group="Columns",
        choices={"suffix": "Append a suffix to the right one.", "fail": "Stop with an error."},
    )
    suffix: str = setting(
        "_right", "Suffix", "What to append to the right column's name. (KNIME appends ' (Right)'.)", group="Columns",
        shown_if={"duplicates": "suffix"}, min_length=1,
    )  # fmt: skip
    row_order: Literal["left", "right"] = setting(
        "left",
        "Row order",
        "Which table's order the rows have; rows without a partner in it come at the end.",
        advanced=True,
        choices={"left": "That of the left table.", "right": "That of the right table."},
    )
    # Not `validate`, polars's name: pydantic's models have a method of this name.
    expected: Literal["m:m", "m:1", "1:m", "1:1"] = setting(
        "m:m",
        "Expected partners",
        "Stop with an error if a key is there more often than expected. Needs all pairs to match.",
        advanced=True,
        choices={
            "m:m": "Any number on both sides.",
            "m:1": "A key is there once at most in the right table.",
            "1:m": "A key is there once at most in the left table.",
            "1:1": "A key is there once at most in each table.",
        },
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of both tables; how many rows match is not known."""
        left, right = specs.table("left"), specs.table("right")
        if not self.on:
            raise NodeError("There are no key columns.", "Add a pair of columns that must agree.", setting="on")
        if self.match == "any" and self.expected != "m:m":
            raise NodeError("With any pair matching, partners are not checked.", "Choose m:m.", setting="expected")
        for i, pair in enumerate(self.on):
            self._key_dtype(pair, left, right, f"on.{i}")
            if self.compare == "value" and coarse(left.schema[str(pair.left)], right.schema[str(pair.right)]):
                specs.warn(warned(str(pair.left), str(pair.right)))
        unmatched = {"left_unmatched": left.with_rows(None), "right_unmatched": right.with_rows(None)}
        if self.how in ("semi", "anti"):
            return {"table": left.with_rows(None), **unmatched}
        names = self._right_names(left, right)
        merged = {c: d for c, d in self._merged(left, right).items() if d != left.schema[c]}
        out = left.with_rows(None).with_columns(merged)
        added = {names[c]: right.schema[c] for c in names}
        classes = {names[c]: n for c, n in right.classes.items() if c in names}
        return {"table": out.with_columns(added, classes), **unmatched}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Matches the keys, and takes the rows of both tables."""
        import numpy as np

        left, right = values.table("left"), values.table("right")
        job.progress(None, "Matching keys")
        pairs = self._pairs(left, right)
        job.check_cancelled()
        matched = pairs.drop_nulls() if pairs.null_count().row(0) != (0, 0) else pairs
        without: dict[str, Table] = {}
        has_partner: dict[str, np.ndarray] = {}
        for side, table in (("left", left), ("right", right)):
            has_partner[side] = np.zeros(table.height, dtype=bool)
            has_partner[side][matched[side].to_numpy()] = True
            without[f"{side}_unmatched"] = table.take(np.flatnonzero(~has_partner[side]))
        lone = [f"{counted(without[f'{side}_unmatched'].height, 'row')} of the {side} table" for side in ("left", "right")]
        job.log(f"Without a partner: {lone[0]}, {lone[1]}.")
        if len(self.on) == 1:
            (key,) = self.on
            lone_keys = without["left_unmatched"].slice(0, MOST_KEYS).frame([str(key.left)]).to_series()
            warning = lookalike_keys(lone_keys, right.slice(0, MOST_KEYS).frame([str(key.right)]).to_series())
            if warning is not None:
                job.warn(warning)
        if self.how in ("semi", "anti"):
            mask = has_partner["left"] if self.how == "semi" else ~has_partner["left"]
            return {"table": left.take(np.flatnonzero(mask)), **without}
        return {"table": self._joined(left, right, pairs, job), **without}

    def _joined(self, left: Table, right: Table, pairs: pl.DataFrame, job: Job) -> Table:
        """The rows of `pairs`: of both tables, a missing number standing for missing cells."""
        names = self._right_names(left.spec, right.spec)
        out = taken(left, pairs["left"], job)
        merged = self._merged(left.spec, right.spec)
        if merged:
            # The key of a row that only the right table has is there.
            right_of = {pair.left: pair.right for pair in reversed(self.on)}
            frame = out.frame(list(merged))
            other = taken(right.select(list({right_of[c]: None for c in merged})), pairs["right"], job).frame()  # type: ignore[misc]
            filled = [
                pl.coalesce(cast_exactly(frame[c], dtype), cast_exactly(other[str(right_of[c])], dtype)).alias(c)
                for c, dtype in merged.items()
            ]
            classes = {c: n for c, n in left.classes.items() if c in merged and merged[c] == left.schema[c]}
            out = out.with_columns(pl.select(filled), classes)
        if not names:
            return out
        return out.with_columns(taken(right.select(list(names)), pairs["right"], job).rename(names))

    def _pairs(self, left: Table, right: Table) -> pl.DataFrame:
        """Row numbers of partners: `left`, `right`; missing where a row has none but stays."""
        keys = [f"key {i}" for i in range(len(self.on))]
        sides = {"left": self._keys(left, right, "left"), "right": self._keys(left, right, "right")}
        if self.expected != "m:m":
            self._check_expected(sides, keys)
        if self.match == "all" or len(keys) == 1:
            # Semi and anti joins tell at their other ports which rows match: they need the pairs too.
            how = "inner" if self.how in ("semi", "anti") else self.how
            order: Literal["left_right", "right_left"] = "left_right" if self.row_order == "left" else "right_left"
            joined = sides["left"].join(
                sides["right"], on=keys, how=how, nulls_equal=self.nulls_equal, maintain_order=order, coalesce=True
            )  # fmt: skip
            return joined.select("left", "right")
        found = pl.concat(
            sides["left"].join(sides["right"], on=[key], nulls_equal=self.nulls_equal).select("left", "right") for key in keys
        ).unique()
        for side, other in (("left", "right"), ("right", "left")):
            if self.how in (side, "full"):
                lone = (
                    sides[side].select(side).join(found, on=side, how="anti").with_columns(pl.lit(None, pl.UInt32).alias(other))
                )
                found = pl.concat([found, lone.select("left", "right")])
        by = ["left", "right"] if self.row_order == "left" else ["right", "left"]
        return found.sort(by, nulls_last=True)

    def _check_expected(self, sides: Mapping[str, pl.DataFrame], keys: list[str]) -> None:
        for side, count in zip(("left", "right"), self.expected.split(":"), strict=True):
            if count == "1":
                present = sides[side].select(keys).drop_nulls()
                twice = present.filter(present.is_duplicated())
                if twice.height:
                    shown = ", ".join(str(value) for value in twice.row(0))
                    raise NodeError(
                        f"The key {shown} is in the {side} table more than once.",
                        "Remove duplicates (Duplicate Row Filter), or expect several partners.",
                        setting="expected",
                    )

    def _keys(self, left: Table, right: Table, side: Literal["left", "right"]) -> pl.DataFrame:
        """The key columns of a table, comparable with the other's, and the row numbers."""
        table = left if side == "left" else right
        columns = [str(getattr(pair, side)) for pair in self.on]
        dtypes = [self._key_dtype(pair, left.spec, right.spec, "on") for pair in self.on]
        frame = table.frame(list(dict.fromkeys(columns)))
        text = self.compare == "text"
        keys = {
            f"key {i}": as_text(pl.col(c), frame.schema[c]) if text else keyed(pl.col(c), frame.schema[c], d)
            for i, (c, d) in enumerate(zip(columns, dtypes, strict=True))
        }
        return frame.select(**keys).with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(side))

    def _key_dtype(self, pair: JoinKey, left: TableSpec, right: TableSpec, path: str) -> pl.DataType:
        """The type in which the cells of a pair are compared.

        Raises:
            NodeError: If there is none.
        """
        first = left.require(pair.left, *KINDS, setting=f"{path}.left")
        second = right.require(pair.right, *KINDS, setting=f"{path}.right")
        if self.compare == "text":
            return pl.String()
        common = key_dtype(first, second)
        if common is None:
            raise NodeError(
                f"Left column '{pair.left}' is {describe_dtype(first)}{zone(first)}, but right column '{pair.right}' is "
                f"{describe_dtype(second)}{zone(second)}.",
                "Convert one of them, or compare them as text.",
                setting=f"{path}.right",
            )
        return common

    def _merged(self, left: TableSpec, right: TableSpec) -> dict[str, pl.DataType]:
        """Left key columns that get cells of the right table, with the type that holds both."""
        if not self.coalesce or self.match == "any" or self.how not in ("right", "full"):
            return {}
        merged: dict[str, pl.DataType] = {}
        for i, pair in enumerate(self.on):
            if pair.left is not None and pair.right is not None and pair.left not in merged:
                common = common_dtype(left.schema[pair.left], right.schema[pair.right])
                merged[pair.left] = common or self._key_dtype(pair, left, right, f"on.{i}")
        return merged

    def _right_names(self, left: TableSpec, right: TableSpec) -> dict[str, str]:
        """Right columns that come out -> their names."""
        dropped = {pair.right for pair in self.on} if self.coalesce and self.match == "all" else set()
        names: dict[str, str] = {}
        staying = [c for c in right.schema if c not in dropped]
        taken_names = set(left.schema) | {c for c in staying if c not in left.schema}
        for column in staying:
            if column not in left.schema:
                names[column] = column
                continue
            if self.duplicates == "fail":
                message = f"Both tables have a column '{column}'."
                raise NodeError(message, "Append a suffix, or rename one (Column Renamer).", setting="duplicates")
            names[column] = fresh_name(column, taken_names, self.suffix)
            taken_names.add(names[column])
        return names
