"""python -m app.run FILE: runs a workflow without a window.

Exit codes: 0 done; 1 a node failed; 2 wrong call or unreadable file; 3 the workflow has problems; 4 a fault of Layerloom itself;
130 interrupted, or nobody reads the output any more.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from app import __version__, garbage
from app.document.problems import DocumentError, Problem
from app.standard_output import StandardOutput, standard_output
from app.unexpected import log, log_file, log_to_terminal
from nodes.wording import counted

if TYPE_CHECKING:
    from types import FrameType

    from app.document.model import Workflow
    from app.engine.events import Event
    from app.engine.executor import RunResult
    from app.engine.job import RunControl
    from app.engine.permissions import Permissions, Wish
    from app.engine.plan import Plan
    from app.engine.store import Store

DONE, NODE_FAILED, WRONG_CALL, HAS_PROBLEMS, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    log_to_terminal()
    with standard_output() as output:
        options = _parser().parse_args(arguments)
        options.output = output
        try:
            return _carry_out(options)
        except KeyboardInterrupt:  # before or after the run, which has a handler of its own
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001 - a terminal gets words, the log the traceback
            return _tell_fault(options, error)


def _carry_out(options: argparse.Namespace) -> int:
    try:
        with garbage.held():
            workflow, plan = _prepare(options)
    except DocumentError as error:
        return _refuse(options, Problem(error.message, error.remedy), WRONG_CALL)
    wanted = {name: plan.named(name) for name in options.to}
    unknown = [name for name, nodes in wanted.items() if not nodes]
    if unknown:
        from app.engine.overrides import no_such_node

        return _refuse(options, no_such_node(unknown[0], plan.paths()), WRONG_CALL)
    targets = plan.needed_for([n for nodes in wanted.values() for n in nodes] if wanted else list(plan.nodes))
    untrusted = [n for n in targets if plan.nodes[n].untrusted]
    if untrusted:
        problem = Problem(
            f"The workflow has scripts, which can do anything that you can: {_listed(plan.nodes[n].path for n in untrusted)}.",
            "Nothing was run. Read them in the file or in the editor; if you trust them, run it with --allow-scripts.",
        )
        return _refuse(options, problem, WRONG_CALL)
    if options.check:
        return _check(options, plan, targets)
    wishes = [wish for n in targets for wish in plan.nodes[n].wishes.values()]
    if wishes:
        return _refuse(options, _wanted(wishes), WRONG_CALL)
    return _run(options, workflow, plan, targets)


def program() -> NoReturn:
    """Run the command line, and end the process with the exit code."""
    code = main()
    if code == INTERRUPTED:  # what a cancel cannot reach, in some library's native code, does not keep the process either
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _prepare(options: argparse.Namespace) -> tuple[Workflow, Plan]:
    """Read the workflow and configure its nodes. The engine is imported only here: a wrong call is answered at once.

    Raises:
        DocumentError: If the file, or the current folder, cannot be read.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise DocumentError(f"The current folder cannot be used: {error.strerror}.", "Start from another one.") from None
    from app.document.file import load
    from app.engine.planner import make_plan
    from app.engine.trust import Trust
    from app.folders import node_index, sound_files
    from nodes.catalog import Catalog
    from nodes.kit.probing.soundness import remember_in

    remember_in(sound_files())
    workflow = load(options.file)
    catalog = Catalog.load(index=node_index())
    for name, why in catalog.failures.items():
        logging.getLogger("layerloom").warning("the plug-in %s could not be loaded: %s", name, why)
    folder = options.file.resolve().parent
    trust = Trust(everything=options.allow_scripts or options.check, writes=_permissions(options))  # checking runs nothing
    plan = make_plan(workflow, catalog, folder=folder, variable_values=dict(options.var), overrides=options.set, trust=trust)
    return workflow, plan


def _wanted(wishes: Sequence[Wish]) -> Problem:
    """Return what to say where the workflow would write, or which server it would use, without having been allowed to."""
    listed = "; ".join(f"'{wish.place}' ({wish.reason[:1].lower()}{wish.reason[1:].rstrip('.')})" for wish in wishes)
    parents = (wish.place if wish.is_server else str(Path(wish.place).parent) for wish in wishes)
    options = " ".join(f"--allow-writes {shlex.quote(place)}" for place in dict.fromkeys(parents))
    return Problem(
        f"The workflow was not made on this machine, and wants to use: {listed}.",
        f"Nothing was run. If that is what it is for, run it with {options}; or open it in the editor and allow it there.",
    )


def _permissions(options: argparse.Namespace) -> Permissions:
    """Return where the workflow may write: where its settings say if it is the person's own, else where they allow it."""
    from app.engine.permissions import Permissions
    from app.own_workflows import OwnWorkflows
    from app.trusted_scripts import TrustedScripts

    return Permissions(
        own=OwnWorkflows.load().has(options.file),
        digests=TrustedScripts.load().digests,
        allowed=tuple(options.allow_writes),
        chosen=frozenset((node, setting) for node, setting, _ in options.set),
        results=options.results,
    )


# ------------------------------------------------------------------------------------------------------- the command line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.run",
        description="Run a Layerloom workflow without a window. Results that are stored already are not computed again.",
        epilog="Exit codes: 0 done; 1 a node failed; 2 wrong call or unreadable file; 3 workflow has problems; "
        "4 a fault of Layerloom itself; 130 interrupted, or nobody reads the output any more.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the .workflow.json file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NODE.SETTING=VALUE",
        help="replace a setting for this run, as in learner.optimizer.learning_rate=0.01, of a node in a component as in "
        "clean/missing.value=0; may be repeated",
    )
    parser.add_argument(
        "--var", action="append", default=[], type=_variable, metavar="NAME=VALUE", help="replace a workflow variable's value"
    )
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="NODE",
        help="run only this node or component (clean/missing is a node in a component), and what it needs",
    )
    parser.add_argument("--check", action="store_true", help="configure every node, print all problems, run nothing")
    parser.add_argument(
        "--allow-scripts",
        action="store_true",
        help="let the scripts in the workflow run; they can do anything that you can, so read them before",
    )
    parser.add_argument(
        "--allow-writes",
        action="append",
        default=[],
        metavar="DIR",
        help="let a workflow of somebody else's write into this folder, or use this database server; may be repeated",
    )
    parser.add_argument("--fresh", action="store_true", help="compute everything again, whatever is stored")
    parser.add_argument("--json", action="store_true", help="print one event per line as JSON")
    parser.add_argument("--results", type=Path, metavar="DIR", help="the folder of the stored results")
    parser.add_argument("--jobs", type=_count, default=2, metavar="N", help="how many nodes may work at once (2)")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a report as one HTML page")
    parser.add_argument("--version", action="version", version=f"Layerloom {__version__}")
    return parser


def _setting(text: str) -> tuple[str, str, Any]:
    from app.engine.overrides import parse_override

    try:
        return parse_override(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return number


def _refuse(options: argparse.Namespace, problem: Problem, code: int) -> int:
    """Say why nothing is done."""
    if options.json:
        options.output.write_json({"event": "problem"} | problem.as_dict())
        _write_end(options, "failed" if code == FAULT else "refused")
    else:
        print(f"layerloom: {problem.message} {problem.remedy}".rstrip(), file=sys.stderr)
    return code


def _tell_fault(options: argparse.Namespace, error: Exception) -> int:
    """Say that something happened that nobody expected; the traceback goes to a file."""
    log.error("an unexpected error", exc_info=error)
    message = f"Layerloom has a fault: {type(error).__name__}: {error}."
    return _refuse(options, Problem(message, f"Finished results are kept. Please report it, with {log_file()}."), FAULT)


def _write_end(options: argparse.Namespace, status: str) -> None:
    options.output.write_json({"event": "run.finished", "status": status})


# --------------------------------------------------------------------------------------------------------------- checking


def _check(options: argparse.Namespace, plan: Plan, targets: Sequence[str]) -> int:
    """Print all problems of a plan."""
    problems = [*plan.concerning(targets), *_scripts(plan, targets, allowed=options.allow_scripts)]
    failed = any(p.severity == "error" for p in problems)
    if options.json:
        for problem in problems:
            options.output.write_json({"event": "problem"} | problem.as_dict())
        _write_end(options, "problems" if failed else "checked")
    else:
        from rich.console import Console

        from app.terminal import print_problems

        console = Console(highlight=False)
        print_problems(console, problems)
        if not failed:
            console.print(f"{counted(len(targets), 'node is', 'nodes are')} ready to run.")
    return HAS_PROBLEMS if failed else DONE


def _scripts(plan: Plan, targets: Sequence[str], *, allowed: bool) -> Iterator[Problem]:
    """That there are scripts; which is nothing wrong, but good to know before a run."""
    from app.engine.trust import Trust

    for node_id in targets:
        planned = plan.nodes[node_id]
        for setting in Trust(everything=allowed).untrusted(planned.node) if planned.node is not None else ():
            remedy = "Read it before you run it; a run needs --allow-scripts."
            path = planned.path if planned.component else None
            yield Problem("There is a script here.", remedy, node=node_id, setting=setting, severity="warning", path=path)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# ---------------------------------------------------------------------------------------------------------------- running


def _run(options: argparse.Namespace, workflow: Workflow, plan: Plan, targets: Sequence[str]) -> int:
    problems = plan.concerning(targets)
    if any(p.severity == "error" for p in problems):
        return _check(options, plan, targets)
    from app.engine import executor
    from app.engine.job import RunControl
    from app.engine.store import Store
    from app.folders import default_results

    try:
        store = Store(options.results or default_results())
    except OSError as error:
        where = error.filename or options.results
        return _refuse(
            options,
            Problem(f"The results cannot be stored in {where}: {error.strerror}.", "Name another folder with --results."),
            WRONG_CALL,
        )
    control = RunControl()
    options.output.on_lost = control.cancel.set  # as other programs end in a pipe whose reader has gone
    seen: list[Event] = []
    face = _JsonFace(options.output, plan) if options.json else _TerminalFace(plan, store, problems)

    def listen(event: Event) -> None:
        if options.report:
            seen.append(event)
        face.listen(event)

    with _interruptible(control, face.interrupted):
        try:
            result = executor.run(plan, store, listen, targets=targets, jobs=options.jobs, fresh=options.fresh, control=control)
        finally:
            face.close()
    if options.report:
        from app.report import write_report

        try:
            write_report(options.report, workflow, plan, result, store, seen)
        except OSError as error:
            problem = Problem(f"The report cannot be written to {options.report}: {error.strerror}.", "Name another file.")
            print(f"layerloom: {problem.message} {problem.remedy}", file=sys.stderr)
            result.status = "failed" if result.status == "done" else result.status
    face.summarize(result)
    return {"done": DONE, "failed": NODE_FAILED, "cancelled": INTERRUPTED}[result.status]


class _JsonFace:
    """A run as one event per line on standard output."""

    def __init__(self, output: StandardOutput, plan: Plan) -> None:
        self._output = output
        self._paths = {node_id: planned.path for node_id, planned in plan.nodes.items() if planned.component}

    def listen(self, event: Event) -> None:
        told = event.as_dict()
        path = self._paths.get(told.get("node", ""))
        self._output.write_json(told if path is None else told | {"path": path})

    def interrupted(self) -> None:
        """Nothing to say: the events tell."""

    def close(self) -> None:
        """Nothing to end."""

    def summarize(self, result: RunResult) -> None:
        """Nothing to add: the last event has told the status."""


class _TerminalFace:
    """A run as progress bars and a summary for a person."""

    def __init__(self, plan: Plan, store: Store, warnings: Sequence[Problem]) -> None:
        from rich.console import Console

        from app.terminal import TerminalListener, print_problems

        self._plan = plan
        self._store = store
        self._console = Console(highlight=False)
        if warnings:
            print_problems(self._console, warnings)
        self._listener = TerminalListener(plan, self._console)

    def listen(self, event: Event) -> None:
        self._listener(event)

    def interrupted(self) -> None:
        self._console.print("Stopping; press Ctrl+C again to stop at once.", style="yellow")

    def close(self) -> None:
        self._listener.close()

    def summarize(self, result: RunResult) -> None:
        from app.terminal import print_summary

        seen = self._listener
        print_summary(self._console, self._plan, result, self._store, stored=seen.stored, stopped=seen.stopped)
        if result.status == "cancelled":
            self._console.print("Interrupted. Every finished result is kept: run the same command again to go on.")


@contextmanager
def _interruptible(control: RunControl, say: Callable[[], None]) -> Iterator[None]:
    """Turns the first Ctrl+C (or SIGTERM) into a cancel, and lets the second one end the process."""

    def cancel(_number: int, _frame: FrameType | None) -> None:
        if control.cancel.is_set():
            os._exit(INTERRUPTED)
        control.cancel.set()
        say()

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    program()
