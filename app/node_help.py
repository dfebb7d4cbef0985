"""The help of a kind of node as HTML, made from its declaration: what the editor shows and `make docs` writes.

Knows node classes and pydantic; knows nothing of Qt. Looks are left to whoever shows it: the classes
are `muted`, `example`, and `facts` for what a setting takes and its default.
"""

from __future__ import annotations

import inspect
import json
import re
import types
from collections.abc import Iterator, Sequence
from html import escape
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nodes.base import Node, Port

EXAMPLE = "Example:"
"""Begins the paragraph of a docstring that shows the node in use."""
_NAMES = {int: "whole number", float: "number", str: "text", bool: "yes or no"}
_GROUP_ORDER = {"Settings": 0, "Naming": 2, "Advanced": 3}
"""What a node is about comes first, what is the same for many nodes last; the rest is in the order of declaration."""
_MANY = 3
"""More kinds of a setting than this are listed without their details."""
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
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text, quote=False))


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
    for name, info in node_class.model_fields.items():
        groups.setdefault(str(_extra(info).get("group", "Settings")), []).append(_row(name, info))
    if not groups:
        return "<h3>Settings</h3>\n<p>It has none.</p>"
    parts = ["<h3>Settings</h3>"]
    for group, rows in sorted(groups.items(), key=lambda item: _GROUP_ORDER.get(item[0], 1)):
        if group != "Settings":
            parts.append(f"<h4>{escape(group)}</h4>")
        parts += rows
    return "\n".join(parts)


def _row(name: str, info: FieldInfo) -> str:
    facts = [kind_of(info)]
    if info.is_required():
        facts.append("required")
    else:
        facts.append(f"default {shown(info.get_default(call_default_factory=True))}")
    if _extra(info).get("advanced"):
        facts.append("advanced")
    parts = [
        f"<p><b>{escape(info.title or name)}</b> <span class='muted'>{escape(name)}</span>",
        f"<br>{_inline(info.description)}</p>" if info.description else "</p>",
        _choices(info),
        _shown_if(info),
        _inner(info),
        f"<p class='facts'>{escape(' · '.join(facts))}</p>",
    ]
    return "".join(parts)


def _choices(info: FieldInfo) -> str:
    choices = _extra(info).get("choices")
    if not isinstance(choices, dict):
        return ""
    items = "".join(f"<li><b>{escape(str(value))}</b>: {_inline(str(text))}</li>" for value, text in choices.items())
    return f"<ul>{items}</ul>"


def _shown_if(info: FieldInfo) -> str:
    needs = _extra(info).get("shown_if")
    if not isinstance(needs, dict):
        return ""
    parts = []
    for name, value in needs.items():
        values = value if isinstance(value, list) else [value]
        parts.append(f"<code>{escape(name)}</code> is {escape(' or '.join(shown(v) for v in values))}")
    return f"<p>Only if {' and '.join(parts)}.</p>"


def _inner(info: FieldInfo, depth: int = 1) -> str:
    """The settings of a setting: of each optimizer, of a schedule, of an entry of a list."""
    models = list(_models(info.annotation))
    if not models:
        return ""
    if len(models) > _MANY:
        return f"<p>{' · '.join(_signature(model) for model in models)}</p>"
    items = []
    for model in models:
        fields = []
        for name, field in model.model_fields.items():
            if name == "kind":
                continue
            default = "" if field.is_required() else f", default {shown(field.get_default(call_default_factory=True))}"
            fields.append(f"<code>{escape(name)}</code> ({escape(kind_of(field) + default)})")
            if depth < _DEPTH and (deeper := _inner(field, depth + 1)):
                fields[-1] += deeper
        named = _kind_name(model) if "kind" in model.model_fields else ""
        items.append(f"<li>{f'<b>{escape(named)}</b>: ' if named else ''}{', '.join(fields) or 'no settings'}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _signature(model: type[BaseModel]) -> str:
    """`Adam (learning_rate, beta_1, ...)`."""
    names = [name for name in model.model_fields if name != "kind"]
    return f"<b>{escape(_kind_name(model))}</b>" + (f" ({escape(', '.join(names))})" if names else "")


def _example(node_class: type[Node]) -> str:
    """How the node stands in a workflow file: with what must be given, and the first settings."""
    settings: dict[str, Any] = {}
    for name, info in node_class.model_fields.items():
        if info.is_required():
            settings[name] = "…"
        elif len(settings) < 3 and not _extra(info).get("advanced"):
            value = info.get_default(call_default_factory=True)
            if isinstance(value, bool | int | float | str | tuple | list):
                settings[name] = _plain(value)
    record = {"id": f"{node_class.id.rpartition('.')[2]}_1", "type": node_class.id}
    text = json.dumps(record | ({"settings": settings} if settings else {}), ensure_ascii=False, indent=2)
    return f"<h3>In a workflow file</h3>\n<pre>{escape(text, quote=False)}</pre>"


def _found_by(node_class: type[Node]) -> str:
    words = ", ".join(node_class.keywords)
    return f'<p class="muted">Also found by: {escape(words)}</p>' if words else ""


# ---------------------------------------------------------------------------------------------------------- in few words


def kind_of(info: FieldInfo) -> str:
    """A setting's type and range in words: `whole number from 1`, `valid or same`, `2 whole numbers`."""
    return _words(info.annotation, info.metadata)


def _words(kind: Any, metadata: Sequence[Any] = ()) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _words(arguments[0], (*arguments[1:], *metadata))
    if origin in (Union, types.UnionType):
        others = [a for a in arguments if a is not type(None)]
        words = list(dict.fromkeys(_words(a, metadata) for a in others))
        return " or ".join(words) + (", or empty" if type(None) in arguments else "")
    if origin is Literal:
        return _or([shown(a) for a in arguments])
    if origin is not None:
        return _several(origin, arguments)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _kind_name(kind)
    name = _NAMES.get(kind, getattr(kind, "__name__", "value")) if isinstance(kind, type) else "value"
    return name + _range(metadata)


def _several(origin: Any, arguments: Sequence[Any]) -> str:
    """Several values of a kind."""
    if origin is dict:
        return f"{_words(arguments[1])} by name"
    if origin is tuple and Ellipsis not in arguments:
        return f"{len(arguments)} × {_words(arguments[0])}"
    return f"list of: {_words(arguments[0])}"


def _range(metadata: Sequence[Any]) -> str:
    words = ""
    for rule in metadata:
        words += f" from {rule.ge}" if isinstance(rule, Ge) else ""
        words += f" above {rule.gt}" if isinstance(rule, Gt) else ""
        words += f" to {rule.le}" if isinstance(rule, Le) else ""
        words += f" below {rule.lt}" if isinstance(rule, Lt) else ""
        words += f", at least {rule.min_length}" if isinstance(rule, MinLen) else ""
        words += f", at most {rule.max_length}" if isinstance(rule, MaxLen) else ""
    return words


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models inside a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for argument in get_args(kind):
        yield from _models(argument)


def _kind_name(model: type[BaseModel]) -> str:
    info = model.model_fields.get("kind")
    return str(info.default) if info is not None and info.default is not PydanticUndefined else model.__name__


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shown(value: Any) -> str:
    """A setting's value as one reads it: `2 × 2`, `on`, `Adam`, `empty`."""
    if value is None or value == "" or value in ([], {}, ()):
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, BaseModel):
        return _kind_name(type(value))
    if isinstance(value, tuple | list):
        return (" × " if isinstance(value, tuple) else ", ").join(shown(v) for v in value)
    return str(value)


def _plain(value: Any) -> Any:
    """For JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
