"""Tables of web pages: rows of cells as a person sees them, with spans filled. Python's own parser reads the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_NO_TEXT = ("script", "style", "template", "noscript")
_BREAKS = ("br", "p", "div", "li", "tr")
_MOST_SPAN = 1000
"""More than this are read as one: the standard's own limit for columns."""
_MOST_CELLS = 20_000_000
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0\u2009\u202f]+")


@dataclass
class HtmlCell:
    """A cell of a page.

    Attributes:
        header: Whether it is a heading (`th`).
        across: How many columns it spans.
        down: How many rows it spans; 0: all that are left of its group.
        text: What stands in it.
    """

    header: bool
    across: int = 1
    down: int = 1
    text: str = ""


@dataclass
class HtmlTable:
    """A table of a page.

    Attributes:
        rows: Its cells, row by row.
        in_head: Of each row, whether it stands in the table's head.
        caption: Its title, or its id.
    """

    rows: list[list[HtmlCell]] = field(default_factory=list)
    in_head: list[bool] = field(default_factory=list)
    caption: str = ""

    def grid(self) -> list[list[str]]:
        """Return the texts with every cell repeated where it spans, so that all rows have the same width.

        Raises:
            ValueError: If there are too many cells: few bytes can claim any number.
        """
        made: list[list[str]] = []
        hanging: dict[int, tuple[int, str]] = {}
        cells_so_far = widest = 0
        for number, row in enumerate(self.rows):
            line: list[str] = []
            cells = iter(row)
            while True:
                while len(line) in hanging:
                    left, text = hanging.pop(len(line))
                    if left > 1:
                        hanging[len(line)] = (left - 1, text)
                    line.append(text)
                cell = next(cells, None)
                if cell is None:
                    break
                for _ in range(cell.across):
                    rest = len(self.rows) - number if cell.down == 0 else cell.down
                    if rest > 1:
                        hanging[len(line)] = (rest - 1, cell.text)
                    line.append(cell.text)
            for place in sorted(place for place in hanging if place >= len(line)):
                left, text = hanging.pop(place)
                line += [""] * (place - len(line)) + [text]
                if left > 1:
                    hanging[place] = (left - 1, text)
            made.append(line)
            cells_so_far += len(line)
            widest = max(widest, len(line))
            if max(cells_so_far, widest * len(made)) > _MOST_CELLS:
                raise ValueError("it claims more cells than are read of a page")
        width = max((len(line) for line in made), default=0)
        return [line + [""] * (width - len(line)) for line in made]

    def heading_rows(self) -> int:
        """Return how many rows at the beginning are headings: those of the head, or of headings only."""
        count = 0
        for row, head in zip(self.rows, self.in_head, strict=True):
            if not (head or (row and all(cell.header for cell in row))):
                break
            count += 1
        return count


def tables_of(page: str) -> list[HtmlTable]:
    """Return the tables of a page in the order in which they begin; those within cells of another are tables of their own."""
    parser = _Page()
    parser.feed(page)
    parser.close()
    parser.finish()
    return [table for table in parser.tables if any(table.rows)]


class _Page(HTMLParser):
    """What is open while a page is read: tables within tables, each with its row and cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self._open: list[HtmlTable] = []
        self._cells: list[HtmlCell | None] = []
        self._heads: list[bool] = []
        self._silent = 0
        self._caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        told = dict(attrs)
        if tag in _NO_TEXT:
            self._silent += 1
        elif tag == "table":
            table = HtmlTable(caption=told.get("id") or "")
            self.tables.append(table)
            self._open.append(table)
            self._cells.append(None)
            self._heads.append(False)
        elif self._open:
            self._within(tag, told)

    def _within(self, tag: str, told: dict[str, str | None]) -> None:
        table = self._open[-1]
        if tag == "caption":
            self._caption, table.caption = True, ""
        elif tag in ("thead", "tbody", "tfoot"):
            self._end_cell()
            self._heads[-1] = tag == "thead"
        elif tag == "tr":
            self._end_cell()
            self._begin_row()
        elif tag in ("td", "th"):
            self._end_cell()
            if not table.rows:
                self._begin_row()
            cell = HtmlCell(tag == "th", max(1, _span(told.get("colspan"))), _span(told.get("rowspan")))
            table.rows[-1].append(cell)
            self._cells[-1] = cell
        elif tag in _BREAKS and (cell_now := self._cells[-1]) is not None:
            cell_now.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        """A tag ends."""
        if tag in _NO_TEXT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop()
            self._cells.pop()
            self._heads.pop()
        elif self._open and tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "caption":
            self._caption = False
        elif self._open and tag == "thead":
            self._heads[-1] = False

    def handle_data(self, data: str) -> None:
        """Text stands here."""
        if self._silent or not self._open:
            return
        cell = self._cells[-1]
        if cell is not None:
            cell.text += data
        elif self._caption:
            self._open[-1].caption += data

    def finish(self) -> None:
        """Make plain texts of what was read."""
        for table in self.tables:
            table.caption = _BLANKS.sub(" ", table.caption).strip()
            for row in table.rows:
                for cell in row:
                    cell.text = _BLANKS.sub(" ", cell.text).strip()

    def _begin_row(self) -> None:
        self._open[-1].rows.append([])
        self._open[-1].in_head.append(self._heads[-1])

    def _end_cell(self) -> None:
        self._cells[-1] = None


def _span(given: str | None) -> int:
    found = re.match(r"\s*(\d+)", given or "1")
    number = int(found[1]) if found else 1
    return number if number <= _MOST_SPAN else 1


def names_of(rows: list[list[str]]) -> Iterator[str]:
    """Yield the names that some rows of headings give: different ones one below the other are put together."""
    for parts in zip(*rows, strict=True):
        yield " ".join(dict.fromkeys(part for part in parts if part))
