"""Search as you type that forgives typos: node types, actions, settings, files, whatever has a title. Knows nothing of widgets.

Better is, in this order: the title begins with what was typed; a word of it does; all words are found somewhere; its letters
begin words of the title in this order (`mp2d`); a word is found but for one or two typos.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

Item = TypeVar("Item")
Span = tuple[int, int]

_WORD = re.compile(r"[^\W_]+")

EXACT, PREFIX, WORD_PREFIX, ALL_WORDS, ELSEWHERE, LETTERS, TYPOS = 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0
"""Scores; what is better within one of them adds less than 1."""
LIKELY = 0.9
"""What it adds to a score that something is as likely as can be, before anything is typed."""


@dataclass(frozen=True)
class Candidate(Generic[Item]):
    """Something that can be found.

    Attributes:
        item: What it is.
        title: What the person reads.
        keywords: Other names for it, such as its id.
        text: Whatever else is said about it, such as its description.
    """

    item: Item
    title: str
    keywords: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True)
class Found(Generic[Item]):
    """A hit.

    Attributes:
        item: What was found.
        score: How well it fits; higher is better.
        spans: Which letters of the title matched, from and to.
    """

    item: Item
    score: float
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class _Typed:
    """A word of the query, and which words of all candidates it may mean.

    Attributes:
        word: As it was typed.
        begun: Words that begin with it.
        meant: Words of titles and keywords that begin with it but for one or two typos -> how near they are, below 1.
    """

    word: str
    begun: frozenset[str]
    meant: dict[str, float]


Match = tuple[float, list[Span]]


class Index(Generic[Item]):
    """Candidates, prepared to be searched at every keystroke.

    Args:
        candidates: In the order in which equally good ones are found.
    """

    def __init__(self, candidates: Iterable[Candidate[Item]]) -> None:
        self._entries = [_IndexedCandidate(candidate) for candidate in candidates]
        self._named = {word: frozenset(word) for entry in self._entries for word in entry.known}
        self._words = set(self._named).union(*(entry.text_words for entry in self._entries))

    def find(self, query: str, likely: Callable[[Item], float] | None = None) -> list[Found[Item]]:
        """Return all candidates that fit, best first; all of them for an empty query.

        Args:
            query: What was typed.
            likely: How likely something is meant, whatever was typed, from 0 to 1.
        """
        text = " ".join(query.casefold().split())
        if not text:
            return [Found(entry.candidate.item, 0.0, ()) for entry in self._entries]
        typed = [self._typed(word) for word in _WORD.findall(text) or text.split()]
        found = []
        for entry in self._entries:
            hit = entry.match(text, typed)
            if hit:
                item = entry.candidate.item
                score = hit[0] - min(len(entry.title), 500) / 1000 + (LIKELY * likely(item) if likely else 0.0)
                found.append(Found(item, score, _merged(hit[1])))
        return sorted(found, key=lambda hit: -hit.score)

    def _typed(self, word: str) -> _Typed:
        return _Typed(word, frozenset(known for known in self._words if known.startswith(word)), self._meant(word))

    def _meant(self, word: str) -> dict[str, float]:
        length = len(word)
        typos = 0 if length < 4 else 1 if length < 7 else 2
        if not typos:
            return {}
        letters = frozenset(word)
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(word)
        near: dict[str, float] = {}
        for known, has in self._named.items():
            if len(known) < length - typos or len(letters - has) > typos:
                continue
            begin = known[:length]
            if len(frozenset(begin) - letters) <= typos:
                matcher.set_seq1(begin)
                ratio = matcher.ratio()
                if ratio >= 1 - typos / length - 1e-9:
                    near[known] = ratio
        return near


class _IndexedCandidate(Generic[Item]):
    """One candidate, folded and split into words."""

    def __init__(self, candidate: Candidate[Item]) -> None:
        self.candidate = candidate
        folded = candidate.title.casefold()
        # where folding changes lengths ("ß"), the letters that match could not be shown
        self.title = folded if len(folded) == len(candidate.title) else candidate.title
        self.words = [(match.start(), match.group()) for match in _WORD.finditer(self.title)]
        self.letters = frozenset(self.title)
        self.named = {word for keyword in candidate.keywords for word in _WORD.findall(keyword.casefold())}
        self.titled = {word for _, word in self.words}
        self.known = self.titled | self.named
        self.text = candidate.text.casefold()
        self.text_words = set(_WORD.findall(self.text))

    def match(self, text: str, typed: Sequence[_Typed]) -> Match | None:
        """Score and spans; None if it does not fit."""
        if text in self.title:
            if self.title.startswith(text):
                return (EXACT if len(text) == len(self.title) else PREFIX), [(0, len(text))]
            for start, _ in self.words:
                if self.title.startswith(text, start):
                    return WORD_PREFIX, [(start, start + len(text))]
        return self._by_words(typed) or self._by_letters(text) or self._by_typos(typed)

    def _by_words(self, typed: Sequence[_Typed]) -> Match | None:
        """Every word is found: at the start of a word of the title, in a keyword, within a word, in the description."""
        total = 0.0
        spans: list[Span] = []
        for word in typed:
            quality, span = self._place(word)
            if not quality:
                return None
            total += quality
            spans += [span] if span else []
        mean = total / len(typed)
        return (ALL_WORDS + mean - 0.5 if mean > 0.5 else ELSEWHERE + mean), spans

    def _place(self, typed: _Typed) -> tuple[float, Span | None]:
        """Return how well one word is found, from 0 to 1, and where in the title."""
        word = typed.word
        if not typed.begun.isdisjoint(self.titled):
            start = next(start for start, known in self.words if known.startswith(word))
            return 1.0, (start, start + len(word))
        if not typed.begun.isdisjoint(self.named):
            return (0.96 if word in self.named else 0.9), None  # `loss` is rather the loss than something lossless
        inner = self.title.find(word) if len(word) > 1 else -1
        if inner >= 0:
            return 0.7, (inner, inner + len(word))
        if len(word) > 2 and not typed.begun.isdisjoint(self.text_words):
            return 0.3, None
        if len(word) > 3 and word in self.text:
            return 0.2, None
        return 0.0, None

    def _by_letters(self, text: str) -> Match | None:
        """Match where the letters of the query stand in the title in their order, each run of them at the start of a word."""
        letters = text.replace(" ", "")
        if len(letters) < 2 or not self.letters.issuperset(letters):
            return None
        spans: list[Span] = []
        at = 0
        for start, known in self.words:
            length = 0
            while at + length < len(letters) and length < len(known) and known[length] == letters[at + length]:
                length += 1
            if length:
                spans.append((start, start + length))
                at += length
        if at < len(letters):
            return None
        return LETTERS + len(letters) / (len(letters) + len(spans)) - 0.1, spans

    def _by_typos(self, typed: Sequence[_Typed]) -> Match | None:
        """Every word is found, some of them but for one or two typos."""
        total = 0.0
        spans: list[Span] = []
        for word in typed:
            quality, span = self._place(word)
            if not quality:
                best = max((known for known in word.meant if known in self.known), key=word.meant.__getitem__, default=None)
                if best is None:
                    return None
                span = next(((start, start + min(len(word.word), len(w))) for start, w in self.words if w == best), None)
                quality = word.meant[best] * 0.9 - (0.0 if span else 0.1)
            total += quality
            spans += [span] if span else []
        return TYPOS + 0.9 * total / len(typed), spans


def find(query: str, candidates: Iterable[Candidate[Item]]) -> list[Found[Item]]:
    """Return all candidates that fit, best first. For a list that is searched more than once, keep an `Index`."""
    return Index(candidates).find(query)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans in order, those that touch as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
