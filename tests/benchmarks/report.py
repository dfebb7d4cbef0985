"""The table that `make bench` prints: what, ours, the other, their ratio, the goal, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from rich.box import SIMPLE
from rich.table import Table


@dataclass(frozen=True)
class Goal:
    """What a measurement should be.

    Attributes:
        limit: The bound.
        of: What it bounds: the ratio of ours to the other, or our own figure.
        at_least: Whether more is better.
    """

    limit: float
    of: Literal["ratio", "ours"] = "ratio"
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether a value keeps to the bound."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes:
        what: What was measured.
        unit: In which unit.
        ours: Our figures, one per round.
        other: The other's figures in the same rounds; none where there is nothing to compare with.
        goal: What it should be, if anything.
        note: What else to know.
        holds: A condition besides the goal; False: not met, whatever the figures.
    """

    what: str
    unit: str
    ours: Sequence[float]
    other: Sequence[float] = ()
    goal: Goal | None = None
    note: str = ""
    holds: bool = True

    @property
    def ratios(self) -> list[float]:
        """Ours divided by the other, round by round: what slowed a round down slowed both."""
        return [a / b for a, b in zip(self.ours, self.other, strict=True)] if self.other else []

    @property
    def met(self) -> bool | None:
        """Whether the goal is met by the median; None where there is none."""
        if self.goal is None:
            return None
        return self.holds and self.goal.met_by(median(self.ratios if self.goal.of == "ratio" else self.ours))

    def cells(self) -> list[str]:
        """The texts of the line."""
        ratios = self.ratios
        spread = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
        return [
            self.what,
            _shown(median(self.ours), self.unit),
            _shown(median(self.other), self.unit) if self.other else "",
            f"{median(ratios):.2f}{spread}" if ratios else "",
            _goal_text(self.goal, self.unit),
            {True: "[green]met[/]", False: "[red]not met[/]", None: ""}[self.met],
            self.note,
        ]


@dataclass(frozen=True)
class Broken:
    """A benchmark that did not run, and why."""

    name: str
    why: str


def as_table(rows: Sequence[Row], broken: Sequence[Broken] = ()) -> Table:
    """The report as a table for a terminal."""
    table = Table(box=SIMPLE, pad_edge=False)
    for column in ("what", "ours", "the other", "ratio", "goal", "", "note"):
        table.add_column(column, justify="left" if column in ("what", "note", "") else "right", no_wrap=column != "note")
    for row in rows:
        table.add_row(*row.cells())
    for failed in broken:
        table.add_row(failed.name, "", "", "", "", "[red]did not run[/]", failed.why.strip().splitlines()[-1][:200])
    return table


def _shown(value: float, unit: str) -> str:
    """Three significant digits, or all digits before the point."""
    digits = max(0, 3 - len(str(int(abs(value))))) if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}\u00a0{unit}".replace(",", "\u202f")


def _goal_text(goal: Goal | None, unit: str) -> str:
    if goal is None:
        return ""
    sign = ">=" if goal.at_least else "<="
    return f"{sign} {goal.limit:g}" + (f" {unit}" if goal.of == "ours" else "")
