"""What every node of the catalog keeps to, and what table nodes do with awkward tables.

Nothing here is written for a single node: a new node class is tested as soon as it exists.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import BaseModel, ValidationError

from nodes.base import Node, NodeError, Specs, Values
from nodes.catalog import Catalog
from nodes.declaration.declared import constants_of, groups_of, settings_by_name, settings_of
from nodes.declaration.setting import SettingInfo
from nodes.declaration.shapes import Group, Series, Shape
from nodes.values.table import COLUMN_KINDS, Table, TableSpec
from tests.support import assert_fits, run

CATALOG = Catalog.load()
SHELVES = {
    "Readers": (),
    "Images": ("Geometry", "Color", "Filters", "Features"),
    "Tables": ("Columns", "Rows", "Combine", "Aggregate", "Statistics", "Time Series"),
    "Learning": ("Learners", "Predictors", "Clustering", "Reduction", "Validation"),
    "Network": ("Pretrained", "Inspection"),
    "Network / Layers": (
        "Core", "Convolution", "Pooling", "Merge", "Normalization", "Activations", "Noise", "Locally Connected", "Recurrent",
        "Embedding", "Attention", "Augmentation", "Preprocessing",
    ),
    "Scripting": (),
    "Scoring": (),
    "Views": (),
    "Writers": (),
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
HEAVY = ("tensorflow", "keras", "PySide6", "polars", "PIL", "sklearn", "matplotlib", "pyarrow")


# ----------------------------------------------------------------------------------------------- looking into a node class


@cache
def icon_names() -> frozenset[str]:
    """The names of all icons; read without QtAwesome, which would load Qt."""
    spec = importlib.util.find_spec("qtawesome")
    assert spec is not None and spec.submodule_search_locations
    tables = Path(spec.submodule_search_locations[0], "fonts").glob("materialdesignicons6-webfont-*.json")
    return frozenset(json.loads(max(tables).read_bytes()))


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


Wrap = Callable[[Any], Any]


def leaves(schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Wrap]]:
    """The single values that a setting is made of, and how to make a setting of one: `2` -> `[2, 2]` for a pair."""
    for option in schema.get("anyOf", ()):
        yield from leaves(option)
    if schema.get("type") == "array":
        elements = schema.get("prefixItems") or [schema.get("items", {})]
        count = max(schema.get("minItems", 1), 1)
        for leaf, wrap in leaves(elements[0]):
            yield leaf, lambda value, wrap=wrap: [wrap(value)] * count
    elif "anyOf" not in schema:
        yield schema, lambda value: value


def leaves_of(model: type[BaseModel], name: str) -> list[tuple[dict[str, Any], Wrap]]:
    return list(leaves(schema_of(model)["properties"][name]))


def choices_of(leaf: dict[str, Any]) -> Sequence[Any]:
    """The values that are offered; none where any will do."""
    return leaf.get("enum", [leaf["const"]] if "const" in leaf else [])


def errors_at(model: type[BaseModel], name: str, value: Any) -> list[str]:
    """What is wrong with one setting's value, whatever the others are."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return [e["msg"] for e in error.errors() if e["loc"][:1] == (name,)]
    return []


def ends(leaf: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(the last value allowed, the first one beyond) for each bound of a number."""
    whole = leaf.get("type") == "integer"
    for inclusive, exclusive, direction in (("minimum", "exclusiveMinimum", -1), ("maximum", "exclusiveMaximum", 1)):
        if inclusive in leaf:
            end = leaf[inclusive]
            yield end, end + direction if whole else math.nextafter(end, direction * math.inf)
        if exclusive in leaf:
            beyond = leaf[exclusive]
            yield beyond - direction if whole else math.nextafter(beyond, -direction * math.inf), beyond


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


def test_loading_the_catalog_imports_nothing_heavy():
    code = (
        "import json, sys; from nodes.catalog import Catalog; Catalog.load();"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(done.stdout) == []


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
                assert ports[declared.columns.port].kind == "table", declared.name
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


# ------------------------------------------------------------------------------------------------------- settings for a table


def is_list_of_settings(shape: Shape) -> type[BaseModel] | None:
    """The group of settings that a list setting holds, such as a criterion."""
    return shape.item.model if isinstance(shape, Series) and isinstance(shape.item, Group) else None


def required(cls: type[BaseModel]) -> dict[str, Any]:
    """A value for every setting that has no default. Where a new kind of setting makes this fail, teach it that kind."""
    values = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}
    settings = {}
    for declared in settings_of(cls):
        if declared.required:
            leaf, wrap = leaves_of(cls, declared.name)[0]
            settings[declared.name] = wrap(leaf["enum"][0] if "enum" in leaf else values[leaf["type"]])
    return settings


QUICK = {"n_estimators": 2, "max_iter": 2}
"""Settings that only cost time here: two trees are as awkward as a hundred."""


def column_choices(cls: type[BaseModel], table: TableSpec) -> Iterator[dict[str, Any]]:
    """Settings with every combination of fitting columns, none chosen included; paths get a name."""
    options: dict[str, list[Any]] = {}
    for name, declared in settings_by_name(cls).items():
        inner = is_list_of_settings(declared.shape)
        if declared.columns:
            several = isinstance(declared.shape, Series)
            fitting = table.columns_of(*declared.columns.accepts) or list(table.schema)
            options[name] = [*([c] if several else c for c in fitting), declared.initial]
        elif inner:
            options[name] = [[settings] for settings in column_choices(inner, table)]
        elif declared.path:
            options[name] = [f"{name}.out"]
    quick = {name: value for name, value in QUICK.items() if name in settings_by_name(cls)}
    for chosen in product(*options.values()):
        yield required(cls) | quick | dict(zip(options, chosen, strict=True))


MOST_CHOICES = 12


def some_choices(cls: type[BaseModel], table: TableSpec) -> list[dict[str, Any]]:
    """All column choices, or a fixed sample of them where a node has several column settings."""
    choices = list(column_choices(cls, table))
    return choices if len(choices) <= MOST_CHOICES else random.Random(0).sample(choices, MOST_CHOICES)


def variations(cls: type[BaseModel], base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The settings with one changed: every choice, both ways of a switch, every number at its lower end."""
    for name, declared in settings_by_name(cls).items():
        inner = is_list_of_settings(declared.shape)
        if inner:
            for element in variations(inner, base[name][0]):
                yield {**base, name: [element]}
        elif not (declared.path or declared.columns):
            for leaf, wrap in leaves_of(cls, name):
                values = [True, False] if leaf.get("type") == "boolean" else leaf.get("enum", [])
                for value in [*values, *([leaf["minimum"]] if "minimum" in leaf else [])]:
                    yield {**base, name: wrap(value)}


# ---------------------------------------------------------------------------------------------------------- awkward tables


def columns(rows: int, image: pl.Array | None = None) -> dict[str, pl.Series]:
    """One column of every kind."""
    image = image or pl.Array(pl.UInt8, (4, 4, 1))
    pixels = np.arange(rows * math.prod(image.shape)).reshape(rows, *image.shape) % 200
    return {
        "image": pl.Series(pixels.astype(np.uint16)).cast(image) if rows else pl.Series([], dtype=image),
        "label": pl.Series([("a", "b")[i % 2] for i in range(rows)], dtype=pl.Enum(["a", "b"])),
        "text": pl.Series([("b", "c")[i % 2] for i in range(rows)], dtype=pl.String),
        "code": pl.Series([i % 2 for i in range(rows)], dtype=pl.Int32),
        "x": pl.Series([i / 4 for i in range(rows)], dtype=pl.Float64),
        "z": pl.Series([1 - i / 4 for i in range(rows)], dtype=pl.Float32),
        "vector": pl.Series([[0.5, 0.25, 0.25]] * rows, dtype=pl.Array(pl.Float32, 3)),
        "flag": pl.Series([True] * rows, dtype=pl.Boolean),
        "list": pl.Series([[1, 2]] * rows, dtype=pl.List(pl.Int64)),
        "bytes": pl.Series([b"\x00"] * rows, dtype=pl.Binary),
    }


def table(rows: int = 4, image: pl.Array | None = None, **replaced: Any) -> Table:
    made = columns(rows, image)
    made |= {name: pl.Series(name, values, dtype=made[name].dtype) for name, values in replaced.items()}
    return Table.of(pl.DataFrame(made), {"code": ("a", "b")})


def dates() -> Table:
    days = [datetime(2025, 1, day, 12, 30) for day in (3, 1, 2)]
    when = pl.DataFrame({"at": days}).with_columns(
        pl.col("at").dt.date().alias("day"), pl.col("at").dt.time().alias("clock"), pl.col("at").diff().alias("span")
    )
    return Table.of(when)


def scales() -> Table:
    """What a Normalizer puts out as its model: here, of itself."""
    return Table.of(pl.DataFrame({"column": ["scale", "offset"], "scale": [2.0, 0.5], "offset": [1.0, -1.0]}))


def rules() -> Table:
    """Conditions and outcomes, as a dictionary of rules has them."""
    return Table.of(pl.DataFrame({"if": ["code = 1", "TRUE"], "code": [1, 2]}))


def awkward_tables() -> dict[str, Table]:
    return {
        "empty": table(0),
        "one row": table(1),
        "rows chosen, some twice": table().take(np.array([3, 0, 0])),
        "all missing": Table.of(table(3).frame().clear(3), {"code": ("a", "b")}),
        "no type": Table.of(pl.DataFrame({"nothing": [None, None]})),
        "no column": Table.of(pl.DataFrame()),
        "one class": table(label=["a"] * 4, text=["a"] * 4, code=[0] * 4),
        "NaN": table(x=[math.nan] * 4, z=[math.nan] * 4, vector=[[math.nan] * 3] * 4),
        "infinite": table(x=[math.inf, -math.inf, 0.0, 1.0], z=[math.inf] * 4, vector=[[math.inf, 0.0, -math.inf]] * 4),
        "1 x 1 grey image": table(image=pl.Array(pl.UInt8, (1, 1, 1))),
        "RGBA image": table(image=pl.Array(pl.UInt8, (3, 2, 4))),
        "16-bit image": table(image=pl.Array(pl.UInt16, (2, 3, 1))),
        "float image": table(image=pl.Array(pl.Float32, (2, 2, 3))),
    }


AWKWARD = awkward_tables()
TABLE_NODES = {
    node_id: cls
    for node_id, cls in CATALOG.items()
    if any(port.kind == "table" for port in cls.input_ports)
    and all(port.kind == "table" for port in cls.input_ports if not port.optional)
}


def wired(cls: type[Node], table: Table) -> dict[str, Table]:
    """The table at every required input."""
    inputs: dict[str, Table] = {}
    for port in cls.input_ports:
        names = [f"{port.name}_{n}" for n in range(1, port.least + 1)] if port.grows else [port.name]
        inputs |= {} if port.optional else dict.fromkeys(names, table)
    return inputs


def works(node: Node, inputs: dict[str, Table], folder: Path) -> bool:
    """Whether the node takes the inputs. If not, it must say why; if so, what it gives must be what it promised."""
    folder.mkdir()
    for name in node.read_paths():
        if node.paths()[name] == "read folder":
            (folder / getattr(node, name)).mkdir(exist_ok=True)
    try:
        rows_unknown = node.configure(Specs({port: t.spec.with_rows(None) for port, t in inputs.items()}, "node_1", folder))
        outputs = run(node, inputs, folder)
    except NodeError as error:
        assert error.message.strip()
        return False
    for port, spec in rows_unknown.items():
        if spec is not None:
            assert_fits(spec, outputs[port])
    assert all(figure.title for figure in node.views(Values(outputs)))
    return True


def uses(cls: type[Node], table: Table, folder: Path, *, bases: int = 1) -> int:
    """In how many ways the node works on a table, of all that are tried.

    First with every choice of columns, then every other setting is varied, with so many of the choices of columns that work.
    """
    count = 0

    def tried(settings: dict[str, Any]) -> bool:
        nonlocal count
        count += 1
        return works(cls.model_validate(settings), wired(cls, table), folder / str(count))

    chosen = some_choices(cls, table.spec)
    working = [settings for settings in chosen if tried(settings)]
    varied = [tried(settings) for base in working[:bases] or chosen[: 4 * bases] for settings in variations(cls, base)]
    return len(working) + sum(varied)


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("node_id", TABLE_NODES)
def test_an_awkward_table_gives_the_promised_output_or_an_error_that_says_why(node_id: str, name: str, tmp_path: Path):
    uses(TABLE_NODES[node_id], AWKWARD[name], tmp_path)


@pytest.mark.parametrize("node_id", TABLE_NODES)
def test_a_table_node_works_on_an_ordinary_table(node_id: str, tmp_path: Path):
    learns = any(port.kind == "model" for port in TABLE_NODES[node_id].output_ports)
    ordinary = [table(), table().select(["label", "text", "code", "x"]), dates(), scales(), rules()]

    ways = 0
    for i, given in enumerate(ordinary):
        (tmp_path / str(i)).mkdir()
        ways += uses(TABLE_NODES[node_id], given, tmp_path / str(i), bases=1 if learns else 2)

    assert ways, "the tests above say nothing of a node that they cannot make work"
