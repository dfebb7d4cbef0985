"""The report of a run: one HTML page that holds everything itself, reads in light and dark, and prints.

No scripts, nothing from elsewhere. What people have written stands in it escaped.
"""

from __future__ import annotations

import base64
import io
import logging
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from app import __version__
from app.document.atomic_writing import write_atomically
from app.document.problems import Problem
from app.drawing import as_pixels, to_svg
from app.engine.events import Event, NodeCancelled, NodeInactive, NodeLog, NodeSkipped, NodeStored, RunStarted
from app.outcome import Outcome, Score, described, outcomes, scores
from app.report.levels import level_of, outcome_of
from app.report.markup import Child, Markup, tag
from app.report.mistakes import mistakes
from app.report.workflow_picture import node_tile, workflow_picture
from nodes.base import Port, Value, Values, panics_as_errors
from nodes.declaration.declared import Declared, settings_of
from nodes.values.figure import Figure, HeatMapFigure, ImagesFigure, LinesFigure, TextFigure
from nodes.values.table import Table, TableSpec, describe_dtype
from nodes.wording import counted, duration, grouped, percent

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from app.document.model import Workflow
    from app.engine.executor import RunResult
    from app.engine.plan import Plan, PlannedComponent, PlannedNode
    from app.engine.store import Store

log = logging.getLogger("layerloom.report")

STYLE = Path(__file__).with_name("report.css")

EXAMPLES = 14
"""How many images of a column are shown."""
MOST_IMAGES = 64
"""How many images of a figure are shown: all feature maps of a layer, most galleries."""
SMALL_IMAGE = 64
"""Images of up to so many pixels are shown small, with their pixels visible."""
WHOLE_TABLE, SOME_ROWS = 24, 8
"""A table of up to so many rows is shown whole; of others so many rows are, from all over them."""
TABLE_COLUMNS = 16
CELL_LETTERS = 60
FIGURE_INCHES = 7.0

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for this page: nothing."""


def write_report(  # noqa: PLR0917 - all that there is to report of, in the order in which it comes to be
    path: Path, workflow: Workflow, plan: Plan, result: RunResult, store: Store, events: Sequence[Event]
) -> None:
    """Write the report of a run.

    Args:
        path: The HTML file; replaced as a whole.
        workflow: What was run, as its file has it.
        plan: What was run.
        result: How it went.
        store: Where the results are.
        events: All that happened, in order.

    Raises:
        OSError: If it cannot be written.
    """
    write_atomically(path, _ReportPage(workflow, plan, result, store, events).page().encode())


@dataclass
class _EventSummary:
    """What only the events tell."""

    began: float | None
    stored: set[str]
    stopped: set[str]
    reasons: dict[str, str]
    warnings: dict[str, list[str]]

    @classmethod
    def of(cls, events: Sequence[Event]) -> _EventSummary:
        seen = cls(None, set(), set(), {}, {})
        for event in events:
            match event:
                case RunStarted():
                    seen.began = event.time
                case NodeStored():
                    seen.stored.add(event.node)
                case NodeCancelled():
                    seen.stopped.add(event.node)
                case NodeSkipped() | NodeInactive():
                    seen.reasons[event.node] = event.reason
                case NodeLog(level="warning"):
                    seen.warnings.setdefault(event.node, []).append(event.message)
        return seen


class _ReportPage:
    """One report in the making."""

    def __init__(self, workflow: Workflow, plan: Plan, result: RunResult, store: Store, events: Sequence[Event]) -> None:
        self.workflow = workflow
        self.plan = plan
        self.result = result
        self.store = store
        self.seen = _EventSummary.of(events)
        self.outcomes = outcomes(plan, result, store, stored=self.seen.stored, stopped=self.seen.stopped)
        self.title = workflow.name or "Workflow"
        self._drawn = 0
        self._figures: dict[str, Sequence[Figure]] = {}
        self._view_problems: dict[str, str] = {}
        self._on_top: set[int] = set()  # ids of figures that are shown above the nodes: not once more below

    def page(self) -> str:
        """Return the whole page."""
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
            tag("title", f"{self.title}: report"),
            tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
        )
        main = tag(
            "main",
            self._header(),
            self._came_out(),
            self._picture(),
            _problems(self.plan.general),
            self._variables(),
            tag("h2", "Nodes"),
            tag("p", "A click on a node shows its settings and results.", class_="muted hint"),
            self._parts(""),
            self._left_out(),
            tag(
                "footer",
                f"Layerloom {__version__} · Python {platform.python_version()} · {platform.system()} {platform.machine()}",
            ),
        )
        return f"<!doctype html>\n{tag('html', head, tag('body', main), lang='en')}\n"

    # -- the top of the page

    def _header(self) -> Markup:
        began = datetime.fromtimestamp(self.seen.began).astimezone() if self.seen.began else datetime.now().astimezone()
        words = {"done": "done", "failed": "failed", "cancelled": "stopped"}
        states = [outcome.state for outcome in self.outcomes.values()]
        counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states) if state != "not asked for"]
        return tag(
            "header",
            tag("h1", self.title),
            tag("p", self.workflow.description, class_="description") if self.workflow.description else None,
            tag(
                "p",
                tag("span", words[self.result.status], class_=f"status {words[self.result.status]}"),
                tag("span", f"{began.day} {began:%B %Y, %H:%M}"),
                tag("span", f"took {duration(self.result.seconds)}"),
                tag("span", f"{counted(len(states), 'node')}: {', '.join(counts) or 'nothing to do'}"),
                class_="facts",
            ),
        )

    def _came_out(self) -> list[Markup]:
        """Return what a person wants to know first: scores, mistakes, and the curves of what has learned."""
        made = []
        for score in scores(self.plan, self.result, self.store):
            made.append(self._headline(score))
            planned = self.plan.nodes[score.node]
            matrix = [figure for figure in self._own_views(planned) if isinstance(figure, HeatMapFigure)]
            self._on_top.update(map(id, matrix))
            shown = [*(self._figure(figure) for figure in matrix), *self._mistakes(planned)]
            made.append(tag("section", shown, class_="outcome")) if shown else None
        for planned in self.plan.nodes.values():
            curves = [figure for figure in self._own_views(planned) if isinstance(figure, LinesFigure) and _is_learning(figure)]
            self._on_top.update(map(id, curves))
            if curves:
                made.append(tag("section", tag("h2", planned.title), [self._figure(f) for f in curves], class_="outcome"))
        return made

    def _mistakes(self, planned: PlannedNode) -> list[Markup]:
        """Return the most telling mistakes of a Scorer: pictures, or rows where there are none."""
        source, port = next(iter(planned.inputs.values()), ("", ""))
        table = self._values(self.plan.nodes[source]).get(port) if source in self.plan.nodes else None
        found = mistakes(planned.node, table) if isinstance(table, Table) else None
        if found is None:
            return []
        order = "those it was surest of first" if found.by_confidence else "one of each kind, the most frequent first"
        some = f"{len(found.captions)} of {counted(found.count, 'mistake')}: " if found.count > len(found.captions) else ""
        title = f"The most telling mistakes ({some}{order})"
        pictures = found.rows.spec.columns_of("image")
        if not pictures:
            return [tag("figure", tag("figcaption", title), _scrolling(_rows(found.rows)))]
        frame = found.rows.frame([pictures[0]])
        present = frame[pictures[0]].is_not_null().to_list()
        captions = [caption for caption, there in zip(found.captions, present, strict=True) if there]
        images = frame[pictures[0]].drop_nulls()
        return [_images(ImagesFigure(title, as_pixels(images.to_numpy()), captions))] if len(images) else []

    def _headline(self, score: Score) -> Markup:
        """Return what a Scorer found, in large type."""
        figures = score.figures
        right, wrong = int(figures["correct"]), int(figures["wrong"])
        cards = [
            (percent(figures["accuracy"], 2), "accuracy"),
            ("–" if math.isnan(figures["kappa"]) else f"{figures['kappa']:.4f}", "Cohen's kappa"),
            (grouped(right), f"of {grouped(right + wrong)} right"),
            (grouped(wrong), "wrong"),
        ]
        return tag(
            "section",
            tag("h2", score.title),
            tag("div", [tag("div", tag("b", value), tag("span", name)) for value, name in cards], class_="cards"),
            class_="headline",
        )

    def _picture(self) -> Markup | None:
        level = level_of(self.workflow, self.plan, self.outcomes)
        picture = workflow_picture(level.workflow, level.plan, level.outcomes)
        return tag("section", tag("div", picture, class_="canvas"), class_="overview") if picture else None

    def _variables(self) -> Markup | None:
        declared = {variable.name: variable for variable in self.workflow.variables}
        if not declared:
            return None
        rows = []
        for name, variable in declared.items():
            value = self.plan.variables.get(name)
            as_declared = str(variable.value) == str(value) or variable.type == "path"
            rows.append(
                tag(
                    "tr",
                    tag("td", tag("code", name)),
                    tag("td", _shown(value)),
                    tag("td", variable.description or None, None if as_declared else f" (declared: {_shown(variable.value)})"),
                )
            )
        head = tag("thead", tag("tr", tag("th", "Name"), tag("th", "Value"), tag("th", "")))
        return tag("section", tag("h2", "Variables"), _scrolling(tag("table", head, tag("tbody", rows))))

    def _left_out(self) -> Markup | None:
        titles = [self.outcomes[n].title for n in self.plan.nodes if self.outcomes[n].state == "not asked for"]
        return tag("p", f"Not part of this run: {', '.join(titles)}.", class_="muted") if titles else None

    def _parts(self, level: str) -> list[Markup]:
        """Return what there is to say of the nodes on a level, and below each component of those in it."""
        parts: list[Markup] = []
        entered: set[str] = set()
        for node_id, planned in self.plan.nodes.items():
            if self.outcomes[node_id].state == "not asked for":
                continue
            if planned.component == level:
                parts.append(self._node(planned))
                continue
            around = [c for c in self.plan.around(node_id) if self.plan.components[c].component == level]
            parts += [self._component(self.plan.components[c]) for c in around if c not in entered]
            entered.update(around)
        return parts

    def _component(self, component: PlannedComponent) -> Markup:
        outcome = outcome_of(component, self.outcomes)
        level = level_of(self.workflow, self.plan, self.outcomes, component.id)
        picture = workflow_picture(level.workflow, level.plan, level.outcomes)
        head = tag(
            "summary",
            tag("h3", component.title),
            tag("code", component.path),
            tag("span", counted(len(component.nodes), "node"), class_="carries"),
            tag("span", duration(outcome.seconds) if outcome.seconds is not None else None, class_="time"),
            tag("span", outcome.state, class_=f"status {outcome.state.replace(' ', '-')}"),
            class_="head",
        )
        return tag(
            "details",
            head,
            tag("p", component.workflow.description, class_="description") if component.workflow.description else None,
            _problems(component.problems),
            self._component_settings(component),
            tag("div", picture, class_="canvas") if picture else None,
            self._parts(component.id),
            class_="component",
            id=f"node-{component.id}",
            open="open",
        )

    def _component_settings(self, component: PlannedComponent) -> Markup | None:
        rows = [
            tag("tr", tag("td", variable.label or variable.name), tag("td", _shown(component.values.get(variable.name))))
            for variable in component.workflow.variables
        ]
        return _scrolling(tag("table", tag("tbody", rows))) if rows else None

    # -- a node

    def _node(self, planned: PlannedNode) -> Markup:
        outcome = self.outcomes[planned.id]
        values = self._values(planned)
        told = outcome.failure is not None or bool(planned.problems or outcome.warnings or self.seen.warnings.get(planned.id))
        return tag(
            "details",
            tag("summary", self._node_head(planned, outcome)),
            _failure(outcome),
            _problems(planned.problems),
            [tag("p", text, class_="warning") for text in outcome.warnings or self.seen.warnings.get(planned.id, ())],
            self._settings(planned),
            self._views(planned, values),
            [
                self._table(port, values[port.name])
                for port in (planned.node.output_ports if planned.node else ())
                if port.name in values
            ],
            class_="node",
            id=f"node-{planned.id}",
            open="open" if told else None,  # what went wrong is not behind a click
        )

    def _node_head(self, planned: PlannedNode, outcome: Outcome) -> Markup:
        icon = tag("svg", node_tile(planned.node, 24, 6), viewBox="0 0 24 24", class_="icon", aria_hidden="true")
        reason = self.seen.reasons.get(planned.id)
        state = f"{outcome.state}: {reason}" if reason else outcome.state
        ports = planned.node.output_ports if planned.node else ()
        return tag(
            "div",
            icon,
            tag("h3", planned.title),
            tag("code", planned.path),
            tag("span", described(ports, outcome.outputs), class_="carries"),
            tag("span", duration(outcome.seconds) if outcome.seconds is not None else None, class_="time"),
            tag("span", state, class_=f"status {outcome.state.replace(' ', '-')}"),
            class_="head",
        )

    def _values(self, planned: PlannedNode) -> Mapping[str, Value]:
        """Return the node's results; none where it has none, or where they were dropped to make room."""
        key = self.result.keys.get(planned.id)
        try:
            return self.store.load(key) if key else {}
        except (KeyError, OSError):
            return {}

    def _settings(self, planned: PlannedNode) -> Markup | None:
        """Return what differs from the defaults, in the words of the dialog."""
        if planned.node is None:
            raw = self.workflow.node(planned.id).settings
            return tag("dl", [_setting(name, _shown(value)) for name, value in raw.items()], class_="settings") if raw else None
        changed = list(_settings_of(planned.node))
        return tag("dl", [_setting(*item) for item in changed], class_="settings") if changed else None

    # -- what came out

    def _views(self, planned: PlannedNode, values: Mapping[str, Value]) -> list[Markup]:
        """Return the node's own views and, where no view shows them, example images of columns that are new or newly chosen."""
        if planned.node is None or not values:
            return []
        figures = self._own_views(planned)
        if planned.id in self._view_problems:
            return [tag("p", self._view_problems[planned.id])]
        figures = self._own_views(planned)
        drawn = [self._figure(figure) for figure in figures if id(figure) not in self._on_top]
        if not any(isinstance(figure, ImagesFigure) for figure in figures):
            drawn += [_images(figure) for figure in self._examples(planned, values)]
        return drawn

    def _own_views(self, planned: PlannedNode) -> Sequence[Figure]:
        """Return the figures a node draws of its results; none where it has no results, or they cannot be made."""
        if planned.id not in self._figures:
            values = self._values(planned)
            self._figures[planned.id] = ()
            if planned.node is not None and values:
                try:
                    with panics_as_errors():
                        self._figures[planned.id] = tuple(planned.node.views(Values(values)))
                except Exception as error:
                    log.exception("a view could not be made")
                    self._view_problems[planned.id] = f"The views of this node could not be made: {error}"
        return self._figures[planned.id]

    def _figure(self, figure: Figure) -> Markup:
        if isinstance(figure, ImagesFigure):
            return _images(figure)
        if isinstance(figure, TextFigure):
            return tag("figure", tag("figcaption", figure.title), tag("pre", figure.text))
        self._drawn += 1
        drawings = [
            tag(
                "div",
                Markup(
                    to_svg(
                        figure,
                        theme=theme,
                        width_inches=FIGURE_INCHES,
                        titled=False,
                        transparent=True,
                        prefix=f"f{self._drawn}{theme}-",
                    )
                ),
                class_=f"drawing in-{theme}",
            )
            for theme in ("light", "dark")
        ]
        return tag("figure", tag("figcaption", figure.title), drawings)

    def _examples(self, planned: PlannedNode, values: Mapping[str, Value]) -> Iterator[ImagesFigure]:
        above = [
            spec
            for source, port in planned.inputs.values()
            if isinstance(spec := self.plan.nodes[source].specs.get(port), TableSpec)
        ]
        for port, value in values.items():
            if not isinstance(value, Table) or not value.height:
                continue
            for column in value.spec.columns_of("image"):
                dtype = value.schema[column]
                if any(spec.schema.get(column) == dtype and spec.rows in (None, value.height) for spec in above):
                    continue  # the same pictures were shown where they came from
                assert planned.node is not None
                declared = planned.node.output_port(port)
                yield _example_images(value, column, declared.title if declared else port)

    def _table(self, port: Port, value: Value) -> Markup | None:
        if not isinstance(value, Table) or not value.columns:
            return None
        whole = value.height <= WHOLE_TABLE
        rows = value if whole else value.take(_spread(value.height, SOME_ROWS))
        says = f"{port.title}: {value.spec.describe()}" + ("" if whole else f" ({SOME_ROWS} of them, from all over it)")
        return tag("details", tag("summary", says), _scrolling(_rows(rows)))


# -------------------------------------------------------------------------------------------------------------- settings


def _settings_of(node: BaseModel, *, label: str = "") -> Iterator[tuple[str, str]]:
    """(label, value as text) of settings that are not at their default and that the dialog shows.

    Those of a group, such as an optimizer's, come one by one.

    Args:
        node: The node, or a group of settings in it.
        label: The group's label.
    """
    for declared in settings_of(type(node)):
        value = getattr(node, declared.name)
        if value == declared.initial or not _matters(node, declared):
            continue
        title = f"{label}: {declared.label}" if label else declared.label
        if isinstance(value, BaseModel):
            yield title, _kind(value)
            yield from _settings_of(value, label=title)
        else:
            yield title, _shown(value)


def _matters(node: BaseModel, declared: Declared) -> bool:
    """Tell whether the dialog shows a setting, beside the values that the others have."""
    return all(getattr(node, name, None) in values for name, values in declared.shown_if.items())


def _kind(group: BaseModel) -> str:
    """Return what a group of settings is: its `kind` where it has one."""
    return str(getattr(group, "kind", None) or type(group).__name__)


def _setting(name: str, value: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", value))


def _shown(value: object) -> str:
    """Return a setting's value for a person."""
    match value:
        case None | "":
            shown = ""
        case bool():
            shown = "yes" if value else "no"
        case float():
            shown = f"{value:g}"
        case BaseModel():
            shown = ", ".join(f"{name} {_shown(v)}" for name, v in value)
        case Mapping():
            shown = ", ".join(f"{_shown(k)}: {_shown(v)}" for k, v in value.items())
        case list() | tuple():
            shown = ", ".join(_shown(v) for v in value)
        case _:
            text = str(value)
            shown = text if text == text.strip() else f"'{text}'"
    return shown or "–"


# -------------------------------------------------------------------------------------------------------------- problems


def _failure(outcome: Outcome) -> Markup | None:
    if outcome.failure is None:
        return None
    return tag("p", outcome.failure.message, _remedy(outcome.failure.remedy), class_="error")


def _problems(problems: Sequence[Problem]) -> Markup | None:
    """Return errors and warnings of the plan, each with its remedy."""
    if not problems:
        return None
    return Markup(
        "".join(
            tag("p", tag("b", f"{p.setting}: ") if p.setting else None, p.message, _remedy(p.remedy), class_=p.severity)
            for p in problems
        )
    )


def _remedy(text: str) -> Markup | None:
    return tag("span", f" {text}", class_="remedy") if text else None


# ---------------------------------------------------------------------------------------------------- tables and pictures


def _rows(table: Table) -> Markup:
    """Return a table as HTML; pictures as pictures, other tensors by their size."""
    columns = table.columns[:TABLE_COLUMNS]
    frame = table.frame(columns)
    numeric = {c for c in columns if frame.schema[c].is_numeric()}
    pictures = set(table.spec.columns_of("image"))
    cells = {c: _thumbnails(frame[c]) if c in pictures else [_cell(v) for v in frame[c].to_list()] for c in columns}
    more = tag("th", f"and {len(table.columns) - TABLE_COLUMNS} more") if len(table.columns) > TABLE_COLUMNS else None
    head = [tag("th", c, title=describe_dtype(frame.schema[c]), class_="number" if c in numeric else None) for c in columns]
    body = [
        tag("tr", [tag("td", cells[c][row], class_="number" if c in numeric else None) for c in columns])
        for row in range(frame.height)
    ]
    return tag("table", tag("thead", tag("tr", head, more)), tag("tbody", body))


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bytes):
        return counted(len(value), "byte")
    if isinstance(value, list) and len(value) > 6:
        return counted(len(value), "value")
    text = ", ".join(_cell(v) for v in value) if isinstance(value, list) else str(value)
    return text if len(text) <= CELL_LETTERS else text[: CELL_LETTERS - 1] + "…"


def _thumbnails(column: pl.Series) -> list[Child]:
    """Return a small picture per cell."""
    present = column.drop_nulls()
    if present.is_empty():
        return ["–"] * len(column)
    pictures = iter(as_pixels(present.to_numpy()))
    return ["–" if missing else _image(next(pictures), "", "thumbnail") for missing in column.is_null()]


def _example_images(table: Table, column: str, title: str) -> ImagesFigure:
    """Return images from all over a column, captioned by the table's first category column."""
    import numpy as np

    rows = _spread(table.height, EXAMPLES)
    captions = _caption_column(table)
    frame = table.take(rows).frame([column, *([captions] if captions else [])]).drop_nulls(column)
    names = table.spec.class_names(captions) if captions else None
    texts = [_caption(v, names) for v in frame[captions].to_list()] if captions else []
    heading = f"{title}: {column}" + (f", with {captions}" if captions else "")
    shape = frame.schema[column].shape  # type: ignore[attr-defined]
    images = frame[column].to_numpy() if frame.height else np.empty((0, *shape), np.uint8)
    return ImagesFigure(heading, as_pixels(images), texts)


def _spread(height: int, most: int) -> NDArray[Any]:
    """Return row numbers from all over a table; not at equal distances, which would meet the same class in a regular table."""
    import numpy as np

    if height <= most:
        return np.arange(height)
    edges = np.linspace(0, height, most + 1).astype(np.int64)
    return np.random.default_rng(0).integers(edges[:-1], np.maximum(edges[1:], edges[:-1] + 1))


def _is_learning(figure: LinesFigure) -> bool:
    """Tell whether a drawing is of a training."""
    return figure.x_label == "epoch" or figure.title.lower().startswith("learning curve")


def _caption_column(table: Table) -> str | None:
    """Return a column of category type, else one of class numbers, else one of text."""
    spec = table.spec
    numbers = [c for c in table.columns if c in spec.classes and spec.schema[c].is_integer()]
    texts = spec.columns_of("text")
    categories = [c for c in spec.columns_of("category") if c not in texts]
    return next(iter([*categories, *numbers, *texts]), None)


def _caption(value: object, names: Sequence[str] | None) -> str:
    if isinstance(value, int) and names is not None and 0 <= value < len(names):
        return names[value]
    return _cell(value)


def _images(figure: ImagesFigure) -> Markup:
    """Return a grid of pictures that flows with the width of the page; of many, the first."""
    shown, count = figure.images[:MOST_IMAGES], len(figure.images)
    title = figure.title if len(shown) == count else f"{figure.title} (the first {len(shown)} of {count})"
    captions = [*figure.captions, *[""] * len(shown)]
    tiles = [
        tag("div", _image(pixels, captions[i]), tag("span", captions[i], title=captions[i]) if captions[i] else None)
        for i, pixels in enumerate(shown)
    ]
    size = "images small" if max(figure.images.shape[1:3]) <= SMALL_IMAGE else "images"
    return tag("figure", tag("figcaption", title), tag("div", tiles, class_=size))


def _image(pixels: NDArray[Any], text: str, class_: str | None = None) -> Markup:
    """Return a picture inside the page, from UInt8 (height, width, channels)."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(out, "PNG", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")
    height, width = pixels.shape[:2]
    coarse = "coarse" if max(height, width) <= SMALL_IMAGE else None
    classes = " ".join(c for c in (class_, coarse) if c)
    return tag("img", src=source, alt=text, width=width, height=height, class_=classes or None)


def _scrolling(content: Markup) -> Markup:
    """Let wide content scroll by itself, not with the page."""
    return tag("div", content, class_="scrolling")
