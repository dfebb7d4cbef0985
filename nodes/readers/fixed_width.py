"""Fixed Width Reader: text files whose columns stand at the same places in every line."""

from __future__ import annotations

from pathlib import Path

from nodes.base import setting
from nodes.kit.files.fixed_width import FixedWidthFile
from nodes.kit.files.guessing_reader import GuessingReader, TextRows, unique_names
from nodes.kit.files.many_files import pattern_setting


class FixedWidthReader(GuessingReader):
    """Read a table from a text file whose columns stand at the same places in every line, or from all such files of a folder.

    The columns are given by their places or their widths, in characters; or they are found: between places that are blank in
    all of the first 1000 lines. A later line that does not keep to columns that were found is an error that names it, and so is
    text behind the last column that was given. What is left out between given places is not read. Lines that are short have
    missing cells at their end, empty lines are left out, and a tab counts as the blanks up to the next eighth place.

    Blanks around cells are taken off. The types are found from the first rows, or given by hand; in doubt it is said, as by the
    CSV Reader. Gzipped files are read as they are, of any size: piece by piece.

    Example: with the columns `1-11, 13-20, 22-30, 32-37` it reads the identifiers, latitudes, longitudes and heights in
    the list of stations of a weather service.
    """

    id = "readers.fixed_width"
    title = "Fixed Width Reader"
    icon = "mdi6.ruler"
    keywords = ("Fixed Width File Reader", "read_fwf", "fwf", "columns", "mainframe", "text", "aligned", "import", "open")

    pattern: str = pattern_setting("*.txt")
    fields: str = setting(
        "",
        "Columns of characters",
        "Places from 1, such as 1-8, 9-12, 20- (to the end); or widths, such as 8 4 *. Empty: they are found.",
    )
    header: bool = setting(
        True, "First line contains column names", "If not, the columns are called column_0, column_1, ..., or as given."
    )
    column_names: list[str] = setting(
        [], "Column names", "The names of the columns in their order; those left over are named by the header or their place."
    )
    skip_lines: int = setting(0, "Skip first lines", "How many lines stand before the header.", ge=0, group="Selection")
    comment: str = setting("", "Comment", "Lines that begin with it are left out; empty means none.", group="Selection")

    def _rows_in(self, path: Path) -> TextRows:
        file = FixedWidthFile(path, self.encoding, self.fields, self.skip_lines, self.comment, header=self.header)
        given = [*self.column_names[: len(file.names)], *file.names[len(self.column_names) :]]
        return TextRows(unique_names(given), file.rows(), file.remarks)
