"""The help of a kind of node as HTML, made from its declaration: what the editor shows and `make docs` writes.

Knows node classes and what they declare; knows nothing of Qt. Looks are left to whoever shows it: the classes
are `muted`, `example`, and `facts` for what a setting takes and its default.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from pydantic import BaseModel

from nodes.base import Node, Port
from nodes.declaration.declared import MISSING, Declared, constants_of, kind_name, settings_by_name, settings_of
from nodes.declaration.shapes import Choice, Group, Maybe, OneOf, Series, Shape, groups_in
from nodes.declaration.wording import one_of, shown, shown_start, words_for

EXAMPLE = "Example:"
"""Begins the paragraph of a docstring that shows the node in use."""
_EMPHASIS = re.compile(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")
"""*Emphasis*, not the stars of `2 * 3 * x` or of a pattern such as pixel_*."""
_GROUP_ORDER = {"Settings": 0, "Naming": 2, "Advanced": 3}
"""What a node is about comes first, what is the same for many nodes last; the rest is in the order of declaration."""
_COLUMNS = {"text": "a column", "text, or empty": "a column, or empty", "list of: text": "columns"}
_MANY = 3
"""More kinds of a setting than this are listed without their details."""
_SHORT = (bool, int, float, str, tuple, list)
"""The kinds of value that the example of a workflow file shows."""
_DEPTH = 2
"""How deep settings inside settings (an optimizer's, its schedule's) are described."""


def node_help(node_class: type[Node]) -> str:
    """Title, whole docstring, ports, settings with ranges and defaults, and an example, as an HTML fragment."""
    parts = [
        f"<h2>{escape(node_class.title)}</h2>",
        f'<p class="muted">{escape(" · ".join(part.strip() for part in node_class.shelf.split("/")))}</p>',
        docstring_html(node_class.__doc__ or ""),
        _ports("Inputs", node_class.input_ports),
        _ports("Outputs", node_class.output_ports),
        _settings(node_class),
        _left_out(node_class),
        _example(node_class),
        _found_by(node_class),
    ]
    return "\n".join(part for part in parts if part)


def docstring_html(text: str) -> str:
    """A docstring's paragraphs, lists (`- `) and `code`."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text))
    return "\n".join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> str:
    lines = block.splitlines()
    if all(line.startswith(("- ", "* ", "  ")) for line in lines):
        items = re.split(r"(?m)^[-*] ", block)[1:]
        return "<ul>" + "".join(f"<li>{_inline(' '.join(item.split()))}</li>" for item in items) + "</ul>"
    text = _inline(" ".join(line.strip() for line in lines))
    if text.startswith(EXAMPLE):
        return f'<p class="example"><b>{EXAMPLE}</b>{text.removeprefix(EXAMPLE)}</p>'
    return f"<p>{text}</p>"


def _inline(text: str) -> str:
    """`code` and *emphasis*; what stands in code is left alone."""
    parts = re.split(r"`+([^`]+)`+", escape(text, quote=False))
    return "".join(f"<code>{part}</code>" if i % 2 else _EMPHASIS.sub(r"<i>\1</i>", part) for i, part in enumerate(parts))


def _ports(title: str, ports: Sequence[Port]) -> str:
    if not ports:
        return ""
    rows = []
    for port in ports:
        more = ", optional" if port.optional else ""
        more += f", {port.least} or more" if port.grows else ""
        rows.append(
            f"<p><b>{escape(port.title)}</b> <span class='muted'>{escape(port.kind)}{more}</span><br>{_inline(port.help)}</p>"
        )
    return f"<h3>{title}</h3>\n{''.join(rows)}"


def _settings(node_class: type[Node]) -> str:
    groups: dict[str, list[str]] = {}
    declared = settings_by_name(node_class)
    for one in declared.values():
        groups.setdefault(one.group, []).append(_row(one, declared))
    if not groups:
        return "<h3>Settings</h3>\n<p>It has none.</p>"
    parts = ["<h3>Settings</h3>"]
    for group, rows in sorted(groups.items(), key=lambda item: _order(item[0])):
        if group != "Settings":
            parts.append(f"<h4>{escape(group)}</h4>")
        parts += rows
    return "\n".join(parts)


def _left_out(node_class: type[Node]) -> str:
    """What the library has and the node has not, with reasons; arguments that are left out for the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for name, why in node_class.left_out.items():
        by_reason.setdefault(why, []).append(f"<code>{escape(name)}</code>")
    items = [f"<li>{', '.join(names)}: {_inline(why)}</li>" for why, names in by_reason.items()]
    return f"<h4>Not among the settings</h4>\n<ul>{''.join(items)}</ul>" if items else ""


def _order(group: str) -> int:
    return _GROUP_ORDER.get(group, 1)


def _row(declared: Declared, all_declared: Mapping[str, Declared]) -> str:
    facts = [_fact(declared), "required" if declared.required else f"default {shown(declared.initial)}"]
    if declared.start is not MISSING:
        facts.append(f"a new node has {shown_start(declared)}")
    if declared.advanced:
        facts.append("advanced")
    parts = [
        f"<p><b>{escape(declared.label)}</b> <span class='muted'>{escape(declared.name)}</span>",
        f"<br>{_inline(declared.help)}</p>" if declared.help else "</p>",
        _choices(declared),
        _shown_if(declared, all_declared),
        _inner(declared),
        f"<p class='facts'>{escape(' · '.join(facts))}</p>",
    ]
    return "".join(parts)


def _choices(declared: Declared) -> str:
    if not declared.choices:
        return ""
    items = "".join(f"<li><b>{escape(str(value))}</b>: {_inline(str(text))}</li>" for value, text in declared.choices.items())
    return f"<ul>{items}</ul>"


def _shown_if(declared: Declared, all_declared: Mapping[str, Declared]) -> str:
    """What other settings must be for this one to count, by the labels that stand beside them."""
    parts = []
    for name, values in declared.shown_if.items():
        parts.append(f"<b>{escape(all_declared[name].label)}</b> is {escape(one_of([shown(v) for v in values]))}")
    return f"<p>Only if {', and '.join(parts)}.</p>" if parts else ""


def _inner(declared: Declared, depth: int = 1) -> str:
    """The settings of a setting: of each optimizer, of a schedule, of an entry of a list."""
    models = list(groups_in(declared.shape))
    if not models:
        return ""
    if len(models) > _MANY:
        return f"<p>{' · '.join(_signature(model) for model in models)}</p>"
    items = []
    for model in models:
        fields = []
        for inner in settings_of(model):
            default = "" if inner.required else f", default {shown(inner.initial)}"
            fields.append(f"<code>{escape(inner.name)}</code> ({escape(words_for(inner.shape) + default)})")
            if depth < _DEPTH and (deeper := _inner(inner, depth + 1)):
                fields[-1] += deeper
        named = f"<b>{escape(kind_name(model))}</b>: " if constants_of(model) else ""
        items.append(f"<li>{named}{', '.join(fields) or 'no settings'}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _signature(model: type[BaseModel]) -> str:
    """`Adam (learning_rate, beta_1, ...)`."""
    names = [declared.name for declared in settings_of(model)]
    return f"<b>{escape(kind_name(model))}</b>" + (f" ({escape(', '.join(names))})" if names else "")


def _example(node_class: type[Node]) -> str:
    """How the node stands in a workflow file: with what must be given, and the first settings."""
    settings: dict[str, Any] = {}
    all_declared = settings_by_name(node_class)
    for declared in sorted(all_declared.values(), key=lambda one: (not one.required, _order(one.group))):
        counts = all(all_declared[other].initial in values for other, values in declared.shown_if.items())
        if declared.required:
            settings[declared.name] = "…"
        elif len(settings) < 3 and counts and not declared.advanced and isinstance(declared.initial, _SHORT):
            settings[declared.name] = _plain(declared.initial)
    record = {"id": f"{node_class.id.rpartition('.')[2]}_1", "type": node_class.id}
    text = json.dumps(record | ({"settings": settings} if settings else {}), ensure_ascii=False, indent=2)
    return f"<h3>In a workflow file</h3>\n<pre>{escape(text, quote=False)}</pre>"


def _found_by(node_class: type[Node]) -> str:
    words = ", ".join(node_class.keywords)
    return f'<p class="muted">Also found by: {escape(words)}</p>' if words else ""


# ---------------------------------------------------------------------------------------------------------- in few words


def _fact(declared: Declared) -> str:
    """A setting's type, without what was listed and explained above it."""
    words = words_for(declared.shape)
    if declared.columns is not None and words in _COLUMNS:
        return _COLUMNS[words]
    several = isinstance(declared.shape, Series)
    options = list(_options(declared.shape))
    models = [option for option in options if isinstance(option, Group)]
    explained = bool(declared.choices) and all(isinstance(option, Choice) for option in options)
    if explained or (len(models) > 1 and models == options):
        return ("any of these" if several else "one of these") + (", or empty" if words.endswith(", or empty") else "")
    return "list of entries with these settings" if several and models else words


def _options(shape: Shape) -> Iterator[Shape]:
    """The shapes that a value, or a value of a list, may have, besides none."""
    match shape:
        case Maybe(inner) | Series(inner):
            yield from _options(inner)
        case OneOf(alternatives):
            yield from dict.fromkeys(option for alternative in alternatives for option in _options(alternative.shape))
        case _:
            yield shape


def _plain(value: Any) -> Any:
    """For JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value
