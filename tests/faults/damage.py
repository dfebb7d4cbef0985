"""Damage as disks, networks and people with bad intentions do it to files; the same seed does the same damage."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Callable


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Some bits are others."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def overwritten(data: bytes, rng: random.Random) -> bytes:
    """A number of four or eight bytes is another one."""
    made = bytearray(data)
    place, size = rng.randrange(len(made)), rng.choice((4, 8))
    number = rng.choice((0, 1, -1, 2**31 - 1, -(2**31), rng.randrange(2**31), rng.randrange(1000)))
    made[place : place + size] = number.to_bytes(size, "little", signed=True)
    return bytes(made[: len(data)])


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data))]


def zeroed(data: bytes, rng: random.Random) -> bytes:
    """A block is empty."""
    start = rng.randrange(len(data))
    length = min(rng.choice((1, 16, 512)), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def shifted(data: bytes, rng: random.Random) -> bytes:
    """Some bytes are missing, or there twice."""
    start, length = rng.randrange(len(data)), rng.choice((1, 4, 64))
    if rng.random() < 0.5:
        return data[:start] + data[start + length :]
    return data[:start] + data[start : start + length] + data[start:]


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, overwritten, cut, zeroed, shifted)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A file with one kind of damage; of a zip file also inside one of its members, with a checksum that is right."""
    if data[:2] == b"PK" and rng.random() < 0.7:
        return _damaged_member(data, rng)
    return rng.choice(WAYS)(data, rng)


def _damaged_member(data: bytes, rng: random.Random) -> bytes:
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
            names = source.namelist()
            chosen = rng.choice([n for n in names if source.getinfo(n).file_size] or names)
            for name in names:
                content = source.read(name)
                target.writestr(name, rng.choice(WAYS)(content, rng) if name == chosen and content else content)
    except (zipfile.BadZipFile, zlib.error):
        return rng.choice(WAYS)(data, rng)
    return made.getvalue()
