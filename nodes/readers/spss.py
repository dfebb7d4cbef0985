"""SPSS Reader: files of SPSS and PSPP."""

from __future__ import annotations

from typing import Literal

from nodes.base import setting
from nodes.kit.files.many_files import pattern_setting
from nodes.kit.files.statistics_columns import Labels
from nodes.kit.files.statistics_reader import StatisticsReader, labels_setting


class SpssReader(StatisticsReader):
    """Read a table from a file of SPSS or PSPP (.sav, .zsav, .por), or from all of a folder.

    Numbers are Float64, as SPSS has no other. Dates are days, points in time and spans (formats TIME and DTIME) are exact to the
    millisecond. Value labels become text, categories, or are left aside. System-missing cells are missing; so are the values
    that are declared as user-missing (such as 99 for refused), unless they are to be kept. Texts of nothing are missing, as
    SPSS has no missing texts. The rows of a file are read piece by piece, however large it is.

    Example: of `survey.sav` it makes a column `sex` with the texts female and male, and a column `interview_date` of days.
    """

    id = "readers.spss"
    title = "SPSS Reader"
    icon = "mdi6.chart-box"
    keywords = ("sav", "zsav", "por", "PSPP", "read_spss", "pyreadstat", "haven", "survey", "value labels", "import", "open")
    opens = (".sav", ".zsav", ".por")

    kinds = ("sav", "por")
    program = "SPSS"

    pattern: str = pattern_setting("*.*sav")
    labels: Labels = labels_setting()
    user_missing: Literal["missing", "values"] = setting(
        "missing",
        "User-missing values",
        "What becomes of values that are declared to stand for missing ones.",
        choices={"missing": "They are missing.", "values": "They stay, with their labels; of .sav and .zsav only."},
    )

    @property
    def value_labels(self) -> Labels:
        """What is chosen."""
        return self.labels

    @property
    def keeps_user_missing(self) -> bool:
        """What is chosen."""
        return self.user_missing == "values"
