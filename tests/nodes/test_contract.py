"""What every node of the catalog keeps to: its description, its ports and its settings.

Nothing here is written for a single node: a new node class is tested as soon as it exists.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nodes.base import Node
from nodes.catalog import Catalog
from nodes.declaration.declared import constants_of, groups_of, same, settings_by_name, settings_of
from nodes.declaration.setting import SettingInfo
from nodes.values.table import COLUMN_KINDS
from tests.nodes.schemas import choices_of, ends, errors_at, leaves_of, required, schema_of

CATALOG = Catalog.load()
SHELVES = {
    "Readers": (),
    "Images": ("Geometry", "Color", "Filters", "Features"),
    "Tables": ("Columns", "Rows", "Combine", "Aggregate", "Statistics", "Time Series"),
    "Learning": ("Learners", "Predictors", "Clustering", "Reduction", "Validation"),
    "Network": ("Pretrained", "Inspection"),
    "Network / Layers": (
        "Core", "Convolution", "Pooling", "Merge", "Operations", "Normalization", "Activations", "Noise", "Locally Connected",
        "Recurrent", "Embedding", "Attention", "Augmentation", "Preprocessing",
    ),
    "Scripting": (),
    "Scoring": (),
    "Views": (),
    "Writers": (),
    "Flow": (),
}  # fmt: skip
"""The node repository's shelves and their parts."""
LEAST_EXAMPLE = 40
"""An example of fewer characters names neither settings nor neighbours."""
KNIME_NAMES = {
    "Auto Crop": "images.cropper",
    "Cell Replacer": "tables.value_lookup",
    "Colorspace Converter": "images.color_space",
    "Column Rename": "tables.column_renamer",
    "Column Rename (Regex)": "tables.column_renamer_regex",
    "Columns to Collection": "tables.create_collection",
    "Connected Component Analysis": "images.components",
    "Convolver": "images.convolution",
    "Data Row to Image": "images.from_row",
    "Decision Tree Predictor": "learning.predictor",
    "DL Keras Network Executor": "networks.executor",
    "DL Keras Network Learner": "networks.learner",
    "DL Python Network Creator": "scripts.python_network_creator",
    "DL Python Network Editor": "scripts.python_network_editor",
    "DL Python Network Executor": "scripts.python_network_executor",
    "DL Python Network Learner": "scripts.python_network_learner",
    "File Reader": "readers.csv",
    "Gaussian Convolution": "images.smoothing",
    "Global Thresholder": "images.threshold",
    "Image Reader": "readers.image_folder",
    "Image to DataRow": "images.to_row",
    "Image Writer": "writers.images",
    "ImgPlus to PNG Images": "images.encoder",
    "Merger": "images.merge_channels",
    "Morphological Image Operations": "images.morphology",
    "Nominal Value Row Filter": "tables.row_filter",
    "Pivoting": "tables.pivot",
    "PMML Writer": "writers.model",
    "PNG Image to ImgPlus": "images.decoder",
    "Projector": "images.projector",
    "Random Forest Predictor": "learning.predictor",
    "Rotation 2D": "images.rotator",
    "Row Sampler": "tables.row_sampling",
    "Sobel Filter": "images.edges",
    "Splitter": "images.split_channels",
    "Statistics View": "tables.statistics",
    "Table Partitioner": "tables.partitioning",
    "Table Transposer": "tables.transpose",
    "TensorFlow Network Writer": "writers.network",
    "Unpivoting": "tables.unpivot",
}
"""What KNIME calls a node that has another title here -> the node."""


@cache
def icon_names() -> frozenset[str]:
    """The names of all icons; read without QtAwesome, which would load Qt."""
    spec = importlib.util.find_spec("qtawesome")
    assert spec is not None and spec.submodule_search_locations
    tables = Path(spec.submodule_search_locations[0], "fonts").glob("materialdesignicons6-webfont-*.json")
    return frozenset(json.loads(max(tables).read_bytes()))


MODELS = list(groups_of(*CATALOG.values()))
every_node = pytest.mark.parametrize("cls", CATALOG.values(), ids=list(CATALOG))


def one_test_of(checked: Mapping[str, Any]) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """Make one test of a check that takes microseconds; it tells all that the check finds wrong, with whose fault it is.

    A test per node and check would be thousands, whose setting up takes a minute.
    """

    def made(check: Callable[[Any], None]) -> Callable[[], None]:
        def test() -> None:
            found = []
            for name, thing in checked.items():
                try:
                    check(thing)
                except AssertionError as error:
                    found.append(f"{name}: {error}")
            assert not found, "\n".join(found)

        return test

    return made


of_every_node = one_test_of(CATALOG)
of_every_model = one_test_of({getattr(m, "id", m.__name__): m for m in MODELS})


# ------------------------------------------------------------------------------------------------- what a class says of itself


def test_the_catalog_is_not_empty_and_whole():
    assert CATALOG
    assert not CATALOG.failures
    titles = [cls.title for cls in CATALOG.values()]
    assert sorted(titles) == sorted(set(titles)), "a person could not tell two nodes apart"


@of_every_node
def test_a_node_introduces_itself(cls: type[Node]):
    assert re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)+", cls.id)
    assert cls.title.strip()
    assert cls.__doc__
    assert cls.__doc__ is not Node.__doc__, "the description would be that of the base class"
    assert cls.description().endswith((".", ":", "?")), "a sentence"
    assert cls.icon.startswith("mdi6.")
    assert cls.icon.removeprefix("mdi6.") in icon_names()
    assert cls.shelf in {*SHELVES, *(f"{shelf} / {part}" for shelf, parts in SHELVES.items() for part in parts)}
    assert cls.keywords
    assert all(word.strip() for word in cls.keywords)
    assert cls.version >= 1


@of_every_node
def test_help_ends_with_an_example_of_use(cls: type[Node]):
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.cleandoc(cls.__doc__ or ""))]
    examples = [part for part in paragraphs if part.startswith("Example:")]

    assert examples == paragraphs[-1:], "one example, and nothing after it"
    assert examples[0].startswith("Example: ")
    assert len(examples[0]) >= len("Example: ") + LEAST_EXAMPLE
    assert examples[0].endswith((".", "?", "!")), "a whole sentence"


@of_every_node
def test_keywords_are_there_once_and_name_the_layer_of_keras(cls: type[Node]):
    words = [word.casefold() for word in cls.keywords]

    assert sorted(words) == sorted(set(words))
    if cls.id.startswith("keras."):
        assert getattr(cls, "kind", cls.keywords[0]) in cls.keywords, "the library's class name"


@pytest.mark.parametrize("name", KNIME_NAMES)
def test_a_node_is_found_by_the_name_that_knime_gives_it(name: str):
    cls = CATALOG[KNIME_NAMES[name]]

    assert name in cls.keywords
    assert name != cls.title


@of_every_node
def test_ports_have_titles_and_names_of_their_own(cls: type[Node]):
    assert cls.input_ports or cls.output_ports
    for ports in (cls.input_ports, cls.output_ports):
        assert all(port.title.strip() for port in ports)
        names = [port.name for port in ports]
        assert len(set(names)) == len(names)
    assert not any(port.grows or port.optional for port in cls.output_ports)


# -------------------------------------------------------------------------------------------------------------- settings


@of_every_model
def test_every_setting_has_a_label_and_help(model: type[BaseModel]):
    for declared in settings_of(model):
        assert declared.label.strip(), f"{declared.name} has no label"
        assert declared.help.strip(), f"{declared.name} has no help"
        assert declared.group, f"{declared.name} is on no page"
        told = model.model_fields[declared.name].metadata
        assert any(isinstance(entry, SettingInfo) for entry in told), f"{declared.name} is not declared by setting()"


@of_every_node
def test_column_settings_refer_to_a_table_that_comes_in(cls: type[Node]):
    ports = {port.name: port for port in cls.input_ports}
    for model in groups_of(cls):
        for declared in settings_of(model):
            if declared.columns:
                assert ports[declared.columns.port or cls.first_table_port()].kind == "table", declared.name
                assert set(declared.columns.accepts) <= set(COLUMN_KINDS), declared.name


@of_every_node
def test_layer_settings_refer_to_a_network_that_comes_in(cls: type[Node]):
    ports = {port.name: port for port in cls.input_ports}
    for model in groups_of(cls):
        for declared in settings_of(model):
            if declared.layers:
                assert ports[declared.layers.port].kind == "network", declared.name


@of_every_model
def test_settings_refer_to_settings_and_choices_that_there_are(model: type[BaseModel]):
    for name, declared in settings_by_name(model).items():
        for other, needed in declared.shown_if.items():
            assert other in settings_by_name(model), name
            for value in needed:
                assert not errors_at(model, other, value), f"{name} is shown if {other} is {value!r}, which it cannot be"
        if declared.choices:
            offered = {value for leaf, _ in leaves_of(model, name) for value in choices_of(leaf)}
            assert set(declared.choices) == offered, f"{name} explains {set(declared.choices) ^ offered}"
            assert all(help.strip() for help in declared.choices.values()), name


@of_every_model
def test_the_json_schema_is_json(model: type[BaseModel]):
    schema = json.loads(json.dumps(schema_of(model)))

    assert set(schema.get("properties", {})) == {*settings_by_name(model), *constants_of(model)}


@of_every_model
def test_settings_survive_json(model: type[BaseModel]):
    made = model.model_validate(required(model))

    assert model.model_validate_json(made.model_dump_json()) == made
    assert model.model_validate(json.loads(json.dumps(made.model_dump(mode="json")))) == made


@of_every_model
def test_an_unknown_setting_is_refused(model: type[BaseModel]):
    assert errors_at(model, "no_such_setting", 1)


@of_every_model
def test_numbers_are_accepted_up_to_their_ends_and_refused_beyond(model: type[BaseModel]):
    for name in settings_by_name(model):
        for leaf, wrap in leaves_of(model, name):
            for last, beyond in ends(leaf):
                assert not errors_at(model, name, wrap(last)), f"{name} = {last}"
                assert errors_at(model, name, wrap(beyond)), f"{name} = {beyond}"


@of_every_model
def test_every_choice_is_accepted_and_no_other(model: type[BaseModel]):
    for name in settings_by_name(model):
        options = leaves_of(model, name)
        free_text = any(leaf.get("type") == "string" and "enum" not in leaf for leaf, _ in options)
        for leaf, wrap in options:
            for choice in leaf.get("enum", ()):
                assert not errors_at(model, name, wrap(choice)), f"{name} = {choice!r}"
            if "enum" in leaf and not free_text:
                assert errors_at(model, name, wrap("no such choice")), name


@pytest.mark.parametrize("node_type", sorted(CATALOG))
def test_a_starting_value_is_allowed_and_another_one_than_the_default(node_type: str) -> None:
    node_class = CATALOG[node_type]
    starts = node_class.starting_settings()
    assert starts == CATALOG.about[node_type].starting_settings()
    required = {d.name for d in settings_of(node_class) if d.required}
    if not required:
        node_class.model_validate(starts)
    for name, start in starts.items():
        declared = settings_by_name(node_class)[name]
        assert not same(start, declared.default), f"{name} would be written into every file for nothing"
