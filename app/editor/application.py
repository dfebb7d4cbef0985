"""The editor as a program: starts Qt, the look, the engine process and the first window; catches what nobody else caught."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from app import __version__, folders
from app.document.suggestions import Suggestions
from app.editor import locale
from app.editor.engine.client import EngineClient
from app.editor.look import look
from app.editor.panels.message_bar import Severity
from app.editor.preferences import PreferenceStore
from app.editor.warm_up import WarmUp
from app.editor.window import MainWindow
from app.editor.workspace import Services
from app.folders import data_folder, default_results, examples
from app.own_workflows import OwnWorkflows
from app.trusted_scripts import TrustedScripts
from nodes.catalog import Catalog

log = logging.getLogger("layerloom.editor")
SWITCH_SECONDS = 0.0005
"""How long another thread may keep the interpreter when the window wants it. Painting a frame gives it up and wants it back many
times: with Python's own 5 ms, a frame takes a quarter of a second while a curve is drawn in the background."""


def run(files: Sequence[Path], results: Path | None, when_shown: Callable[[MainWindow], object] = lambda _: None) -> int:
    """Open a window with these files, and run until it is closed; returns the exit code.

    Args:
        files: Workflows to open.
        results: The folder of the stored results; None: the usual one.
        when_shown: Called with the window once it is on the screen and takes input.
    """
    scale_interface(PreferenceStore.load().values.interface_scale)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication([sys.argv[0]])
    app.setApplicationName("Layerloom")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("layerloom")
    app.setWindowIcon(QIcon(str(Path(__file__).with_name("layerloom.svg"))))
    _log_to_file()
    services = make_services(results)
    locale.start(services.preferences.values.locale)
    look().start(services.preferences.values.appearance)
    window = open_window(services)
    sys.excepthook = _Reporter(window.desk.say)
    for path in files:
        window.commands.files.open(path)
    QTimer.singleShot(0, window, services.engine.start)
    QTimer.singleShot(0, window, window.commands.files.offer_recovery)
    QTimer.singleShot(0, window, lambda: when_shown(window))
    QTimer.singleShot(0, window, WarmUp(services.catalog, window).go_on)
    return app.exec()


def scale_interface(scale: float) -> None:
    """Have everything drawn larger or smaller, on top of what the system asks for; before there is a QApplication."""
    if scale != 1 and "QT_SCALE_FACTOR" not in os.environ:
        os.environ["QT_SCALE_FACTOR"] = f"{scale:g}"


def open_window(services: Services) -> MainWindow:
    """Show a window; it says what was wrong with the person's folders and settings."""
    sys.setswitchinterval(SWITCH_SECONDS)
    window = MainWindow(services)
    window.show()
    for problem in (*folders.problems(), *services.preferences.problems, *services.suggestions.problems):
        window.desk.say(problem, "warning", key=problem)
    return window


def make_services(results: Path | None = None) -> Services:
    """The catalog, the engine (not started yet), the preferences and the suggestions."""
    preferences = PreferenceStore.load()
    catalog = Catalog.load(index=folders.node_index())
    suggestions = Suggestions.load(catalog.about, examples(), data_folder() / "suggestions.json")
    limit = ("--limit", str(preferences.values.results_limit_gb))
    engine = EngineClient(results, arguments=limit)
    trusted, own = TrustedScripts.load(), OwnWorkflows.load()
    return Services(catalog, engine, preferences, suggestions, results or default_results(), trusted, own)


def _log_to_file() -> None:
    """Write the log to the data folder, where a person can find it; old logs go after a while."""
    handler = logging.handlers.RotatingFileHandler(data_folder() / "editor.log", maxBytes=2**20, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


class _Reporter:
    """An exception hook: a fault in one slot goes to the log and is told in a sentence; the window goes on."""

    def __init__(self, say: Callable[[str, Severity], None]) -> None:
        self._say = say

    def __call__(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        log.error("unexpected error", exc_info=(kind, error, traceback))
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        where = data_folder() / "editor.log"
        self._say(f"Something went wrong in the window ({kind.__name__}: {error}). Your work is kept. Details: {where}", "error")
