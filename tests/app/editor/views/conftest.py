"""What the tests of the views share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.editor.look import look
from app.editor.views.background import wait_until_idle


@pytest.fixture
def light(qtbot: QtBot) -> Iterator[None]:
    """The light appearance; the test may choose the dark one."""
    look().choose("light")
    yield
    look().choose("light")


@pytest.fixture
def at_rest() -> Iterator[None]:
    """Nothing is drawn any more when the test is over."""
    yield
    assert wait_until_idle()
