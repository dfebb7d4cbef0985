"""Every node of the catalog can be configured: nothing here is written for a single one."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.editor.config.dialog_context import DialogContext
from app.editor.config.draft import SettingsDraft
from app.editor.config.factory import ControlFactory
from app.editor.config.form import SettingsForm
from app.editor.config.simple import JsonControl
from app.editor.config.tensor_per_wire import PER_WIRE
from app.engine.messages.questions import NetworkOutline, OfferedColumn, SpecOutline, TableOutline
from nodes.base import Node
from nodes.declaration.declared import MISSING, Declared, groups_of, same, settings_of
from nodes.declaration.shapes import Maybe
from tests.app.editor.config.support import CATALOG, Made, enter, samples, workflow_of
from tests.sampling import mostly_exhaustive

MODELS = list(groups_of(*CATALOG.values()))
GROUPS = [model for model in MODELS if not issubclass(model, Node)]
DISTINCT: dict[str, Declared] = {}
"""A setting of every shape and use that there is in the catalog."""
for _model in MODELS:
    for _declared in settings_of(_model):
        if _declared.layers is None or _declared.layers.offers != PER_WIRE:  # that one has a test of its own
            about = (_declared.columns, _declared.layers, _declared.path, _declared.is_seed)
            DISTINCT.setdefault(f"{_declared.shape} {about}", _declared)


def explicit(cls: type[Node]) -> dict[str, Any]:
    """Every setting, with its default written out in full."""
    made = {}
    for declared in settings_of(cls):
        if not declared.required:
            name = declared.name
            made[name] = cls.model_construct(**{name: declared.initial}).model_dump(mode="json", include={name})[name]
    return made


@pytest.mark.parametrize("cls", mostly_exhaustive(CATALOG.values(), 50, "dialogs"), ids=list(CATALOG))
def test_its_dialog_has_a_named_control_for_every_setting_and_changes_nothing_by_itself(cls: type[Node], bench: Made) -> None:
    written = {**explicit(cls), "of_a_newer_version": {"kept": [1]}}
    dialog = bench(workflow_of(("new", cls.id, {}), ("written", cls.id, written)))
    dialog.panel.show_advanced(True)
    for node_id in ("new", "written"):
        dialog.show(node_id)
        for declared in [d for d in settings_of(cls) if not d.is_settled]:
            row = dialog.row(declared.name)
            assert row.control is not None
            assert not isinstance(row.control, JsonControl), f"{declared.name} would be edited as JSON"
            assert declared.label in row.control.first().accessibleName(), declared.name
        for row in dialog.panel.all_rows():
            assert row.control is None or row.control.first().accessibleName(), row.declared.name
        assert not dialog.panel.has_edits
        dialog.panel.apply()

    assert dialog.document.history == ()
    assert same(dialog.settings("new"), {})
    assert same(dialog.settings("written"), written)


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    QVBoxLayout(made)
    qtbot.addWidget(made)
    made.show()
    return made


def inputs_for(declared: Declared) -> dict[str, SpecOutline]:
    """Inputs with a table that has columns for a setting, or a network that has layers for it."""
    if declared.layers is None and declared.columns is None:
        return {}
    names = samples(declared.shape.inner if isinstance(declared.shape, Maybe) else declared.shape)
    wanted = dict.fromkeys(n for value in names for n in (value if isinstance(value, list) else [value]))
    if declared.layers is not None:
        offers = {declared.layers.offers: tuple((name, "any") for name in wanted)}
        network = NetworkOutline(inputs=(), outputs=(), layers=(), parameters=0, offers=offers)
        return {declared.layers.port: SpecOutline(kind="network", text="", network=network)}
    assert declared.columns is not None
    columns = tuple(OfferedColumn(name=n, dtype="any", kinds=tuple(declared.columns.accepts)) for n in wanted)
    return {declared.columns.port or "table": SpecOutline(kind="table", text="", table=TableOutline(columns=columns))}


@pytest.mark.parametrize(
    "declared", mostly_exhaustive(DISTINCT.values(), 280, "settings"), ids=[d.name for d in DISTINCT.values()]
)
def test_what_is_entered_is_what_is_stored(declared: Declared, page: QWidget) -> None:
    around = DialogContext(parent=page)
    around.node.inputs = inputs_for(declared)
    control = ControlFactory(around).make(declared.shape, declared)
    layout = page.layout()
    assert layout is not None
    layout.addWidget(control)
    if (below := control.below()) is not None:
        layout.addWidget(below)
    for value in samples(declared.shape):
        control.set_value([] if isinstance(value, list) else None if declared.default is MISSING else declared.default)
        enter(control, declared.shape, value)
        assert same(control.value(), value)


@pytest.mark.parametrize("model", GROUPS, ids=[f"{m.__module__.rpartition('.')[2]}.{m.__name__}" for m in GROUPS])
def test_a_form_gives_back_what_it_was_given_even_if_it_is_wrong(model: type[Any], page: QWidget) -> None:
    owner = QObject(page)
    form = SettingsForm(SettingsDraft(model), ControlFactory(DialogContext(parent=owner)), owner)
    for made in form.pages.values():
        made.setParent(page)
    foreign = {declared.name: {"strange": [1, None, "x"]} for declared in settings_of(model)}
    texts = {declared.name: "no such value" for declared in settings_of(model)}
    for stored in ({}, foreign, {**texts, "unknown": 1}):
        form.load(stored)
        assert same(form.draft.values(), stored)
