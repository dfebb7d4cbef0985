"""Scripts: runs a person's own Python inside a node, and turns what goes wrong in it into errors with a line number.

A script runs in the engine's process with all rights of the person. Nothing here keeps it from anything; what protects is
that the engine runs no script that the person has not trusted (`Node.scripts`).
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import hashlib
import io
import linecache
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import CodeType, TracebackType
from typing import Any, TextIO

from nodes.errors import Cancelled, NodeError, is_panic
from nodes.heard_warnings import heard_warnings

__all__ = ["at_work", "check", "errors_explained", "run", "wrong_result"]

LOOK_SECONDS = 0.2
"""How long after a cancel a script goes on at most, if it is at work in Python."""


def check(source: str, setting: str, *, needs: str | Sequence[str] = ()) -> CodeType:
    """Compile a script without running anything of it; for `configure`.

    Args:
        source: The script.
        setting: The setting it stands in.
        needs: A name, or names, that the script must assign somewhere, such as that of its result.

    Raises:
        NodeError: If it is empty, no Python, or never assigns `needs`; with the line.
    """
    if not source.strip():
        raise NodeError("There is no script.", "Write one.", setting=setting)
    try:
        with heard_warnings():  # such as for "\d": told to nobody at every keystroke
            tree = ast.parse(source, _file_name(source))
            code = compile(tree, _file_name(source), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = _line(source, error.lineno or 0)
        where = f"Line {error.lineno} of the script" if error.lineno else "The script"
        message = f"{where} is not valid Python: {error.msg}{f', in “{line}”' if line else ''}."
        raise NodeError(message, "Correct it.", setting=setting) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise NodeError(f"The script is not valid Python. {_sentence(str(error))}", "Correct it.", setting=setting) from None
    for name in _names(needs):
        if not _may_assign(tree, name):
            raise _not_assigned("never assigns", name, setting)
    return code


def run(source: str, setting: str, job: Any, variables: Mapping[str, Any], *, needs: str | Sequence[str] = ()) -> dict[str, Any]:
    """Run a script, as `__main__`, with some variables.

    What it prints, and its warnings, become lines of the node's log. If the job is cancelled, the script is interrupted at
    its next step in Python; a long call into a library (one training step, one query) is not interrupted.

    Args:
        source: The script.
        setting: The setting it stands in, for errors.
        job: The node's job (`nodes.base.Job`); the script sees it as `job`.
        variables: What the script finds under which name.
        needs: A name, or names, that it must assign.

    Returns:
        All names it has assigned, with its variables.

    Raises:
        NodeError: If it fails, or does not assign `needs`.
        Cancelled: If the job was cancelled.
    """
    code = check(source, setting, needs=needs)
    own = {"__builtins__": {**vars(builtins), "input": _no_input}, "__name__": "__main__", "__file__": code.co_filename}
    namespace = {**own, "job": job, **variables}
    with at_work(source, setting, job):
        exec(code, namespace)  # noqa: S102 - what this module is for
    for name in _names(needs):
        if name not in namespace:
            raise _not_assigned("did not assign", name, setting)
    return {name: value for name, value in namespace.items() if name not in own and name != "job"}


@contextmanager
def at_work(source: str, setting: str, job: Any) -> Iterator[None]:
    """Treat what happens inside as part of a script: what it prints is logged, its errors are explained, it is cancelled.

    `run` does so itself; this is for what a script has left to be done later, such as the steps of a generator.

    Raises:
        NodeError: Instead of any error raised by the script.
        Cancelled: If the job was cancelled.
    """
    try:
        with errors_explained(source, setting, job), _printing_to(job), _interruptible(job):
            yield
    except _Interrupt:
        raise Cancelled from None


@contextmanager
def errors_explained(source: str, setting: str, job: Any) -> Iterator[None]:
    """Turn errors that come out of a script, or of a function defined in it, into errors for the person.

    `run` does so itself; this is for what is called later, such as a loss function in the midst of a training. Errors
    that no line of the script has a part in pass as they are.

    Raises:
        NodeError: Instead of any error raised by the script; with the line. The traceback goes to the job's log.
    """
    name = _file_name(source)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # for tracebacks, and for autograph
    try:
        yield
    except (Cancelled, NodeError):
        raise
    except SystemExit:
        raise NodeError(
            "The script ends the whole program.", "Leave exit() out; a script is over after its last line.", setting=setting
        ) from None
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        number = _line_of(error, name)
        if number is None:
            raise
        text = "".join(traceback.format_exception(type(error), error, _from_script(error.__traceback__, name)))
        job.log(text.rstrip())
        what = f"{type(error).__name__}: {error}".strip().rstrip(":")
        raise NodeError(
            f"The script failed in line {number}, “{_line(source, number)}”: {_sentence(what)}", _remedy(error), setting=setting
        ) from error


@contextmanager
def all_errors_explained(scripts: Mapping[str, str], job: Any) -> Iterator[None]:
    """Do as `errors_explained` for several scripts.

    Args:
        scripts: Setting -> source, as `nodes.base.Node.scripts` gives them.
        job: Where tracebacks go.
    """
    with ExitStack() as entered:
        for setting, source in scripts.items():
            entered.enter_context(errors_explained(source, setting, job))
        yield


def wrong_result(name: str, value: Any, expected: str, setting: str) -> NodeError:
    """Return the error for a result of a wrong type: `expected` is what it should be, with an article."""
    what = "None" if value is None else f"a {type(value).__name__}"
    return NodeError(f"{name} is {what}, not {expected}.", f"Assign {expected} to {name}.", setting=setting)


# ---------------------------------------------------------------------------------------------------------------- errors


def _file_name(source: str) -> str:
    """What stands for the script's file in tracebacks; one for each text, as sources are looked up by it."""
    return f"<script {hashlib.blake2b(source.encode(errors='replace'), digest_size=6).hexdigest()}>"


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _line_of(error: BaseException, name: str) -> int | None:
    """The line of the script that was at work last; TensorFlow, which rewrites functions, tells it in its message only."""
    numbers = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == name]
    numbers = numbers or [int(number) for number in re.findall(rf'File "{re.escape(name)}", line (\d+)', str(error))]
    return numbers[-1] if numbers else None


def _from_script(trace: TracebackType | None, name: str) -> TracebackType | None:
    """The traceback from the script's first line on, without what runs it."""
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return trace


def _names(needs: str | Sequence[str]) -> Sequence[str]:
    return (needs,) if isinstance(needs, str) else needs


def _may_assign(tree: ast.Module, name: str) -> bool:
    """Whether a script can assign a name, as far as can be seen without running it."""
    for part in ast.walk(tree):
        match part:
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                return True
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) | ast.ClassDef(name=found) if found == name:
                return True
            case ast.alias(name=found, asname=other) if name in (other, found) or found == "*":
                return True
            case ast.Name(id="globals" | "exec"):
                return True
    return False


def _not_assigned(verb: str, name: str, setting: str) -> NodeError:
    return NodeError(f"The script {verb} {name}.", f"Give its result that name: {name} = ...", setting=setting)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"Install the package {error.name.partition('.')[0]} beside this program, or do without it."
    if isinstance(error, NameError) and error.name:
        return f"Assign {error.name}, or import it, before it is used."
    return "Correct the script; the console has the whole traceback."


def _no_input(*_: Any) -> str:
    raise RuntimeError("a script in a workflow cannot ask at the keyboard")


# -------------------------------------------------------------------------------------------------------------- printing


class _Router(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr: lines from threads that run a script go to its job, all else where it went."""

    def __init__(self, before: TextIO) -> None:
        self.before = before
        self.threads: set[int] = set()
        self._parts: dict[int, str] = {}

    def write(self, text: str) -> int:
        me = threading.get_ident()
        if me not in _jobs:
            return self.before.write(text)
        *lines, rest = (self._parts.get(me, "") + text).split("\n")
        self._parts[me] = rest
        for line in lines:
            self._log(me, line)
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() not in _jobs:
            self.before.flush()

    def end(self, thread: int) -> None:
        """Log what has no line end yet."""
        rest = self._parts.pop(thread, "")
        if rest:
            self._log(thread, rest)

    def _log(self, thread: int, line: str) -> None:
        job = _jobs.pop(thread)  # who listens to the log may print it from this very thread
        try:
            job.log(line.rpartition("\r")[2])  # of a progress bar, its last state
        finally:
            _jobs[thread] = job

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed declares a variable
        return "utf-8"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.before, name)


_routing = threading.Lock()
_jobs: dict[int, Any] = {}
"""Of the threads that run a script now: the jobs that get what they print."""


@contextmanager
def _printing_to(job: Any) -> Iterator[None]:
    """Sends what this thread prints to the job's log. Other threads' output is left alone, so several scripts may run."""
    me = threading.get_ident()
    with _routing:
        routers = []
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, _Router):
                stream = _Router(stream)
                setattr(sys, name, stream)
            stream.threads.add(me)
            routers.append(stream)
        _jobs[me] = job
    try:
        yield
    finally:
        for router in routers:
            router.end(me)
        with _routing:
            del _jobs[me]
            for name, router in zip(("stdout", "stderr"), routers, strict=True):
                router.threads.discard(me)
                if not router.threads and getattr(sys, name) is router:
                    setattr(sys, name, router.before)


# ------------------------------------------------------------------------------------------------------------ cancelling


class _Interrupt(BaseException):
    """Raised inside a script whose job was cancelled; no Exception, so that `except Exception` does not hold it up."""


@contextmanager
def _interruptible(job: Any) -> Iterator[None]:
    """Raises an exception in this thread, at its next step in Python, when the job is cancelled.

    Raises:
        Cancelled: If that happened.
    """
    me = threading.get_ident()
    over, raised, raising = threading.Event(), threading.Event(), threading.Lock()

    def watch() -> None:
        pause = LOOK_SECONDS
        while not over.wait(pause):
            if job.cancelled:
                with raising:
                    if not over.is_set():
                        raised.set()
                        _interrupt(me)
                pause = 1.0  # and again, as a bare `except:` may have held it up

    watcher = threading.Thread(target=watch, name="script-watcher", daemon=True)
    watcher.start()
    try:
        try:
            yield
        finally:
            with raising:
                over.set()
            if raised.is_set():
                # One that is still on its way arrives here. To take it back is no way out: Python 3.11 then looks for it for
                # ever, in every thread, and hangs as soon as a profiler or a debugger is set.
                for _ in range(1000):
                    pass
    except _Interrupt:
        raise Cancelled from None
    finally:
        over.set()
        watcher.join()
    if raised.is_set():  # the script caught it, and went on with half of its work
        raise Cancelled


def _interrupt(thread: int) -> None:
    """Have `_Interrupt` raised in a thread, at its next step in Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Interrupt))
