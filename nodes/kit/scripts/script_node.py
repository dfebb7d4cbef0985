"""What all nodes with a script share: the setting, what keeps a result from being used again, and reading what scripts give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import GeneratorType
from typing import Any, ClassVar

import polars as pl

from nodes.base import Job, Node, NodeError, Spec, Specs, setting
from nodes.kit.scripts import scripting
from nodes.values.table import Table, TableSpec

A_TABLE = "a polars DataFrame"


def script_setting(template: str, variables: str) -> Any:
    """Declare a script.

    Args:
        template: What a new node has.
        variables: What the script finds, and what it must assign, as a sentence or two.
    """
    help = f"{variables} What is printed goes to the console. The script can do anything that you can do."
    return setting(template, "Script", help, code="python")


class ScriptNode(Node):
    """A node whose work is a script. A subclass declares the setting `script`."""

    shelf = "Scripting"
    gives: ClassVar[tuple[str, ...]] = ()
    """The names that the script must assign, one for each output port."""

    script: str = ""
    run_every_time: bool = setting(
        False,
        "Run every time",
        "Run the script in every run. Otherwise its result is used again as long as script and inputs are the same: switch it "
        "on for a script that reads files, asks a server or draws random numbers.",
    )

    @property
    def reproducible(self) -> bool:
        """Unless the person says that it is not."""
        return not self.run_every_time

    def scripts(self) -> Mapping[str, str]:
        """Return the script."""
        return {"script": self.script}

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check that it is Python; what comes out is known only when it has run."""
        scripting.check(self.script, "script", needs=self.gives)
        return {port.name: None for port in self.output_ports}

    def run_script(self, job: Job, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run it; the names that it assigned, with those of `gives` among them."""
        job.progress(None, "running the script")
        return scripting.run(self.script, "script", job, variables, needs=self.gives)

    def table_of(self, name: str, value: Any, job: Job, *given: TableSpec) -> Table:
        """Return the table that a script assigned to a name.

        Args:
            name: The name.
            value: A polars frame, eager or lazy, one of pandas or pyarrow, or a generator of such pieces.
            job: The node's job.
            given: The tables that went in: class numbers that come out again keep their classes.

        Raises:
            NodeError: If it is nothing of the kind.
        """
        with scripting.at_work(self.script, "script", job):
            streams = isinstance(value, GeneratorType)
            table = job.stream(_pieces(name, value, job)) if streams else Table.of(_frame(name, value))
        kept: dict[str, tuple[str, ...]] = {}
        for spec in reversed(given):
            kept |= {c: n for c, n in spec.classes.items() if table.schema.get(c) == spec.schema[c]}
        return Table(table.parts, table.columns, kept)


def _pieces(name: str, pieces: Iterator[Any], job: Job) -> Iterator[pl.DataFrame]:
    """The pieces of a table, which must be of one schema."""
    first: pl.DataFrame | None = None
    rows = 0
    for piece in pieces:
        job.check_cancelled()
        frame = _frame(f"A piece of {name}", piece)
        if first is None:
            first = frame.clear()
        elif frame.schema != first.schema:
            raise scripting.wrong_result(
                f"A piece of {name}", piece, f"a DataFrame with the columns of the first one ({_columns(first)})", "script"
            )
        rows += frame.height
        job.progress(None, f"{rows} rows")
        yield frame
    if first is None:
        raise scripting.wrong_result(name, pieces, f"a generator of at least one piece, and each {A_TABLE}", "script")


def _frame(name: str, value: Any) -> pl.DataFrame:
    """A frame of what a script gave."""
    try:
        frame = value.collect() if isinstance(value, pl.LazyFrame) else value
    except pl.exceptions.PolarsError as error:
        what = str(error).strip().partition("\n")[0].rstrip(".")
        raise NodeError(f"{name} cannot be computed: {what}.", "Correct the query in the script.", setting="script") from error
    if isinstance(frame, pl.Series):
        frame = frame.to_frame()
    elif not isinstance(frame, pl.DataFrame):
        module = type(frame).__module__.partition(".")[0]
        if module == "pandas" and type(frame).__name__ == "DataFrame":
            frame = pl.from_pandas(frame)
        elif module == "pyarrow" and hasattr(frame, "__arrow_c_stream__"):
            frame = pl.DataFrame(pl.from_arrow(frame))
        else:
            raise scripting.wrong_result(name, value, A_TABLE, "script")
    if not all(frame.columns):
        raise scripting.wrong_result(name, value, f"{A_TABLE} whose columns all have a name", "script")
    objects = [column for column, dtype in frame.schema.items() if isinstance(dtype, pl.Object | pl.Unknown)]
    if objects:
        what = f"{A_TABLE} of numbers, texts, dates, lists or arrays (column '{objects[0]}' holds Python objects)"
        raise scripting.wrong_result(name, value, what, "script")
    return frame


def _columns(frame: pl.DataFrame) -> str:
    return ", ".join(f"{name}: {dtype}" for name, dtype in frame.schema.items())
