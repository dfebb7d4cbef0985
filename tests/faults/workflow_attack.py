"""Changes workflow files at random and takes each through everything that opening, saving, checking and running is.

    python -m tests.faults.workflow_attack SEED TIMES FOLDER

Prints what went wrong, a line each, and ends with 1 then. A process of its own, which may die: the file it was at lies in FOLDER.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import os
import random
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import run
from app.document.file import dump, load, parse, save
from app.document.model import Workflow
from app.document.problems import DocumentError
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.messages.requests import OpenDocument
from app.engine.messages.tells import StatusesChanged
from app.engine.messages.wire import Malformed, decode_request, decode_tell, encode
from app.engine.nonces import Nonces
from app.engine.session import Session, SessionContext
from app.engine.store import Store
from nodes.catalog import Catalog

AWKWARD: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        -(10**400),
        float("nan"),
        float("inf"),
        -float("inf"),
        "5",
        "Infinity",
        "1e999",
        "9" * 5000,
    ),
    *("", " ", "\0", "a\0b", "\ud800", "x\udcffy", "\u202e", "\n", "\x1b[31m", "é" * 130, "(" * 500, "'", '"', "\\", "%", "{}"),
    *("~nosuchuser/x", "~", "..", ".", "/", "pipe", "circle", "x" * 300, "a/" * 3000),
    *("${nothing}", "${least", {"variable": "nothing"}, {"variable": ""}, {"variable": 1}, "readers.csv", "read.table", "size"),
    *([], {}, [[]], {"": ""}, [1, "a", None], ["size"], {"a": {"b": {"c": [1]}}}),
]
TOKENS = [
    "NaN",
    "1e999",
    "9" * 5000,
    '"\\ud800"',
    "[" * 300 + "]" * 300,
    "[" * 2000,
    '{"a":' * 900,
    "null",
    "-0",
    "\ufeff",
    "\\",
    '"',
    "}",
]
CODES = {run.DONE, run.NODE_FAILED, run.WRONG_CALL, run.HAS_PROBLEMS}


def main(seed: int, times: int, folder: Path) -> int:
    """Try so many files; return the exit code."""
    draw, failures = random.Random(seed), Counter[str]()
    originals = [p.read_text(encoding="utf-8") for p in sorted((Path(__file__).parents[2] / "workflows").glob("*.workflow.json"))]
    small = (folder / "small.workflow.json").read_text(encoding="utf-8")
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to("circle")
    os.chdir(folder)
    attack = Attack(folder)
    for n in range(times):
        is_small = draw.random() < 0.6
        text = mutated(small if is_small else draw.choice(originals), draw)
        for what in attack.on(text, runs=is_small):
            failures[what] += 1
            if failures[what] == 1:
                print(f"{what} (file {n})", flush=True)
                (folder / f"failed-{n}.json").write_bytes(text.encode(errors="surrogatepass"))
    for what, number in failures.items():
        print(f"{number} times: {what}")
    print(f"{times} files, {sum(failures.values())} failures", flush=True)
    return 1 if failures else 0


def mutated(text: str, draw: random.Random) -> str:
    """Return a workflow's text with a few changes: of values, of its structure, or of its characters."""
    if draw.random() < 0.2:
        at = draw.randrange(len(text))
        return text[:at] + draw.choice([*TOKENS, ""]) + text[at + draw.randrange(30) :]
    data = json.loads(text)
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        holder, key = draw.choice(list(_places(data)))
        change = draw.randrange(6)
        if change < 3:
            holder[key] = copy.deepcopy(draw.choice(AWKWARD))
        elif change == 3:
            del holder[key]
            if not data:
                return "{}"
        elif change == 4 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif isinstance(holder, dict):
            holder[str(draw.choice(AWKWARD))] = copy.deepcopy(draw.choice(AWKWARD))
    try:
        return json.dumps(data, ensure_ascii=draw.random() < 0.5)
    except ValueError:  # whole numbers of thousands of digits are only in `TOKENS`
        return text


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])


class Attack:
    """What is tried on every file.

    Args:
        folder: Where files and results go.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "attack.workflow.json"
        self._again = folder / "again.workflow.json"
        self._folder = folder
        store = Store(folder / "results of the editor")
        self._told: list[Any] = []
        fingerprints = BackgroundFingerprints(store.fingerprints, lambda _: None, lambda: None)
        nonces = Nonces(store.root / "store.sqlite")
        self._context = SessionContext(Catalog.load(), store, nonces, fingerprints, lambda _: None, self._told.append)

    def on(self, text: str, *, runs: bool) -> Iterator[str]:
        """Yield what went wrong."""
        self._path.write_bytes(text.encode(errors="surrogatepass"))
        try:
            workflow = load(self._path, newer=True)
        except DocumentError:
            workflow = None
        except BaseException as error:  # noqa: BLE001 - whatever comes is what is looked for
            yield f"load: {_last(error)}"
            workflow = None
        if workflow is not None:
            for step in (self._save, self._send_to_engine, self._open_in_editor):
                try:
                    step(workflow)
                except BaseException as error:  # noqa: BLE001
                    yield f"{step.__name__}: {_last(error)}"
        arguments = [str(self._path), *([] if runs else ["--check"])]
        for more in ([], ["--json"]):
            yield from self._call([*arguments, *more, "--results", str(self._folder / "results")])

    def _save(self, workflow: Workflow) -> None:
        save(workflow, self._again)
        again = load(self._again, newer=True)
        assert repr(again.nodes) == repr(workflow.nodes)
        assert repr(again.view) == repr(workflow.view)
        assert dump(parse(dump(again), newer=True)) == dump(again)

    def _open_in_editor(self, workflow: Workflow) -> None:
        self._told.clear()
        session = Session("attack", workflow, self._folder, self._context)
        session.flush()
        session.close()
        told = {name for tell in self._told if isinstance(tell, StatusesChanged) for name in tell.nodes}
        assert {node.id for node in workflow.nodes} <= told, "there are nodes without a status"
        for tell in self._told:
            assert not isinstance(decode_tell(encode(tell)), Malformed), "the editor does not understand a status"

    def _send_to_engine(self, workflow: Workflow) -> None:
        request = decode_request(encode(OpenDocument(document="attack", workflow=workflow, folder=self._folder)))
        assert isinstance(request, OpenDocument), f"the engine does not understand it: {request}"
        assert repr(request.workflow.nodes) == repr(workflow.nodes)

    def _call(self, arguments: list[str]) -> Iterator[str]:
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="ascii"), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run.main(arguments)
        except SystemExit as stop:
            code = int(str(stop.code))
        except BaseException as error:  # noqa: BLE001
            yield f"main: {_last(error)}"
            return
        finally:
            for handler in list(logging.getLogger().handlers):
                logging.getLogger().removeHandler(handler)
        out.seek(0)
        said = out.buffer.read().decode() + err.getvalue()
        if code not in CODES:
            yield f"main: exit code {code}: {err.getvalue()[-300:]}"
        for word in ("Traceback", "unexpected error", "has a fault"):
            if word in said:
                yield f"main said '{word}': {said[said.index(word) :][:300]}"
                break


def _last(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.name}: {str(error)[:120]!a}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
