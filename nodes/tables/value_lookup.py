"""Value Lookup: what another table says of each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.lookalikes import MOST_KEYS, lookalike_keys
from nodes.kit.tables.dtypes import cast_exactly
from nodes.kit.tables.elementwise import refuse_existing
from nodes.kit.tables.gathering import taken
from nodes.kit.tables.keys import coarse, key_dtype, keyed, warned
from nodes.kit.tables.naming import fresh_name
from nodes.kit.tables.patterns import full_match
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, describe_dtype
from nodes.wording import counted, grouped

KINDS = ("number", "category", "boolean", "time")
MAX_PATTERNS = 10_000


class ValueLookup(Node):
    """Look each value of a column up in a dictionary, and put what stands beside it there into the row.

    Every row stays, once (other than in a join). If the dictionary has a key twice, the first or the last counts. Where a value
    is not found, the cells are missing, or those of the next smaller or next larger key. Keys can be patterns: parts of the
    text, wildcards or regular expressions. Numbers of different types agree by their exact values. A column whose name the
    table has gets a number: `label (#1)`.

    Example: lookup column `file`, a dictionary of `file` and `label`: labels for images.
    """

    id = "tables.value_lookup"
    title = "Value Lookup"
    shelf = "Tables / Combine"
    icon = "mdi6.table-search"
    keywords = (
        "Cell Replacer",
        "vlookup",
        "dictionary",
        "map values",
        "left join",
        "join_asof",
        "recode",
    )
    input_ports = (
        Port("table", "table", "Table", "The table with the values."),
        Port("dictionary", "table", "Dictionary", "Keys, and what belongs to them."),
    )
    output_ports = (Port("table", "table", "Table", "The table with what was found."),)

    column: str | None = setting(None, "Lookup column", "The values to look up.", columns=Columns("table", KINDS))
    key: str | None = setting(None, "Key column", "Where they are looked for.", columns=Columns("dictionary", KINDS))
    values: list[str] = setting(
        [], "Values", "The dictionary's columns that are appended; empty: all but the key.", columns=Columns("dictionary")
    )
    several: Literal["first", "last"] = setting(
        "first", "If a key is there twice", "Which one counts.", choices={"first": "The first.", "last": "The last."}
    )
    no_match: Literal["missing", "next smaller", "next larger", "fail"] = setting(
        "missing",
        "If a value is not found",
        "What its cells are.",
        choices={
            "missing": "Missing.",
            "next smaller": "Those of the largest key below; for numbers and times.",
            "next larger": "Those of the smallest key above; for numbers and times.",
            "fail": "The node stops with an error.",
        },
    )
    matching: Literal["full", "substring", "wildcard", "regex"] = setting(
        "full",
        "Text fits",
        "When a text fits a key.",
        choices={
            "full": "If it is the same.",
            "substring": "If the key is a part of it.",
            "wildcard": "If it fits the key, with * for any text and ? for a character.",
            "regex": "If it fits the key as a regular expression, as a whole.",
        },
    )
    case_sensitive: bool = setting(
        True,
        "Case sensitive",
        "Whether capital and small letters differ.",
        shown_if={"matching": ["substring", "wildcard", "regex"]},
    )
    lookup_column: Literal["keep", "replace", "remove"] = setting(
        "keep",
        "Lookup column",
        "What becomes of it.",
        choices={
            "keep": "It stays; what was found stands at the end.",
            "replace": "The first of the values stands in its place, under its name.",
            "remove": "It does not go on.",
        },
    )
    found_column: str | None = setting(
        None, "Found column", "The name of a column that tells whether the value was found; empty: there is none.", min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with the dictionary's columns."""
        table, dictionary = specs.table(), specs.table("dictionary")
        self._dtype(table, dictionary)
        if coarse(table.schema[str(self.column)], dictionary.schema[str(self.key)]):
            specs.warn(warned(str(self.column), str(self.key)))
        for column in self._columns(dictionary):
            dictionary.require(column, setting="values")
        names = self._names(table, dictionary)
        classes = {names[c]: n for c, n in dictionary.classes.items() if c in names}
        if self.lookup_column == "replace" and not names:
            raise NodeError("The dictionary has no column but the key.", "Keep the lookup column.", setting="lookup_column")
        made = table.with_columns({new: dictionary.schema[c] for c, new in names.items()}, classes)
        if self.lookup_column == "remove":
            made = made.with_schema({c: d for c, d in made.schema.items() if c != self.column})
        if self.found_column:
            refuse_existing(made, self.found_column, "found_column")
            made = made.with_columns({self.found_column: pl.Boolean()})
        return {"table": made}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the dictionary's row for each row."""
        table, dictionary = values.table(), values.table("dictionary")
        rows = self._rows(table, dictionary, job)
        if self.no_match == "fail" and rows.null_count():
            row = int(rows.is_null().arg_max() or 0)
            value = table.slice(row, 1).frame([str(self.column)]).item()
            raise NodeError(f"'{value}' in row {row + 1} is not in the dictionary.", "Add it there.", setting="no_match")
        if rows.null_count():
            job.log(f"{counted(rows.null_count(), 'row')} of {grouped(table.height)} found nothing in the dictionary.")
            cells, keys = (
                table.frame([str(self.column)]).to_series(),
                dictionary.slice(0, MOST_KEYS).frame([str(self.key)]).to_series(),
            )
            warning = lookalike_keys(cells.filter(rows.is_null()).head(MOST_KEYS), keys) if self.matching == "full" else None
            if warning is not None:
                job.warn(warning)
        names = self._names(table.spec, dictionary.spec)
        made = table
        if names:
            made = table.with_columns(taken(dictionary.select(list(names)), rows, job).rename(names))
        if self.lookup_column == "remove":
            made = made.drop([str(self.column)])
        if self.found_column:
            made = made.with_columns(pl.DataFrame({self.found_column: rows.is_not_null()}))
        return {"table": made}

    def _rows(self, table: Table, dictionary: Table, job: Job) -> pl.Series:
        """The dictionary's row for each row of the table; missing where there is none."""
        dtype = self._dtype(table.spec, dictionary.spec)
        column, key = str(self.column), str(self.key)

        def cells(source: Table, name: str) -> pl.DataFrame:
            frame = source.frame([name])
            return frame.select(keyed(pl.col(name), frame.schema[name], dtype).alias("value"))

        if self.no_match.startswith("next") and dtype in (pl.Int128, pl.String):
            dtype = pl.Float64()  # no whole number, and no text, stands for 0.5 in an order
            for source, name in ((table, column), (dictionary, key)):
                cast_exactly(source.frame([name])[name], dtype)
        looked = cells(table, column).with_row_index("place")
        keys = cells(dictionary, key).with_row_index("row").filter(pl.col("value").is_not_null())
        keys = keys.unique("value", keep=self.several, maintain_order=True)
        if self.matching != "full":
            return self._fitting(looked["value"], keys, job)
        if self.no_match in ("missing", "fail"):
            return looked.join(keys, on="value", how="left", maintain_order="left")["row"]
        strategy: Literal["backward", "forward"] = "backward" if self.no_match == "next smaller" else "forward"
        if dtype.is_float():  # NaN is next to nothing
            looked, keys = (frame.with_columns(pl.col("value").fill_nan(None)) for frame in (looked, keys))
            keys = keys.drop_nulls("value")
        present = looked.filter(pl.col("value").is_not_null()).sort("value")
        found = present.join_asof(keys.sort("value"), on="value", strategy=strategy)
        return looked.select("place").join(found.select("place", "row"), on="place", how="left", maintain_order="left")["row"]

    def _fitting(self, texts: pl.Series, keys: pl.DataFrame, job: Job) -> pl.Series:
        """As `_rows`, for patterns: every different text is tried with every key, in their order."""
        if keys.height > MAX_PATTERNS:
            raise NodeError(f"The dictionary has {keys.height} patterns: too many.", "Let texts fit in full.", setting="matching")
        different = texts.drop_nulls().unique(maintain_order=True)
        found = pl.Series([None] * len(different), dtype=pl.UInt32)
        ordered = keys.rows() if self.several == "first" else keys.rows()[::-1]
        for number, (row, pattern) in enumerate(ordered):
            job.check_cancelled()
            job.progress(number / len(ordered))
            if self.matching in ("wildcard", "regex"):
                kind: Literal["wildcard", "regex"] = "wildcard" if self.matching == "wildcard" else "regex"
                fits = different.str.contains(full_match(pattern, kind, case_sensitive=self.case_sensitive, setting="matching"))
            elif self.case_sensitive:
                fits = different.str.contains(pattern, literal=True)
            else:
                fits = different.str.to_lowercase().str.contains(pattern.lower(), literal=True)
            found = pl.select(pl.when(pl.lit(found).is_null() & pl.lit(fits)).then(row).otherwise(found)).to_series()
        by_text = pl.DataFrame({"value": different, "row": found.cast(pl.UInt32)})
        return texts.to_frame("value").join(by_text, on="value", how="left", maintain_order="left")["row"]

    def _names(self, table: TableSpec, dictionary: TableSpec) -> dict[str, str]:
        """The dictionary's columns that are appended -> their names in the table, which has no such column yet."""
        names: dict[str, str] = {}
        for column in self._columns(dictionary):
            if self.lookup_column == "replace" and not names:
                names[column] = str(self.column)
                continue
            used = {*table.schema, *names.values()}
            names[column] = fresh_name(column, used) if column in used else column
        return names

    def _columns(self, dictionary: TableSpec) -> list[str]:
        return list(dict.fromkeys(self.values)) or [c for c in dictionary.schema if c != self.key]

    def _dtype(self, table: TableSpec, dictionary: TableSpec) -> pl.DataType:
        """The type in which values and keys are compared.

        Raises:
            NodeError: If there is none, or the settings do not suit it.
        """
        first = table.require(self.column, *KINDS, setting="column")
        second = dictionary.require(self.key, *KINDS, setting="key")
        texts = COLUMN_KINDS["category"](first) and COLUMN_KINDS["category"](second)
        common = pl.String() if texts else key_dtype(first, second)
        if common is None:
            raise NodeError(
                f"Column '{self.column}' is {describe_dtype(first)}, but the key is {describe_dtype(second)}.",
                "Convert one of them.",
                setting="key",
            )
        if self.matching != "full" and not texts:
            raise NodeError("Only text can be looked up by a part of it.", "Let values fit in full.", setting="matching")
        if self.no_match.startswith("next") and (texts or self.matching != "full" or isinstance(common, pl.Boolean)):
            raise NodeError("Only numbers and times have a next one.", "Choose missing.", setting="no_match")
        return common
