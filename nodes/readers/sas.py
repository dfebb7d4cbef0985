"""SAS Reader: data sets and transport files of SAS."""

from __future__ import annotations

from nodes.kit.files.many_files import pattern_setting
from nodes.kit.files.statistics_reader import StatisticsReader


class SasReader(StatisticsReader):
    """Read a table from a data set of SAS (.sas7bdat) or a transport file (.xpt), or from all of a folder.

    Numbers are Float64, as SAS has no other. What is shown by a format of dates becomes a day, of points in time a point in time,
    and of times a span (SAS counts beyond 24 hours), exact to the millisecond. All 28 missing values (., ._ and .A to .Z) are
    missing, and so are blank texts, which is how SAS has it. Formats of a person's own (catalogs, .sas7bcat) are not read: such
    columns hold the values. The rows of a file are read piece by piece, however large it is.

    Example: of `DM.xpt`, a transport file of a clinical study, it makes a table with a column `BRTHDTC` of texts and `AGE` of
    numbers.
    """

    id = "readers.sas"
    title = "SAS Reader"
    icon = "mdi6.alpha-s-box"
    keywords = ("sas7bdat", "xpt", "xport", "transport", "read_sas", "CDISC", "clinical", "pyreadstat", "haven", "import", "open")
    opens = (".sas7bdat", ".xpt")

    kinds = ("sas7bdat", "xport")
    program = "SAS"

    pattern: str = pattern_setting("*.sas7bdat")
