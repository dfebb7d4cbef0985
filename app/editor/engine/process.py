"""EngineProcess: the engine as a process of the operating system: its start, its signs of life, its death, its words.

Knows nothing of documents. Everything happens in the GUI thread, and nothing waits. After a death a new process is started
by itself, later and later if it dies at once again and again, and not at all any more in the end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import app
from app.document.problems import Problem
from app.editor.engine.death import EngineDeath, explained
from app.editor.engine.log import EngineLog
from app.editor.engine.transport import ProcessTransport
from app.engine import configuring_mark
from app.engine.configuring_mark import ConfiguringPlace
from app.engine.messages.base import Request, Tell
from app.engine.messages.requests import Ping
from app.engine.messages.tells import EngineReady, EngineRefusal, Pong, Reply

PING_SECONDS = 2.0
QUICK_SECONDS = 20.0
"""An engine that dies sooner than this after its start has died at once."""
MOST_QUICK_DEATHS = 5
REFUSED = 4
"""The exit code of an engine that cannot store results (`app.engine.__main__`)."""


class EngineProcess(QObject):
    """The engine process, and those that follow it.

    Args:
        arguments: Of the engine's command line.
        environment: Further environment variables.
        patience: Seconds without a sign of life until it counts as hanging.
        told: Called with what it says by itself; `EngineReady` once for every process that takes requests.
        replied: Called with what it replies, and the bytes that belong to it.
        parent: The owner.
    """

    died = Signal(EngineDeath)
    """It has ended though nobody asked it to; which nodes ran, others know."""
    hanging = Signal(bool)
    """It gives no sign of life, or does so again."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        patience: float,
        *,
        told: Callable[[Tell], None],
        replied: Callable[[Reply, bytes], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._arguments, self._environment, self._patience = list(arguments), dict(environment), patience
        self._told, self._replied = told, replied
        self._process: QProcess | None = None
        self._transport: ProcessTransport | None = None
        self._is_ready = self._is_ending = self._is_hanging = False
        self._refusal: EngineRefusal | None = None
        self._reason: Problem | None = None  # why it was ended by us, if it was
        self._started_at = 0.0
        self._quick_deaths = 0
        self._missed = 0
        self._mark: Path | None = None
        self.log = EngineLog()
        self._restart_timer = QTimer(self, singleShot=True)
        self._restart_timer.timeout.connect(self._launch)
        self._watch_timer = QTimer(self)
        self._watch_timer.timeout.connect(self._watch)

    @property
    def is_ready(self) -> bool:
        """Whether there is an engine that takes requests."""
        return self._is_ready

    @property
    def is_given_up(self) -> bool:
        """Whether it has died, and no new one is started by itself."""
        return self._process is None and not self._restart_timer.isActive() and bool(self._started_at)

    @property
    def process_id(self) -> int | None:
        """Of the process; None if there is none."""
        return int(self._process.processId()) or None if self._process is not None else None

    @property
    def configuring(self) -> ConfiguringPlace | None:
        """What it is configuring, or was when it ended; None if nothing."""
        return configuring_mark.read(self._mark)

    def send(self, request: Request) -> None:
        """Send a request to an engine that is ready."""
        if self._transport is not None:
            self._transport.send(request)

    # -- start and end

    def start(self) -> None:
        """Start the engine; returns at once."""
        self._is_ending = False
        if self._process is None:
            self._quick_deaths = 0
            self._launch()

    def restart(self, reason: Problem) -> None:
        """End the engine, if there is one, and start a new one; `reason` as `end` has it."""
        self._quick_deaths = 0
        if self._process is None:
            self._restart_timer.stop()
            self._launch()
        else:
            self.end(reason)

    def end(self, reason: Problem) -> None:
        """End the engine, whatever it does; a new one follows.

        Args:
            reason: What to say to those whose work ends with it.
        """
        self._reason = reason
        if self._process is not None:
            self._process.kill()

    def shutdown(self) -> None:
        """End the engine and wait, for two seconds at most, until it has ended."""
        self._is_ending = True
        self._restart_timer.stop()
        self._watch_timer.stop()
        self._is_ready = False
        process, transport = self._let_go()
        if process is not None and transport is not None:
            for signal in (process.readyReadStandardError, process.finished, process.errorOccurred):
                signal.disconnect()
            transport.close()
            process.closeWriteChannel()
            if not process.waitForFinished(2000):
                process.kill()
                process.waitForFinished(2000)
            self._take_words(process)
            process.deleteLater()
        if self._mark is not None:
            self._mark.unlink(missing_ok=True)
            self._mark = None
        self.log.close()

    def _launch(self) -> None:
        if self._is_ending or self._process is not None:
            return
        process = self._process = QProcess(self)
        program, *arguments = engine_command()
        process.setProgram(program)
        self._mark = configuring_mark.prepare(self._mark)
        process.setArguments([*arguments, *self._arguments, "--mark", str(self._mark)])
        process.setProcessEnvironment(module_environment(self._environment))
        process.readyReadStandardError.connect(self._on_words)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._transport = ProcessTransport(process, self._take, self._replied, self.log.add)
        self._started_at = time.monotonic()
        self._missed, self._refusal, self._reason = 0, None, None
        process.start()
        self._watch_timer.start(int(PING_SECONDS * 1000))

    def _let_go(self) -> tuple[QProcess | None, ProcessTransport | None]:
        found = self._process, self._transport
        self._process = self._transport = None
        return found

    # -- what it says

    def _take(self, message: Tell) -> None:
        if isinstance(message, Pong):
            self._missed = 0
            self._judge(message.busy)
            self._told(message)
        elif isinstance(message, EngineRefusal):
            self._refusal = message
        else:
            if isinstance(message, EngineReady):
                self._is_ready = True
            self._told(message)

    def _on_words(self) -> None:
        if self._process is not None:
            self._take_words(self._process)

    def _take_words(self, process: QProcess) -> None:
        text = bytes(process.readAllStandardError().data()).decode(errors="replace")
        for line in text.splitlines():
            self.log.add(line)

    # -- hanging

    def _watch(self) -> None:
        """Ask for a sign of life, and count how often none came."""
        if not self._is_ready:
            return
        self.send(Ping())
        self._missed += 1
        self._judge((self._missed - 1) * PING_SECONDS)

    def _judge(self, silent: float) -> None:
        hangs = silent >= self._patience
        if hangs != self._is_hanging:
            self._is_hanging = hangs
            self.hanging.emit(hangs)

    # -- dying

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._quick_deaths = MOST_QUICK_DEATHS
            self._refusal = EngineRefusal(
                message=f"The engine could not be started: {self._process.errorString()}.",
                remedy="See whether Layerloom is installed completely, and start it again.",
            )
            self._on_finished(127, QProcess.ExitStatus.NormalExit)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process, transport = self._let_go()
        if process is None or transport is None:
            return
        transport.read_last_words()
        transport.close()
        self._take_words(process)
        process.deleteLater()
        self._is_ready = False
        self._watch_timer.stop()
        self._judge(0.0)
        crashed = status == QProcess.ExitStatus.CrashExit
        death = self._death(None if crashed else code, code if crashed else None)
        if death.restarting:
            self._restart_timer.start(int(250 * 2 ** max(0, self._quick_deaths - 1)) if self._quick_deaths else 0)
        self.died.emit(death)

    def _death(self, code: int | None, number: int | None) -> EngineDeath:
        """What to say of the end of the engine."""
        if self._reason is not None:
            return EngineDeath(self._reason.message, self._reason.remedy, exit_code=code, signal=number)
        quick = time.monotonic() - self._started_at < QUICK_SECONDS
        if self.configuring is None:  # else it is not the engine that cannot live, and the document is set apart
            self._quick_deaths = self._quick_deaths + 1 if quick else 0
        restarting = self._quick_deaths < MOST_QUICK_DEATHS and code != REFUSED
        if self._refusal is not None:
            message, remedy = self._refusal.message, self._refusal.remedy
            return EngineDeath(message, remedy, exit_code=code, signal=number, restarting=restarting)
        return explained(code, number, self.log.lines, None if restarting else self._quick_deaths, self.log.path)


def engine_command() -> list[str]:
    """Return how the engine is started."""
    return module_command("app.engine")


def module_command(module: str) -> list[str]:
    """Return how a module is run as a program. In a frozen program, the program itself is told to be it (`app.__main__`)."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "-m", module]
    return [sys.executable, "-P", "-m", module]  # -P: a folder that happens to be the current one holds no modules


def module_environment(more: Mapping[str, str]) -> QProcessEnvironment:
    """The editor's own environment, and what such a program needs to be found and to speak without delay.

    Args:
        more: Further variables.
    """
    environment = QProcessEnvironment.systemEnvironment()
    for name, value in more.items():
        environment.insert(name, value)
    folders = [str(Path(app.__file__).resolve().parents[1]), environment.value("PYTHONPATH")]
    environment.insert("PYTHONPATH", os.pathsep.join(folder for folder in folders if folder))
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")
    return environment
