"""A dialog before a document of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.document.model import Workflow
from tests.app.editor.config.support import Bench, Made


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Made:
    """Makes a dialog for a workflow."""

    def made(workflow: Workflow) -> Bench:
        return Bench(qtbot, tmp_path, workflow)

    return made
