"""The import of TensorFlow: seconds that a run spends beside the work of its first nodes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from nodes.kit.networks.keras_model import import_keras

log = logging.getLogger("layerloom.executor")


class KerasImport:
    """TensorFlow being imported in a thread of its own, from when this is made."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=_import, name="import-keras")
        self._thread.start()

    def wait(self, while_waiting: Callable[[], None]) -> None:
        """Wait until it is there; it cannot be interrupted, but `while_waiting`, called a few times a second, may raise."""
        while self._thread.is_alive():
            while_waiting()
            self._thread.join(0.2)

    def join(self) -> None:
        """Wait until it is there, whatever happens."""
        self._thread.join()


def _import() -> None:
    try:
        import_keras()
    except Exception:
        log.exception("TensorFlow could not be imported")  # the node that needs it will fail with a message
