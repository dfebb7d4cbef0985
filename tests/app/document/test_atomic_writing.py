"""A file is replaced whole or not at all, wherever its name leads; what killed programs left behind is removed."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.document import atomic_writing
from app.document.atomic_writing import write_atomically
from app.document.file import load, save
from app.document.model import Workflow
from app.document.problems import DocumentError


def test_saving_replaces_the_file_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.workflow.json"
    save(Workflow(name="first"), path)
    path.chmod(0o640)
    save(Workflow(name="second"), path)
    assert load(path).name == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.workflow.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(DocumentError, match="cannot be written"):
        save(Workflow(), tmp_path / "no such folder" / "a.workflow.json")


def test_a_symbolic_link_stays_one_and_leads_to_the_new_content(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for target in (tmp_path / "real" / "a.txt", Path("real/b.txt")):  # the second one is not there yet
        link = tmp_path / f"link to {target.name}"
        link.symlink_to(target)
        write_atomically(link, b"new")
        assert link.is_symlink()
        assert (tmp_path / "real" / target.name).read_bytes() == b"new"
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="levels of symbolic links"):
        write_atomically(tmp_path / "circle", b"new")


@pytest.mark.parametrize("length", [200, 220, 235, 245, 255])
def test_names_may_be_as_long_as_the_disk_allows(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("x" * (length - 14) + ".workflow.json")
    save(Workflow(name="long"), path)
    assert load(path).name == "long"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_killed_programs_left_behind_goes_with_the_next_writing_and_nothing_else_does(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    machine = atomic_writing._machine()
    names = {
        "of a program that is gone": f".layerloom-{machine}-{dead.pid}-0123456789ab.tmp",
        "of one that lives": f".layerloom-{machine}-{os.getppid()}-0123456789ab.tmp",
        "of another machine": ".layerloom-00000000-1-0123456789ab.tmp",
        "of another machine, days ago": ".layerloom-00000000-2-0123456789ab.tmp",
        "somebody else's": f".other-{machine}-{dead.pid}-0123456789ab.tmp",
    }
    for name in names.values():
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / names["of another machine, days ago"], (time.time() - 3 * 86400,) * 2)
    write_atomically(tmp_path / "a.txt", b"new")
    left = {what for what, name in names.items() if (tmp_path / name).exists()}
    assert left == {"of one that lives", "of another machine", "somebody else's"}


def test_programs_that_are_killed_while_they_save_leave_the_old_or_the_new_file(tmp_path: Path) -> None:
    kill_while_saving(tmp_path, times=6, seed=random.randrange(10**6))


def kill_while_saving(folder: Path, *, times: int, seed: int) -> None:
    """Kill programs that save without end; the file is always whole, and one more saving leaves nothing but it."""
    print("seed", seed)
    draw = random.Random(seed)
    path = folder / "a.workflow.json"
    program = (
        "import sys; from pathlib import Path; from app.document.file import save; from app.document.model import Workflow\n"
        "n = 0\n"
        "print('ready', flush=True)\n"
        "while True: n += 1; save(Workflow(name=str(n), description='x' * 300_000), Path(sys.argv[1]))\n"
    )
    for _ in range(times):
        running = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd())
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(draw.uniform(0.05, 0.3))
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
        if path.exists():
            assert len(load(path).description) == 300_000
    atomic_writing._swept.clear()
    save(Workflow(), path)
    assert [p.name for p in folder.iterdir()] == [path.name]
