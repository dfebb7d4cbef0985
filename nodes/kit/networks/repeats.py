"""Which layers of a network are the same block again and again: pictures of deep networks fold them.

Found in the graph, whatever the layers are called. Where only one layer's output is still needed, the network can be cut; between
cuts lie segments with one way in and one way out. Segments are alike where their layers are of the same classes and wired alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nodes.kit.networks.layer_families import family

LEAST = 20
"""A network of fewer layers is seen whole: nothing is folded."""
SAVED, IN_A_ROW, BLOCK = 6, 4, 4
"""A row of repeats has at least so many layers; one of single layers so many; a block that comes back elsewhere so many."""
LONGEST = 64
"""Segments of a block that repeats."""


@dataclass(frozen=True)
class LayerFold:
    """Layers that are one box while they are folded.

    Attributes:
        title: What they are: `Conv block × 3`.
        first: The number of their first layer.
        last: That of their last one.
        parts: What is seen when it is opened, in order: layers by their numbers, and blocks.
    """

    title: str
    first: int
    last: int
    parts: tuple[LayerFold | int, ...]

    @property
    def layers(self) -> range:
        """The numbers of its layers."""
        return range(self.first, self.last + 1)


Part = LayerFold | int


def folded(kinds: Sequence[str], edges: Iterable[tuple[int, int]]) -> tuple[Part, ...]:
    """Return the layers of a network in order, with repeated blocks folded.

    Args:
        kinds: The Keras class of every layer, in an order in which they can be computed.
        edges: From layer to layer, by number.
    """
    if len(kinds) < LEAST:
        return tuple(range(len(kinds)))
    edges = list(edges)
    segments = _segments(len(kinds), edges)
    alike = _alike(kinds, edges, segments)
    often = Counter(alike)
    rows = _rows(alike, segments)
    parts: list[Part] = []
    place = 0
    while place < len(segments):
        if place not in rows:
            segment = segments[place]
            comes_back = len(segment) >= BLOCK and often[alike[place]] > 1
            parts += [_block(segment, kinds)] if comes_back else list(segment)
            place += 1
            continue
        period, count = rows[place]
        rounds = [segments[place + r * period : place + (r + 1) * period] for r in range(count)]
        blocks = [range(some[0].start, some[-1].stop) for some in rounds]
        whole = range(blocks[0].start, blocks[-1].stop)
        inner = tuple(whole) if len(blocks[0]) == 1 else tuple(_block(block, kinds) for block in blocks)
        parts.append(LayerFold(f"{_title(blocks[0], kinds)} × {count}", whole.start, whole.stop - 1, inner))
        place += period * count
    return tuple(parts)


def shown_parts(parts: Iterable[Part], opened: Iterable[tuple[int, int]]) -> tuple[list[Part], list[LayerFold]]:
    """Return what is seen, in order, and the opened folds around some of it, outer ones first.

    Args:
        parts: See `folded`.
        opened: First and last layer of the folds that are open.
    """
    opened = set(opened)
    seen: list[Part] = []
    frames: list[LayerFold] = []
    waiting = list(parts)[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, LayerFold) and (part.first, part.last) in opened:
            frames.append(part)
            waiting += part.parts[::-1]
        else:
            seen.append(part)
    return seen, frames


def _segments(count: int, edges: Sequence[tuple[int, int]]) -> list[range]:
    """Return the stretches of layers between cuts."""
    farthest = list(range(count))
    for source, target in edges:  # a layer that is used again earlier in the order holds all between together
        low, high = min(source, target), max(source, target)
        farthest[low] = max(farthest[low], high)
    segments, start, reach = [], 0, -1
    for number in range(count):
        if reach <= number:
            segments.append(range(start, number + 1))
            start = number + 1
        reach = max(reach, farthest[number])
    if start < count:
        segments.append(range(start, count))
    return segments


def _alike(kinds: Sequence[str], edges: Sequence[tuple[int, int]], segments: Sequence[range]) -> list[int]:
    """Return a number for every segment; those with the same one are alike."""
    inputs: list[list[int]] = [[] for _ in kinds]
    for source, target in edges:
        inputs[target].append(source)
    numbers: dict[tuple[object, ...], int] = {}
    found = []
    for segment in segments:
        said = tuple(
            (kinds[n], *sorted(source - segment.start if source in segment else -1 for source in inputs[n])) for n in segment
        )
        found.append(numbers.setdefault(said, len(numbers)))
    return found


def _rows(alike: Sequence[int], segments: Sequence[range]) -> dict[int, tuple[int, int]]:
    """Return the rows of repeats: where they begin -> how many segments repeat, and how often.

    Short blocks come first, so that the stages of a network are not torn apart by what two of them begin with.
    """
    rows: dict[int, tuple[int, int]] = {}
    taken = [False] * len(alike)
    for period in range(1, min(LONGEST, len(alike) // 2) + 1):
        place = 0
        while place + 2 * period <= len(alike):
            count = 0 if taken[place] or alike[place] != alike[place + period] else _count(place, period, alike, taken)
            if count < 2:
                place += 1
                continue
            # The same row is seen a few segments later, too (relu, block, relu, block): it begins with what branches.
            starts = [place + shift for shift in range(period) if _count(place + shift, period, alike, taken) >= count]
            start = max(starts, key=lambda s: (len(segments[s]) > 1, -s))
            count = _count(start, period, alike, taken)
            stop = start + period * count
            layers = segments[stop - 1].stop - segments[start].start
            if (layers == count >= IN_A_ROW) or (layers > count and layers >= SAVED):
                rows[start] = (period, count)
                taken[start:stop] = [True] * (stop - start)
            place = stop
    return rows


def _count(start: int, period: int, alike: Sequence[int], taken: Sequence[bool]) -> int:
    """Return how often the segments from a place on come one after the other, before one that is taken."""
    block = alike[start : start + period]
    count, place = 0, start
    while len(block) == period and alike[place : place + period] == block and not any(taken[place : place + period]):
        count += 1
        place += period
    return count


def main_kind(layers: Iterable[int], kinds: Sequence[str]) -> str:
    """Return the class that gives a block its colour: of its first layer that has much to learn, else of its first one."""
    numbers = list(layers)
    return next((kinds[n] for n in numbers if family(kinds[n]) in ("convolution", "dense", "sequence")), kinds[numbers[0]])


def _block(layers: range, kinds: Sequence[str]) -> LayerFold:
    return LayerFold(_title(layers, kinds), layers.start, layers.stop - 1, tuple(layers))


def _title(layers: range, kinds: Sequence[str]) -> str:
    if len(layers) == 1:
        return kinds[layers.start]
    if any("Attention" in kinds[n] for n in layers):
        return "Attention block"
    families = {family(kinds[n]) for n in layers}
    named = {"convolution": "Conv block", "sequence": "Recurrent block", "dense": "Dense block"}
    return next((title for kind, title in named.items() if kind in families), "Block")
