"""The dock of descriptions."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.editor.look import look
from app.editor.panels.help_view import HelpView
from tests.catalog import CATALOG


@pytest.fixture
def view(qtbot: QtBot) -> HelpView:
    widget = HelpView()
    qtbot.addWidget(widget)
    widget.resize(400, 600)
    widget.show()
    return widget


def test_it_shows_a_type_from_the_top(view: HelpView) -> None:
    view.show_type(CATALOG["networks.learner"])
    view.browser.verticalScrollBar().setValue(500)
    view.show_type(CATALOG["keras.conv_2d"])
    text = view.browser.toPlainText()
    assert "Keras Convolution 2D Layer" in text
    assert "kernel_size" in text
    assert "default 1 × 1" in text
    assert view.browser.verticalScrollBar().value() == 0


def test_it_fits_into_a_narrow_dock(view: HelpView) -> None:
    view.resize(340, 600)
    for node_class in CATALOG.values():
        view.show_type(node_class)
        assert view.browser.horizontalScrollBar().maximum() == 0, node_class.id


def test_it_follows_the_look(view: HelpView) -> None:
    before = look().preference
    view.show_type(CATALOG["keras.dense"])
    look().choose("dark")
    assert look().colors.text in view.browser.document().defaultStyleSheet()
    assert "Dense" in view.browser.toPlainText()
    look().choose(before)
