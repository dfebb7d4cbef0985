"""Stata Reader: data sets of Stata."""

from __future__ import annotations

from nodes.kit.files.many_files import pattern_setting
from nodes.kit.files.statistics_columns import Labels
from nodes.kit.files.statistics_reader import StatisticsReader, labels_setting


class StataReader(StatisticsReader):
    """Read a table from a data set of Stata (.dta, versions 5 to 19), or from all of a folder.

    byte, int and long are Int64, float is Float32 and double Float64. Days (%td), weeks, months, quarters and half years become
    the day with which they begin, %tc a point in time, exact to the millisecond; years stay numbers, and so does %tC, which
    counts leap seconds. Value labels become text, categories, or are left aside. All 27 missing values (. and .a to .z) are
    missing, and so are empty texts, which is how Stata has it. The rows of a file are read piece by piece, however large it is.

    Example: of `auto.dta` it makes a column `foreign` with the texts Domestic and Foreign, and `price` of whole numbers.
    """

    id = "readers.stata"
    title = "Stata Reader"
    icon = "mdi6.chart-bell-curve"
    keywords = ("dta", "read_stata", "pyreadstat", "haven", "econometrics", "value labels", "import", "open")
    opens = (".dta",)

    kinds = ("dta",)
    program = "Stata"

    pattern: str = pattern_setting("*.dta")
    labels: Labels = labels_setting()

    @property
    def value_labels(self) -> Labels:
        """What is chosen."""
        return self.labels
