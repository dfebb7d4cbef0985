"""The help of a kind of node as HTML, made from its declaration: what the editor shows and `make docs` writes.

Knows node classes and pydantic; knows nothing of Qt. Looks are left to whoever shows it: the classes
are `muted`, `example`, and `facts` for what a setting takes and its default.
"""

from __future__ import annotations

import inspect
import json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nodes.base import Node, Port

EXAMPLE = "Example:"
"""Begins the paragraph of a docstring that shows the node in use."""
_EMPHASIS = re.compile(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")
"""*Emphasis*, not the stars of `2 * 3 * x` or of a pattern such as pixel_*."""
_NAMES = {int: "whole number", float: "number", str: "text", bool: "yes or no"}
_GROUP_ORDER = {"Settings": 0, "Naming": 2, "Advanced": 3}
"""What a node is about comes first, what is the same for many nodes last; the rest is in the order of declaration."""
_COLUMNS = {"text": "a column", "text, or empty": "a column, or empty", "list of: text": "columns"}
_MANY = 3
"""More kinds of a setting than this are listed without their details."""
_LARGE = 1e6
"""Broken numbers from here on are written with a power of ten."""
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
    for name, info in node_class.model_fields.items():
        groups.setdefault(_group(info), []).append(_row(name, info, node_class.model_fields))
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


def _group(info: FieldInfo) -> str:
    return str(_extra(info).get("group", "Settings"))


def _order(group: str) -> int:
    return _GROUP_ORDER.get(group, 1)


def _row(name: str, info: FieldInfo, fields: Mapping[str, FieldInfo]) -> str:
    facts = [_fact(info)]
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
        _shown_if(info, fields),
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


def _shown_if(info: FieldInfo, fields: Mapping[str, FieldInfo]) -> str:
    """What other settings must be for this one to count, by the labels that stand beside them."""
    parts = []
    for name, values in _needs(info).items():
        label = fields[name].title or name
        parts.append(f"<b>{escape(label)}</b> is {escape(_or([shown(v) for v in values]))}")
    return f"<p>Only if {', and '.join(parts)}.</p>" if parts else ""


def _needs(info: FieldInfo) -> dict[str, list[Any]]:
    """Other settings -> the values that they must have for this one to count."""
    needs = _extra(info).get("shown_if")
    pairs = needs.items() if isinstance(needs, dict) else ()
    return {str(name): list(value) if isinstance(value, list) else [value] for name, value in pairs}


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
            if name == "kind" and _tag(model):
                continue
            default = "" if field.is_required() else f", default {shown(field.get_default(call_default_factory=True))}"
            fields.append(f"<code>{escape(name)}</code> ({escape(kind_of(field) + default)})")
            if depth < _DEPTH and (deeper := _inner(field, depth + 1)):
                fields[-1] += deeper
        named = f"<b>{escape(_tag(model))}</b>: " if _tag(model) else ""
        items.append(f"<li>{named}{', '.join(fields) or 'no settings'}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _signature(model: type[BaseModel]) -> str:
    """`Adam (learning_rate, beta_1, ...)`."""
    names = [name for name in model.model_fields if name != "kind" or not _tag(model)]
    return f"<b>{escape(_kind_name(model))}</b>" + (f" ({escape(', '.join(names))})" if names else "")


def _example(node_class: type[Node]) -> str:
    """How the node stands in a workflow file: with what must be given, and the first settings."""
    settings: dict[str, Any] = {}
    fields = node_class.model_fields
    defaults = {name: info.get_default(call_default_factory=True) for name, info in fields.items() if not info.is_required()}
    for name, info in sorted(fields.items(), key=lambda field: (not field[1].is_required(), _order(_group(field[1])))):
        counts = all(defaults.get(other) in values for other, values in _needs(info).items())
        if name not in defaults:
            settings[name] = "…"
        elif len(settings) < 3 and counts and not _extra(info).get("advanced"):
            value = defaults[name]
            if isinstance(value, bool | int | float | str | tuple | list):
                settings[name] = _plain(value)
    record = {"id": f"{node_class.id.rpartition('.')[2]}_1", "type": node_class.id}
    text = json.dumps(record | ({"settings": settings} if settings else {}), ensure_ascii=False, indent=2)
    return f"<h3>In a workflow file</h3>\n<pre>{escape(text, quote=False)}</pre>"


def _found_by(node_class: type[Node]) -> str:
    words = ", ".join(node_class.keywords)
    return f'<p class="muted">Also found by: {escape(words)}</p>' if words else ""


# ---------------------------------------------------------------------------------------------------------- in few words


def _fact(info: FieldInfo) -> str:
    """A setting's type, without what was listed and explained above it."""
    words = kind_of(info)
    if "columns" in _extra(info) and words in _COLUMNS:
        return _COLUMNS[words]
    several = get_origin(info.annotation) is list
    options = list(_options(info.annotation))
    models = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
    explained = "choices" in _extra(info) and all(get_origin(option) is Literal for option in options)
    if explained or (len(models) > 1 and models == options):
        return ("any of these" if several else "one of these") + (", or empty" if words.endswith(", or empty") else "")
    return "list of entries with these settings" if several and models else words


def _options(kind: Any) -> Iterator[Any]:
    """The types that a value, or a value of a list, may have, besides none."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _options(arguments[0])
    elif origin in (Union, types.UnionType, list):
        for argument in arguments:
            yield from _options(argument)
    elif kind is not type(None):
        yield kind


def kind_of(info: FieldInfo) -> str:
    """A setting's type and range in words: `whole number from 1`, `valid or same`, `2 whole numbers`."""
    return _words(info.annotation, info.metadata)


def _words(kind: Any, metadata: Sequence[Any] = ()) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _words(arguments[0], (*_rules(arguments[1:]), *metadata))
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


def _rules(annotations: Sequence[Any]) -> Iterator[Any]:
    """The limits among the annotations of a type, of which pydantic keeps some in a `Field`."""
    for annotation in annotations:
        if isinstance(annotation, FieldInfo):
            yield from annotation.metadata
        else:
            yield annotation


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
        words += f" from {shown(rule.ge)}" if isinstance(rule, Ge) else ""
        words += f" above {shown(rule.gt)}" if isinstance(rule, Gt) else ""
        words += f" to {shown(rule.le)}" if isinstance(rule, Le) else ""
        words += f" below {shown(rule.lt)}" if isinstance(rule, Lt) else ""
    return words + _length(metadata)


def _length(metadata: Sequence[Any]) -> str:
    """How many characters a text has."""
    least = max((rule.min_length for rule in metadata if isinstance(rule, MinLen)), default=0)
    most = min((rule.max_length for rule in metadata if isinstance(rule, MaxLen)), default=None)
    if least == most:
        limits = [f"of {least}"]
    else:
        limits = ([f"of at least {least}"] if least else []) + ([f"of at most {most}"] if most is not None else [])
    return f" {' and '.join(limits)} character{'' if limits[-1].endswith(' 1') else 's'}" if limits else ""


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models inside a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for argument in get_args(kind):
        yield from _models(argument)


def _tag(model: type[BaseModel]) -> str:
    """What tells a model apart from others in its place, such as `Adam`; empty: it stands alone."""
    info = model.model_fields.get("kind")
    return str(info.default) if info is not None and get_args(info.annotation) == (info.default,) else ""


def _kind_name(model: type[BaseModel]) -> str:
    return _tag(model) or model.__name__


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
    if isinstance(value, float) and abs(value) >= _LARGE:
        return f"{value:g}".replace("e+", "e")
    first, *more = str(value).splitlines()
    return f"{first} …" if more else first


def _plain(value: Any) -> Any:
    """For JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
