"""JSON as Layerloom writes it: readable text that can always be encoded, and that reads back as what it was made of."""

from __future__ import annotations

import json
import re
from typing import Any

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def json_text(value: Any, *, compact: bool = False) -> str:
    """Return a value as JSON in one line: letters of all languages as they are, and what UTF-8 cannot hold as an escape.

    Half a character (a lone surrogate) comes from file names that are not UTF-8, or from a cut-off text; written as it is,
    it would keep the whole text from being stored. Numbers that are none stay what they are: `NaN`, `Infinity`.

    Args:
        value: Plain data.
        compact: Whether to leave out the spaces behind commas and colons.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)
    return _LONE_SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
