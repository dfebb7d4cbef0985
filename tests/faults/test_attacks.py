"""Files made to do harm end in words, in the engine's process as without a window, and the other nodes are not disturbed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.document.file import save
from app.document.model import NodeRecord, Workflow
from app.engine import executor
from app.engine.events import Event
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.catalog import Catalog
from nodes.kit.probing import soundness
from nodes.kit.probing.memory import SoundFiles
from nodes.readers.excel import ExcelReader
from nodes.readers.parquet import ParquetReader
from tests.faults.attacks import ATTACKS
from tests.faults.good_files import MAKERS
from tests.support import configure

GOOD = "good.csv"


def flow(folder: Path, name: str) -> Workflow:
    """Read the file that does harm, and a good one."""
    ATTACKS[name][1](folder / name)
    (folder / GOOD).write_text("a\n1\n")
    return Workflow(
        nodes=(
            NodeRecord(id="bad", type=ATTACKS[name][0], settings={"path": name}),
            NodeRecord(id="good", type="readers.csv", settings={"path": GOOD}),
        )
    )


@pytest.mark.parametrize("name", ATTACKS)
def test_it_ends_in_words(name: str, tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    plan = make_plan(flow(tmp_path, name), Catalog.load(), folder=tmp_path)
    seen: list[Event] = []
    result = executor.run(plan, Store(tmp_path / "results"), seen.append)
    said = [problem.message for problem in plan.nodes["bad"].problems] + [str(error) for error in result.failures.values()]
    assert said, "it was read"
    assert all(name in words or "array" in words.lower() or "device" in words for words in said), said
    assert "fault of its own" not in " ".join(said)
    assert "good" in result.keys
    assert psutil.Process().memory_info().rss - before < 2**30


@pytest.mark.parametrize("name", ["far_cell.xlsx", *(pytest.param(n, marks=pytest.mark.exhaustive) for n in list(ATTACKS)[1:])])
def test_it_ends_in_words_without_a_window(name: str, tmp_path: Path) -> None:
    save(flow(tmp_path, name), tmp_path / "made.workflow.json")
    environment = {**os.environ, "LAYERLOOM_RESULTS": str(tmp_path / "results"), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "app.run", str(tmp_path / "made.workflow.json"), "--json"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode in (1, 3), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert any("bad" in str(event) for event in events)


def test_a_file_found_sound_is_not_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is in it: also elsewhere, under another name, and in the next process."""
    memory = tmp_path / "sound.txt"
    monkeypatch.setattr(soundness, "_sound", SoundFiles(memory))
    asked: list[Path] = []
    really = soundness._processes.ask

    def ask(path: Path, *arguments: object, **more: object) -> str | None:
        asked.append(path)
        return really(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(soundness._processes, "ask", ask)
    MAKERS["parquet.parquet"][0](tmp_path / "a.parquet")
    for _ in range(2):
        configure(ParquetReader(path="a.parquet"), folder=tmp_path)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes())
    monkeypatch.setattr(soundness, "_sound", SoundFiles(memory))
    configure(ParquetReader(path="b.parquet"), folder=tmp_path)
    assert [path.name for path in asked] == ["a.parquet"]
    with (tmp_path / "b.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(Exception, match=r"b\.parquet"):
        configure(ParquetReader(path="b.parquet"), folder=tmp_path)
    assert [path.name for path in asked] == ["a.parquet", "b.parquet"]


def test_one_process_looks_at_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "_sound", SoundFiles())
    soundness._processes._pool.close()
    before = soundness._processes.started
    began = time.perf_counter()
    for number in range(4):
        path = tmp_path / f"{number}.xlsx"
        MAKERS["excel.xlsx"][0](path)
        configure(ExcelReader(path=path.name), folder=tmp_path)
    print(f"{(time.perf_counter() - began) / 4:.3f} s a file")
    assert soundness._processes.started == before + 1
