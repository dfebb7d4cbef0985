"""Kernels: the small matrices of a convolution, by name or as a person types them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from nodes.base import NodeError

Rows = tuple[tuple[float, ...], ...]
Preset = Literal[
    "own", "identity", "edges", "horizontal edges", "vertical edges", "sobel y", "sobel x", "laplace", "sharpen",
    "blur", "gaussian", "emboss",
]  # fmt: skip

PRESETS: Mapping[str, Rows] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "edges": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "horizontal edges": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "vertical edges": ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "sobel y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "sobel x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "laplace": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "gaussian": ((1 / 16, 2 / 16, 1 / 16), (2 / 16, 4 / 16, 2 / 16), (1 / 16, 2 / 16, 1 / 16)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
}
HELPS = {
    "own": "The numbers typed in.",
    "identity": "The image itself.",
    "edges": "Every change of brightness.",
    "horizontal edges": "From dark above to bright below (Prewitt).",
    "vertical edges": "From dark on the left to bright on the right (Prewitt).",
    "sobel y": "From dark above to bright below; the middle counts twice.",
    "sobel x": "From dark on the left to bright on the right; the middle counts twice.",
    "laplace": "The second derivative: 0 on plains and ramps.",
    "sharpen": "The image with stronger edges.",
    "blur": "The mean of the neighbours.",
    "gaussian": "A mean that counts near neighbours more.",
    "emboss": "As if lit from the top left.",
}
"""What the presets do, for the dialog."""

MOST_SIDE = 63


def read_kernels(text: str, setting: str) -> list[tuple[str, Rows]]:
    """Return the kernels that a text spells, with a name each.

    Args:
        text: Rows of numbers, separated by spaces, commas or semicolons; fractions such as 1/9 too. An empty line begins the
            next kernel. A line with a preset's name stands for that preset.
        setting: Which setting it is, for errors.

    Raises:
        NodeError: If a line is neither, rows differ in length, kernels differ in size, or there is none.
    """
    found: list[tuple[str, Rows]] = []
    rows: list[tuple[float, ...]] = []

    def finish() -> None:
        if rows:
            found.append((f"kernel {len(found) + 1}", tuple(rows)))
            rows.clear()

    for number, line in enumerate(text.splitlines(), 1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words:
            finish()
        elif " ".join(words).lower() in PRESETS:
            finish()
            name = " ".join(words).lower()
            found.append((name, PRESETS[name]))
        else:
            row = tuple(_number(word, number, setting) for word in words)
            if rows and len(row) != len(rows[0]):
                raise NodeError(
                    f"Line {number} has {len(row)} numbers, the line before it {len(rows[0])}.",
                    "Give all rows of a kernel the same length; an empty line begins the next kernel.",
                    setting=setting,
                )
            rows.append(row)
    finish()
    if not found:
        raise NodeError("There is no kernel.", "Type rows of numbers, or choose a preset.", setting=setting)
    sizes = {(len(kernel), len(kernel[0])) for _, kernel in found}
    if len(sizes) > 1:
        listed = ", ".join(f"{h} x {w}" for h, w in sorted(sizes))
        raise NodeError(f"The kernels have different sizes: {listed}.", "Fill the smaller ones up with zeros.", setting=setting)
    if max(max(size) for size in sizes) > MOST_SIDE:
        raise NodeError(f"A kernel is larger than {MOST_SIDE} x {MOST_SIDE}.", "Make it smaller.", setting=setting)
    return found


def _number(word: str, line: int, setting: str) -> float:
    above, slash, below = word.partition("/")
    try:
        value = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not math.isfinite(value):
        names = ", ".join(PRESETS)
        raise NodeError(
            f"'{word}' in line {line} is no number.", f"Type numbers such as -1, 0.5 or 1/9, or one of: {names}.", setting=setting
        )
    return value
