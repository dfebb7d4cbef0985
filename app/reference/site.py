"""The pages of the node reference: one for all nodes by shelf, and one per node.

The text of a node is `app.node_help`'s, as in the editor. The pages work from a folder, without a server and from nowhere else;
without scripts everything but the search works.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from app.document.atomic_writing import write_atomically
from app.document.file import load
from app.icon_font import outline
from app.node_help import node_help
from app.report.markup import Child, Markup, tag
from app.shelves import Shelf, shelf_color, shelves
from nodes.base import Node, Port
from nodes.catalog import Catalog, NodeAbout, NodeType
from nodes.kit.layers.without_node import WITHOUT_NODE
from nodes.wording import counted

HERE = Path(__file__).parent
STYLE, SCRIPT = "reference.css", "search.js"
NODES = "nodes"
"""The folder of the nodes' pages."""


@dataclass(frozen=True)
class Example:
    """An example workflow.

    Attributes:
        file: The file's name.
        title: Its name.
        description: What it shows.
        types: The node types in it.
    """

    file: str
    title: str
    description: str
    types: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Example:
        """The example in a workflow file; DocumentError if it is none."""
        workflow = load(path)
        return cls(path.name, workflow.name or path.stem, workflow.description, frozenset(node.type for node in workflow.nodes))


def write_reference(folder: Path, catalog: Catalog, examples: Iterable[Path] = ()) -> Path:
    """Write all pages; what is in the folder under other names is left alone.

    Args:
        folder: Where to; made if it is missing.
        catalog: The nodes.
        examples: Workflow files that the nodes' pages point to.

    Returns:
        The first page.

    Raises:
        OSError: If a page cannot be written.
        DocumentError: If an example is no workflow file.
    """
    (folder / NODES).mkdir(parents=True, exist_ok=True)
    groups = shelves(catalog.about.values())
    shown = [Example.read(path) for path in examples]
    for name in (STYLE, SCRIPT):
        write_atomically(folder / name, (HERE / name).read_bytes())
    words = json.dumps([_searched(about) for about in catalog.about.values()], ensure_ascii=False)
    write_atomically(folder / "nodes.js", f"const NODES = {words};\n".encode())
    index = folder / "index.html"
    write_atomically(index, _page("Nodes", "", _index(groups, len(catalog))).encode())
    order = [node_type for group in groups for node_type in _all(group)]
    for place, node_type in enumerate(order):
        before = order[place - 1] if place else None
        after = order[place + 1] if place + 1 < len(order) else None
        body = _node(catalog[node_type.id], groups, shown, (before, after))
        write_atomically(folder / NODES / f"{node_type.id}.html", _page(node_type.title, "../", body).encode())
    return index


def _searched(about: NodeAbout) -> Mapping[str, object]:
    """What the search looks at and shows."""
    return {
        "id": about.id,
        "title": about.title,
        "shelf": _path(about.shelf),
        "summary": about.summary,
        "words": " ".join((about.title, *about.keywords, about.id, about.summary)).lower(),
        "color": shelf_color(about.shelf),
    }


def _all(shelf: Shelf) -> Iterator[NodeType]:
    yield from shelf.types
    for part in shelf.parts.values():
        yield from _all(part)


# ----------------------------------------------------------------------------------------------------------------- pages


def _page(title: str, root: str, body: Child) -> str:
    """A whole page; `root` leads from it to the folder of the first one."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Layerloom"),
        tag("link", rel="stylesheet", href=f"{root}{STYLE}"),
    )
    top = tag(
        "header",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        tag("a", "Layerloom", tag("span", " node reference"), href=f"{root}index.html", class_="brand"),
        tag(
            "div",
            tag(
                "input",
                type="search",
                id="search",
                placeholder="Search nodes by title, KNIME or Keras name",
                aria_label="Search nodes",
                autocomplete="off",
                data_root=root,
            ),
            tag("ul", id="found", hidden="hidden"),
            class_="search",
        ),
    )
    scripts = [tag("script", src=f"{root}nodes.js"), tag("script", src=f"{root}{SCRIPT}")]
    foot = tag("footer", f"Layerloom {__version__}. Made from the declarations of the nodes, as the editor's help is.")
    return f"<!doctype html>\n{tag('html', head, tag('body', top, tag('div', body, id='content'), foot, scripts), lang='en')}\n"


def _index(groups: Sequence[Shelf], count: int) -> Markup:
    """All nodes by shelf, as cards."""
    return tag(
        "main",
        tag("h1", counted(count, "node")),
        tag("p", "What each node does, its ports, and every setting with its default and range.", class_="lead"),
        tag("nav", [tag("a", _dot(g.path), g.title, href=f"#{_anchor(g.path)}") for g in groups], class_="shelves"),
        [_shelf(group, 2) for group in groups],
        tag(
            "section",
            tag("h2", "Keras layers without a node", id="without-a-node"),
            tag("dl", [(tag("dt", name), tag("dd", why)) for name, why in WITHOUT_NODE.items()], class_="without"),
        ),
    )


def _shelf(shelf: Shelf, level: int) -> Markup:
    return tag(
        "section",
        tag(f"h{level}", shelf.title, id=_anchor(shelf.path)),
        tag("div", [_card(node_type) for node_type in shelf.types], class_="cards") if shelf.types else None,
        [_shelf(part, level + 1) for part in shelf.parts.values()],
    )


def _card(node_type: NodeType) -> Markup:
    text = tag("span", tag("b", node_type.title), tag("span", node_type.description()))
    return tag("a", _tile(node_type, 36), text, href=f"{NODES}/{node_type.id}.html", class_="card")


def _node(
    node_class: type[Node],
    groups: Sequence[Shelf],
    examples: Sequence[Example],
    beside: tuple[NodeType | None, NodeType | None],
) -> Markup:
    """One node: its neighbours on the shelf on the left, its description on the right."""
    before, after = beside
    group = next(g for g in groups if node_class.shelf == g.path or node_class.shelf.startswith(f"{g.path} /"))
    if node_class.shelf != group.path:
        group = group.parts[node_class.shelf.removeprefix(f"{group.path} / ")]
    siblings = [
        tag(
            "li",
            tag("a", t.title, href=f"{t.id}.html", aria_current="page" if t.id == node_class.id else None),
        )
        for t in group.types
    ]
    used = [example for example in examples if node_class.id in example.types]
    return tag(
        "div",
        tag(
            "nav",
            tag("a", _dot(node_class.shelf), _path(node_class.shelf), href=f"../index.html#{_anchor(group.path)}", class_="up"),
            tag("ul", siblings),
            class_="side",
            aria_label="Nodes on this shelf",
        ),
        tag(
            "main",
            _picture(node_class),
            _promoted(node_help(node_class)),
            [
                tag("h2", "In the examples"),
                tag(
                    "ul", [tag("li", tag("b", e.title), f": {e.description} ", tag("code", f"workflows/{e.file}")) for e in used]
                ),
            ]
            if used
            else None,
            tag("p", tag("code", node_class.id), f" · version {node_class.version}", class_="muted"),
            tag(
                "nav",
                tag("a", f"‹ {before.title}", href=f"{before.id}.html", rel="prev") if before else tag("span"),
                tag("a", f"{after.title} ›", href=f"{after.id}.html", rel="next") if after else tag("span"),
                class_="beside",
            ),
            class_="node",
        ),
        class_="columns",
    )


def _promoted(help_text: str) -> Markup:
    """Return the help of a node for a page of its own: its headings begin with the first."""
    return Markup(re.sub(r"(</?h)([2-6])", lambda found: f"{found[1]}{int(found[2]) - 1}", help_text))


def _example(example: Example) -> Markup:
    return tag("li", tag("b", example.title), f": {example.description} ", tag("code", f"workflows/{example.file}"))


# -------------------------------------------------------------------------------------------------------------- pictures


def _picture(node_class: type[Node]) -> Markup:
    """The node as the canvas draws it: its tile with its ports."""
    tile, reach = 64, 12
    inputs, outputs = node_class.input_ports, node_class.output_ports
    return tag(
        "svg",
        tag("g", *_tile_parts(node_class, tile, 13), transform=f"translate({reach} 0)"),
        [_port(port, reach - 2, y) for port, y in zip(inputs, _heights(len(inputs)), strict=True)],
        [_port(port, reach + tile + 2, y) for port, y in zip(outputs, _heights(len(outputs)), strict=True)],
        viewBox=f"0 0 {tile + 2 * reach} {tile}",
        width=tile + 2 * reach,
        height=tile,
        class_="picture",
        aria_hidden="true",
    )


def _heights(count: int) -> list[float]:
    gap = min(15.0, 50.0 / count) if count else 0.0
    return [32 + (place - (count - 1) / 2) * gap for place in range(count)]


def _port(port: Port, x: float, y: float) -> Markup:
    """As on the canvas: tables are triangles, networks squares, others circles; an optional one, or of any kind, is hollow."""
    kind = f"port {port.kind}{' optional' if port.optional else ''}"
    if port.kind == "table":
        return tag("path", d=f"M{x - 4:g} {y - 5.5:g}l9 5.5l-9 5.5z", class_=kind)
    if port.kind == "network":
        return tag("rect", x=x - 4.5, y=y - 4.5, width=9, height=9, class_=kind)
    if port.kind == "model":
        return tag("path", d=f"M{x - 5.5:g} {y:g}l2.75-4.8h5.5l2.75 4.8-2.75 4.8h-5.5z", class_=kind)
    return tag("circle", cx=x, cy=y, r=3.2 if port.kind == "variables" else 4.5, class_=kind)


def _tile(node_type: NodeType, size: int) -> Markup:
    parts = _tile_parts(node_type, size, size / 5)
    return tag("svg", *parts, viewBox=f"0 0 {size} {size}", width=size, height=size, class_="tile", aria_hidden="true")


def _tile_parts(node_type: NodeType, size: float, corner: float) -> tuple[Markup, Markup]:
    scale, edge = size * 0.6 / 24, size * 0.2
    return (
        tag("rect", width=size, height=size, rx=corner, fill=shelf_color(node_type.shelf)),
        tag("path", d=outline(node_type.icon), fill="#fff", transform=f"translate({edge:g} {edge:g}) scale({scale:g})"),
    )


def _dot(shelf: str) -> Markup:
    return tag("i", class_="dot", style=f"background: {shelf_color(shelf)}")


def _path(shelf: str) -> str:
    return " · ".join(name.strip() for name in shelf.split("/"))


def _anchor(shelf: str) -> str:
    return "-".join(shelf.lower().replace("/", " ").split())
