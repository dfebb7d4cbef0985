"""Try: if something failed, something else instead."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nodes.base import ANY, Job, NodeError, Port, Spec, Specs, Value, Values
from nodes.kit.flow.kinds import AnyKind
from nodes.values.table import Table, TableSpec

_ERRORS = pl.Schema({"node": pl.String(), "message": pl.String(), "remedy": pl.String()})


class Try(AnyKind):
    """Give what comes in at the first input; if that failed, or is on a branch that is not taken, what comes in at the second.

    A failure that ends here is none of the workflow: the run goes on, and counts as a success. What is needed for the second
    input only is not run unless the first one failed; it is inactive then. The second output tells what failed as a table:
    node, message and remedy; without a failure it has no rows. If both fail, so does the workflow.

    Example: a CSV Reader of yesterday's results at the first input and a Table Creator with the same columns, without rows,
    at the second: the workflow works on the first day, too, when there is no file yet.
    """

    id = "flow.try"
    title = "Try"
    icon = "mdi6.shield-refresh-outline"
    keywords = ("Try (Data Ports)", "Catch Errors", "exception", "fallback", "on error", "rescue", "if file exists", "default")
    input_ports = (
        Port("first", ANY, "First", "What is wanted.", lacking="failed"),
        Port("second", ANY, "Second", "What is taken if the first failed.", lacking="failed", fallback=True),
    )
    output_ports = (
        Port("value", ANY, "Output", "What the first input has, else what the second has."),
        Port("errors", "table", "Errors", "What failed: a row, or none."),
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What both inputs have, if that is the same."""
        given = [specs.by_port.get(port) for port in ("first", "second")]
        return {"value": given[0] if given[0] == given[1] else None, "errors": TableSpec(_ERRORS)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Take what is there."""
        port = next((port for port in ("first", "second") if port in values), None)
        if port is None:
            raise NodeError("Neither input has anything.", "Wire something to the second input that cannot fail.")
        rows = [{"node": f.node, "message": f.message, "remedy": f.remedy} for f in values.failures.values()]
        for failure in values.failures.values():
            job.log(f"'{failure.node}' failed: {failure.message} The second input is taken.")
        return {"value": values[port], "errors": Table.of(pl.DataFrame(rows, schema=_ERRORS))}
