"""Building HTML and SVG without templates: every text is escaped unless it is markup already."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_VOID = frozenset({"br", "col", "img", "input", "meta", "link"})
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is HTML or SVG, and is therefore not escaped again."""

    __slots__ = ()


Child = str | Iterable["Child"] | None


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """Return an element.

    Args:
        name: `div`, `path`, ...
        *children: Texts (escaped), markup (taken as it is), iterables of these; None is left out.
        **attributes: Their values are escaped; None leaves an attribute out. `class_` and `for_` lose the underscore, others
            become dashes.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(children: Child) -> Markup:
    """Return children one after the other, escaped where they are no markup."""
    if children is None:
        return Markup()
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return escaped(children)
    return Markup("".join(join(child) for child in children))


def escaped(text: str) -> Markup:
    """Return text for any place in a page; characters that no page may hold are replaced."""
    return Markup(html.escape(_FORBIDDEN.sub("\ufffd", text)))


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
