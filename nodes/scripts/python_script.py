"""Python Script: tables in, tables out, and whatever the person writes in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from nodes.base import Job, Port, Value, Values
from nodes.kit.scripts.script_node import ScriptNode, script_setting
from nodes.values.table import Table

TABLES_IN = (
    Port(
        "table", "table", "Table", "The script finds it as input_table, input_tables[0], ...", optional=True, grows=True, least=1
    ),
)
VARIABLES = (
    "The script finds the first table as input_table and all of them as the list input_tables, as polars DataFrames "
    "(.to_pandas() where pandas is installed); it must assign "
)
TEMPLATE = """\
# input_table:   the first table, a polars DataFrame (None if nothing is connected)
# input_tables:  all tables, in the order of their numbers
# output_table:  assign the result: a polars DataFrame or LazyFrame (pandas and pyarrow will do),
#                or a generator of DataFrames, for a table larger than memory:
#                    (work(piece) for piece in input_table.iter_slices(10_000))
# job:           job.progress(0.5, "half of it"), job.warn("..."), job.check_cancelled()
import polars as pl

output_table = input_table if input_table is not None else pl.DataFrame({"x": [1, 2, 3]})
"""
TEMPLATE_2 = """\
# input_table:   the first table, a polars DataFrame (None if nothing is connected)
# input_tables:  all tables, in the order of their numbers
# output_table_1, output_table_2:  assign the results, polars DataFrames
import polars as pl

table = input_table if input_table is not None else pl.DataFrame({"x": [1, 2, 3, 4]})
middle = table.height // 2
output_table_1 = table.head(middle)
output_table_2 = table.tail(table.height - middle)
"""


class PythonScript(ScriptNode):
    """Compute a table with Python: any number of tables in, one table out.

    Tables come and go as polars DataFrames, in which missing cells are null: nothing has to be replaced by a sentinel, as
    KNIME's scripts need it for whole numbers, and there are no chunks to choose, since large tables stay on disk until their
    columns are touched. Images and tensors are Array columns: `input_table["image"].to_numpy()` has the shape (rows, height,
    width, channels). Columns of class numbers keep their class names if name and type stay the same. Print what you want to
    see in the console.

    What comes out is known only when the script has run: nodes behind it are checked then.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: with a CSV Reader before it, `output_table = input_table.filter(pl.col("price") > 100)` hands on the rows with
    a price above 100.
    """

    id = "scripts.python_script"
    title = "Python Script"
    icon = "mdi6.language-python"
    keywords: ClassVar[tuple[str, ...]] = (
        "Python Script (legacy)", "Python Source", "code", "program", "polars", "pandas", "numpy", "snippet", "custom",
    )  # fmt: skip
    input_ports = TABLES_IN
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Table", "What the script assigned to output_table."),)
    gives: ClassVar[tuple[str, ...]] = ("output_table",)

    script: str = script_setting(TEMPLATE, f"{VARIABLES}output_table.")

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script."""
        tables = cast("list[Table]", values.all("table"))
        found = self.run_script(job, _variables(tables))
        specs = [table.spec for table in tables]
        return {
            port.name: self.table_of(name, found[name], job, *specs)
            for port, name in zip(self.output_ports, self.gives, strict=True)
        }


class PythonScriptTwoTables(PythonScript):
    """Compute two tables with Python: any number of tables in, two tables out.

    As Python Script, with a second output, such as for a split of your own, or for results and rejected rows.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: `output_table_1 = input_table.filter(ok)` and `output_table_2 = input_table.filter(~ok)` part the rows that pass
    a test from those that do not.
    """

    id = "scripts.python_script_two_tables"
    title = "Python Script (Two Tables)"
    icon = "mdi6.code-braces-box"
    keywords = ("Python Script (1⇒2)", "code", "program", "split", "polars", "pandas", "custom")
    output_ports = (
        Port("table_1", "table", "First table", "What the script assigned to output_table_1."),
        Port("table_2", "table", "Second table", "What the script assigned to output_table_2."),
    )
    gives = ("output_table_1", "output_table_2")

    script: str = script_setting(TEMPLATE_2, f"{VARIABLES}output_table_1 and output_table_2.")


def _variables(tables: list[Table]) -> dict[str, Any]:
    frames = [table.frame() for table in tables]
    return {"input_table": frames[0] if frames else None, "input_tables": frames}
