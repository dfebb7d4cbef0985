"""Nodes are kept off what cannot be read to its end, and off names that libraries do not take."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from app.engine.configuration import configure
from nodes.declaration.setting import info_of
from tests.catalog import CATALOG
from tests.sampling import mostly_exhaustive

NEED_MORE = ("readers.database", "readers.images_in_table")
"""They look at other settings first."""


def read_paths(node_id: str) -> list[str]:
    return [name for name, declared in CATALOG[node_id].model_fields.items() if str(info_of(declared).path).startswith("read")]


READERS = [node_id for node_id in CATALOG if read_paths(node_id) and node_id not in NEED_MORE]


@pytest.mark.parametrize("node_id", mostly_exhaustive(READERS, 8, "readers"))
def test_what_is_no_file_is_refused_before_anybody_opens_it(tmp_path: Path, node_id: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    odd.mkdir()
    (odd / "a.csv").write_text("a\n1\n")
    (tmp_path / "circle").symlink_to("circle")
    cases = {
        "pipe": "a pipe",
        "/dev/zero": "a pipe",
        str(odd / "a.csv"): "not UTF-8",
        "n" * 300: "too long",
        "circle": "circle|loop",
    }
    for path, words in cases.items():
        node = CATALOG[node_id].model_construct(None, **dict.fromkeys(read_paths(node_id), path))
        problems = configure(node, "a", {}, tmp_path).problems
        assert any(re.search(words, problem.message) for problem in problems), (node_id, path, problems)
