"""Which encoding a text file is written in, where nobody says so: from its bytes, with what others would make of the same words.

Marks at the beginning and UTF-8 are certain. Of the encodings of one byte a letter, those of Western Europe are told apart by
what stands within words; charset-normalizer knows the scripts of others.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nodes.base import NodeError

AUTOMATIC = "automatic"
ENCODINGS = (
    AUTOMATIC, "utf-8", "windows-1252", "mac_roman", "latin-1", "windows-1250", "windows-1251", "utf-16", "cp850", "cp437",
    "iso8859-2", "iso8859-15", "windows-1253", "windows-1254", "koi8-r", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
)  # fmt: skip
"""What the dialog offers; any that Python knows can be typed in."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ("windows-1252", "mac_roman", "cp850", "windows-1250", "cp437")
"""In the order in which one is believed where several fit."""
_LATIN = frozenset("äöüÄÖÜßéèêëÉÈàâáãåæøœçñíìîïóòôõúùûýÿÁÀÂÅÆØÇÑÍÓÔÚÊ")
_EASTERN = frozenset("ąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůžČĎŇŘŠŤŽőűŐŰășțĂȘȚ")
_SIGNS = frozenset("’‘“”„–—…•€£°§«»©®™µ²³½¼¾±×·¡¿ªº\u00a0")
_MOST_BYTES = 64 * 1024
_OTHER_SCRIPT = 0.5
"""Where more of the letters beyond ASCII than this stand between others of the kind, the script is not the Latin one."""
_UNLIKELY = 0.5
"""Letters that stand so badly on average are hardly those of a Latin script."""
_FEW_WORDS = 3
_ZEROS = 0.04
"""Text in UTF-16 has this share of zero bytes at least, unless it is of another script."""


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding that was found.

    Attributes:
        name: As Python knows it.
        certain: Whether the bytes leave no doubt.
        words: Some words with letters beyond ASCII, as they are read.
        others: Another encoding -> the same words in it, where they differ.
    """

    name: str
    certain: bool = True
    words: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def remark(self) -> str:
        """Return what is said of it where there is doubt: with the words, for a person to see whether they are right."""
        told = f"Read as {self.name} ({self.words})" if self.words else f"Read as {self.name}"
        rest = "; ".join(f"{name} would give {words}" for name, words in self.others)
        return f"{told}, as the file is not written in UTF-8{f'; {rest}' if rest else ''}."


def codec_of(encoding: str) -> str:
    """Return Python's name of an encoding; where it is to be found, that of the usual one.

    Raises:
        NodeError: If there is no such encoding.
    """
    if encoding.strip().lower() == AUTOMATIC:
        return "utf-8"
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        hint = "Choose a known one, such as utf-8 or latin-1, or automatic."
        raise NodeError(f"There is no encoding '{encoding}'.", hint, setting="encoding") from error


def find_encoding(content: bytes) -> FoundEncoding:
    """Return in which encoding some lines of a file are written.

    Args:
        content: The beginning of the file, and other whole lines of it where those are plain.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return FoundEncoding(name)
    if b"\0" in content:
        wide = _of_two_bytes(content)
        if wide:
            return FoundEncoding(wide)
    if is_utf8(content):
        return FoundEncoding("utf-8")
    telling = _telling_lines(content)
    scores = {name: _score(text) for name in _WESTERN if (text := _decoded(telling, name)) is not None}
    best = max(scores, key=lambda name: (scores[name], -_WESTERN.index(name)), default="latin-1")
    if _is_other_script(telling) or scores.get(best, 0) < _UNLIKELY:
        best = _of_another_script(telling) or best
    shown = {name: _words(telling, name) for name in dict.fromkeys([best, *_WESTERN[:3]])}
    others = tuple((name, words) for name, words in shown.items() if name != best and words and words != shown[best])
    return FoundEncoding(best, certain=False, words=shown[best], others=others)


def is_utf8(content: bytes) -> bool:
    """Return whether bytes are UTF-8; a character that is cut off at the end does not count."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(content)
    except UnicodeDecodeError:
        return False
    return True


def beyond_ascii(lines: Iterable[bytes], most: int = _MOST_BYTES) -> bytes:
    """Return the first of some lines that have bytes beyond ASCII."""
    kept, size = [], 0
    for line in lines:
        if not line.isascii():
            kept.append(line)
            size += len(line)
            if size >= most:
                break
    return b"".join(kept)


def _telling_lines(content: bytes) -> bytes:
    return beyond_ascii(re.split(rb"(?<=[\r\n])", content)) or content


def _of_two_bytes(content: bytes) -> str:
    """UTF-16 without a mark, told by zero bytes at every other place."""
    even, odd = content[0::2].count(0), content[1::2].count(0)
    half = max(1, len(content) // 2)
    for name, zeros, rest in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros / half > _ZEROS and rest * 20 < zeros and _decoded(content[: len(content) // 2 * 2], name) is not None:
            return name
    return ""


def _decoded(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except UnicodeDecodeError:
        return None


def _score(text: str) -> float:
    """How well letters and signs beyond ASCII stand where they do, on average."""
    found = [
        _place_score(*text[max(0, m.start() - 1) : m.start() + 2].partition(m[0])) for m in re.finditer(r"[^\x00-\x7f]", text)
    ]
    return sum(found) / max(1, len(found))


def _place_score(before: str, letter: str, after: str) -> float:
    """How well one character stands between two others."""
    within = before.isalpha() and after.isalpha()
    if letter in _LATIN or letter in _EASTERN:
        likely = 1.0 if letter in _LATIN else 0.9
        return likely - (1.5 if letter.isupper() and before.islower() else 0)
    if letter in _SIGNS:
        return 0.9 if not within or letter == "’" else -1.0
    if letter.isalpha():
        return 0.1 - (1.0 if letter.isupper() and before.islower() else 0)
    return -1.0 if letter.isprintable() else -2.0


def _is_other_script(content: bytes) -> bool:
    """Whether bytes beyond ASCII mostly stand side by side."""
    high = len(re.findall(rb"[\x80-\xff]", content))
    beside = len(re.findall(rb"(?<=[\x80-\xff])[\x80-\xff](?=[\x80-\xff])", content))
    return beside > _OTHER_SCRIPT * high


def _of_another_script(content: bytes) -> str:
    """What charset-normalizer says."""
    from charset_normalizer import from_bytes

    match = from_bytes(content).best()
    return match.encoding if match is not None else ""


def _words(content: bytes, name: str) -> str:
    """The first words with letters beyond ASCII, in an encoding; empty where they are none in it."""
    text = _decoded(content, name)
    if text is None:
        return ""
    found = dict.fromkeys(re.findall(r"[^\s,;\"|]*[^\x00-\x7f\s][^\s,;\"|]*", text))
    return ", ".join(f"'{word[:20]}'" for word in list(found)[:_FEW_WORDS])
