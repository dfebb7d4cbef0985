"""HTML Reader: the tables of web pages that were saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from nodes.base import NodeError, setting
from nodes.kit.files.encoded_text import EncodedText
from nodes.kit.files.encodings import AUTOMATIC
from nodes.kit.files.guessing_reader import GuessingReader, TextRows, unique_names
from nodes.kit.files.html_tables import HtmlTable, names_of, tables_of
from nodes.kit.files.many_files import pattern_setting
from nodes.kit.files.reading import GIB, damaged
from nodes.wording import counted

_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_HEAD = 4096


class HtmlReader(GuessingReader):
    """Read a table from a web page that was saved as a file (.html), or from all such files of a folder.

    Of several tables in a page one is chosen, by its place or by a word in it; tables within cells count as tables of their own.
    A cell that spans several rows or columns stands in all of them. Rows of headings become the names: several of them are put
    together. Texts are as a person sees them: without tags and scripts, with one blank for several. Links are not followed, and
    nothing is fetched.

    The types are found from the cells, or given by hand; in doubt it is said, as by the CSV Reader. The encoding is the one that
    the page declares, or it is found. A page is read as a whole.

    Example: a page of a statistical office, saved from the browser, whose second table lists the towns and their inhabitants.
    """

    id = "readers.html"
    title = "HTML Reader"
    icon = "mdi6.language-html5"
    keywords = ("read_html", "web page", "table", "scrape", "htm", "Wikipedia", "browser", "import", "open")
    opens = (".html", ".htm")

    pattern: str = pattern_setting("*.htm*")
    choose: Literal["position", "text", "largest"] = setting(
        "largest",
        "Table",
        "Which table of the page is read.",
        choices={
            "largest": "The one with the most cells.",
            "position": "The first, second, ...",
            "text": "The first with a word.",
        },
    )
    position: int = setting(1, "Position", "1 is the first table of the page.", ge=1, shown_if={"choose": "position"})
    text: str = setting("", "Word in the table", "A text in its title or its cells.", shown_if={"choose": "text"})
    header: Literal["automatic", "first row", "none"] = setting(
        "automatic",
        "Names of columns",
        "Where they stand.",
        choices={
            "automatic": "In the rows of headings; where there are none, in the first row.",
            "first row": "In the first row.",
            "none": "Nowhere: the columns are called column_0, column_1, ...",
        },
    )
    largest_size: float = setting(
        0.25, "Largest size (GiB)", "A larger file is refused, as it has to be read as a whole.", gt=0, le=64, advanced=True
    )

    def _rows_in(self, path: Path) -> TextRows:
        if path.stat().st_size > self.largest_size * GIB:
            message = f"'{path}' is larger than {self.largest_size:g} GiB."
            raise NodeError(message, "Raise the largest size if there is memory for it.", setting="largest_size")
        text = EncodedText(path, self._encoding_of(path))
        with text.text() as stream:
            page = stream.read(int(self.largest_size * GIB) + 1)
        if len(page) > self.largest_size * GIB:
            message = f"'{path}' is larger than {self.largest_size:g} GiB once it is unpacked."
            raise NodeError(message, "Raise the largest size if there is memory for it.", setting="largest_size")
        table = self._chosen(tables_of(page), path)
        try:
            grid = table.grid()
        except ValueError as error:
            raise damaged(path, error, remedy="Choose another table of the page.") from error
        if self.header == "none":
            return TextRows(unique_names([""] * len(grid[0])), grid, text.remarks)
        headings = (self.header == "automatic" and table.heading_rows()) or 1
        names = unique_names(list(names_of(grid[:headings])))
        return TextRows(names, [[cell or None for cell in row] for row in grid[headings:]], text.remarks)

    def _encoding_of(self, path: Path) -> str:
        """The encoding that is chosen, or that the page declares."""
        if self.encoding.strip().lower() != AUTOMATIC:
            return self.encoding
        with path.open("rb") as stream:
            found = _DECLARED.search(stream.read(_HEAD))
        if found is None:
            return self.encoding
        name = found[1].decode().lower()
        # Browsers read what is declared as Latin 1 as windows-1252 (WHATWG's standard of encodings).
        name = "windows-1252" if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else name
        try:
            "".encode(name)
        except LookupError:
            return self.encoding
        return name

    def _chosen(self, tables: list[HtmlTable], path: Path) -> HtmlTable:
        if not tables:
            raise NodeError(
                f"There is no table in '{path}'.", "Choose another page; some make their tables by scripts.", setting="path"
            )
        if self.choose == "largest":
            return max(tables, key=lambda table: sum(map(len, table.rows)))
        if self.choose == "position":
            if self.position > len(tables):
                message = f"There is {counted(len(tables), 'table')} in '{path}', no {self.position}."
                raise NodeError(message, "Choose a smaller number.", setting="position")
            return tables[self.position - 1]
        wanted = self.text.strip().lower()
        for table in tables:
            texts = [table.caption, *(cell.text for row in table.rows for cell in row)]
            if any(wanted in cell.lower() for cell in texts):
                return table
        listed = ", ".join(f"'{t.caption or t.rows[0][0].text}'" for t, _ in zip(tables, range(6), strict=False) if t.rows[0])
        raise NodeError(f"No table in '{path}' has the text '{self.text}'.", f"The tables begin: {listed}.", setting="text")
