"""How the columns of a table become the matrix that scikit-learn takes, and its answers become columns again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.errors import NodeError
from nodes.values.model import Encoding, Feature, ModelSpec, Target
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, describe_dtype, is_category, leaf_dtype
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURE_KINDS = ("number", "boolean", "category", "array")
"""Kinds of column that a model can look at."""
CLASS_KINDS = ("category", "integer", "boolean")
"""Kinds of column that can hold classes."""
MAX_CATEGORIES = 1000
"""A column with more different texts is no category but a name or a path."""


def features_of(
    table: TableSpec, columns: Sequence[str], without: Sequence[str] = (), *, encoding: Encoding = "one-hot"
) -> tuple[Feature, ...]:
    """Return the columns that a model is to look at.

    Args:
        table: Where they are.
        columns: Those chosen; none means all of numbers, true and false, arrays and category types (not plain text).
        without: Columns that must not be among them, such as the target.
        encoding: What becomes of categories.

    Raises:
        NodeError: If a column is not there or not of these kinds, or there is none.
    """
    usable = [c for c, d in table.schema.items() if c not in without and _is_usable(d)]
    for column in columns:
        dtype = table.require(column, *FEATURE_KINDS, setting="columns")
        if column in without:
            raise NodeError(f"'{column}' is what is to be predicted.", "Take it out of the columns.", setting="columns")
        if COLUMN_KINDS["array"](dtype) and not leaf_dtype(dtype).is_numeric():
            raise NodeError(f"The cells of '{column}' hold no numbers.", "Choose another column.", setting="columns")
    chosen = list(dict.fromkeys(columns)) or usable
    if not chosen:
        remedy = "Choose columns of numbers, categories or arrays."
        if any(COLUMN_KINDS["text"](d) for c, d in table.schema.items() if c not in without):
            remedy = "A Domain Calculator before this node makes categories of text; or choose the columns of text yourself."
        raise NodeError("There is no column to learn from.", remedy, setting="columns")
    return tuple(_feature(c, table, encoding) for c in chosen)


def unused_columns(table: TableSpec, columns: Sequence[str], without: Sequence[str] = ()) -> str | None:
    """Return the warning that `features_of` leaves columns out because of their types, with the node that could help.

    None where columns were chosen, or none is left out.
    """
    if columns:
        return None
    unused = {c: d for c, d in table.schema.items() if c not in without and not _is_usable(d)}
    groups = {
        "text": (
            [c for c, d in unused.items() if COLUMN_KINDS["text"](d)],
            "a Domain Calculator before this node makes categories of text",
        ),
        "times": ([c for c, d in unused.items() if d.is_temporal()], "a Date&Time Part Extractor numbers of times"),
    }
    others = [c for c in unused if all(c not in found for found, _ in groups.values())]
    told = [f"{_listed(found)} ({kind})" for kind, (found, _) in groups.items() if found] + ([_listed(others)] if others else [])
    if not told:
        return None
    helps = [help for found, help in groups.values() if found]
    return f"Not learned from: {'; '.join(told)}. {_before(helps)}".rstrip()


def _before(helps: Sequence[str]) -> str:
    """What to do so that columns are learned from."""
    return f"To learn from such columns, {' and '.join(helps)}; or choose columns." if helps else ""


def with_categories(features: Sequence[Feature], table: Table) -> tuple[Feature, ...]:
    """Return the features with the categories that the table's cells hold, sorted, where they were not known.

    Raises:
        NodeError: If there are too many.
    """
    known = []
    for feature in features:
        if feature.kind != "category" or feature.categories is not None:
            known.append(feature)
            continue
        found = table.frame([feature.name]).to_series().cast(pl.String).drop_nulls().unique().sort().to_list()
        if len(found) > MAX_CATEGORIES:
            raise NodeError(
                f"Column '{feature.name}' has {len(found)} different texts, which are no categories.",
                "Take it out of the columns.",
                setting="columns",
            )
        known.append(replace(feature, categories=tuple(found)))
    return tuple(known)


def check_columns(model: ModelSpec, table: TableSpec) -> None:
    """Refuse a table without the columns of a model.

    Raises:
        NodeError: If one is not there, or of another kind.
    """
    for feature in model.features:
        if feature.name not in table.schema:
            raise NodeError(
                f"The table has no column '{feature.name}', which the model looks at.", "Give it the columns it learned from."
            )
        dtype = table.schema[feature.name]
        fits = {
            "number": _is_number(dtype),
            "category": COLUMN_KINDS["category"](dtype),
            "array": COLUMN_KINDS["array"](dtype) and tuple(getattr(dtype, "shape", ())) == feature.shape,
        }[feature.kind]
        if not fits:
            shape = f" {' x '.join(map(str, feature.shape))}" if feature.shape else ""
            raise NodeError(
                f"Column '{feature.name}' is {describe_dtype(dtype)}, but the model learned from "
                f"{ {'number': 'numbers', 'category': 'categories', 'array': 'arrays'}[feature.kind] }{shape}.",
                "Give it columns like those it learned from.",
            )


def matrix(frame: pl.DataFrame, features: Sequence[Feature]) -> NDArray[Any]:
    """Return the numbers of each row, (rows, numbers): Float32 if an array is among them and all fit in it, else Float64.

    What is missing, infinite, or (encoded as a number) an unknown category, is NaN. A category that is unknown and encoded
    as several numbers is 0 in all of them.
    """
    import numpy as np

    schema = frame.schema
    small = any(f.kind == "array" for f in features) and all(
        f.kind == "category" or _fits_float32(leaf_dtype(schema[f.name])) for f in features
    )
    dtype = np.float32 if small else np.float64
    if not features:
        return np.zeros((frame.height, 0), dtype)
    widths = [max(1, math.prod(f.shape)) if f.kind == "array" else len(f.names()) for f in features]
    made = np.empty((frame.height, sum(widths)), dtype)
    place = 0
    for feature, width in zip(features, widths, strict=True):
        made[:, place : place + width] = _numbers(frame[feature.name], feature, width)
        place += width
    made[~np.isfinite(made)] = np.nan
    return made


def known_rows(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return which rows of a matrix have all their numbers."""
    import numpy as np

    whole: NDArray[Any] = ~np.isnan(numbers).any(axis=1)
    return whole


def target_of(table: TableSpec, column: str | None, *, classes: bool) -> Target:
    """Return what is to be predicted.

    Raises:
        NodeError: If it is not there, or of the wrong kind.
    """
    kinds = CLASS_KINDS if classes else ("number", "boolean")
    dtype = table.require(column, *kinds, setting="target")
    assert column is not None
    if not classes:
        return Target(column, "Float64")
    if isinstance(dtype, pl.Boolean):
        return Target(column, "Boolean", ("false", "true"))
    names = table.class_names(column)
    if isinstance(dtype, pl.Enum):
        return Target(column, "Enum", names)
    if dtype.is_integer():
        return Target(column, type(dtype).__name__, names, numbered=names is not None)
    return Target(column, "String")


def target_numbers(cells: pl.Series, target: Target) -> tuple[NDArray[Any], Target]:
    """Return numbers for the cells of a target, none of which is missing, and the target with its classes.

    Raises:
        NodeError: If there are too many classes, or a class number has no name.
    """
    import numpy as np

    if target.dtype == "Float64":
        return cells.cast(pl.Float64).to_numpy(), target
    if target.dtype == "Boolean":
        return cells.to_numpy().astype(np.int64), target
    if target.dtype == "Enum":
        return cells.to_physical().to_numpy().astype(np.int64), target
    if target.numbered:
        assert target.classes is not None
        outside = cells.filter(~cells.is_between(0, len(target.classes) - 1))
        if len(outside):
            raise NodeError(
                f"'{target.name}' holds the class number {outside[0]}, but its classes are 0 to {len(target.classes) - 1}.",
                "Check where the column comes from.",
                setting="target",
            )
        return cells.to_numpy().astype(np.int64), target
    plain = cells if cells.dtype.is_integer() else cells.cast(pl.String)
    found = plain.unique().sort()
    if len(found) > MAX_CATEGORIES:
        raise NodeError(
            f"Column '{target.name}' has {len(found)} different values; at most {MAX_CATEGORIES} classes can be told apart.",
            "For numbers, there are the learners for regression.",
            setting="target",
        )
    codes = np.searchsorted(found.to_numpy(), plain.to_numpy()) if plain.dtype.is_integer() else _codes(plain, found)
    return codes, replace(target, classes=tuple(found.cast(pl.String).to_list()))


def prediction_dtype(target: Target) -> pl.DataType:
    """Return the type of the cells that are predicted.

    Raises:
        KeyError: If the classes are needed for it, and not known.
    """
    if target.dtype == "Enum":
        return pl.Enum(list(target.classes or ()))
    made: pl.DataType = getattr(pl, target.dtype)()
    return made


def predicted_cells(numbers: NDArray[Any], target: Target) -> pl.Series:
    """Return the cells for what scikit-learn predicted."""
    if target.dtype == "Float64":
        return pl.Series(numbers, dtype=pl.Float64)
    if target.dtype == "Boolean":
        return pl.Series(numbers.astype(bool))
    if target.numbered:
        return pl.Series(numbers).cast(prediction_dtype(target))
    return pl.Series(target.classes or (), dtype=pl.String).gather(numbers).cast(prediction_dtype(target))


def _codes(cells: pl.Series, found: pl.Series) -> NDArray[Any]:
    import numpy as np

    codes: NDArray[Any] = cells.cast(pl.Enum(found)).to_physical().to_numpy().astype(np.int64)
    return codes


def _numbers(cells: pl.Series, feature: Feature, width: int) -> NDArray[Any]:
    import numpy as np

    if feature.kind == "array":
        if cells.null_count():
            empty = [math.nan] * width
            flat = cells.cast(pl.Array(pl.Float64, feature.shape)).reshape((len(cells), width)) if len(cells) else cells
            return np.array([empty if row is None else row for row in flat.to_list()], np.float64).reshape(len(cells), width)
        return cells.to_numpy().reshape(len(cells), width)
    if feature.kind == "number":
        return cells.cast(pl.Float64).to_numpy().reshape(-1, 1)
    known = list(feature.categories or ())
    codes = cells.cast(pl.String).cast(pl.Enum(known), strict=False).to_physical().cast(pl.Float64).to_numpy()
    if feature.encoding == "ordinal":
        ordinal: NDArray[Any] = codes.reshape(-1, 1)
        return ordinal
    made: NDArray[Any] = (codes[:, None] == np.arange(width)).astype(np.float64)
    made[cells.is_null().to_numpy()] = np.nan
    return made


def _feature(column: str, table: TableSpec, encoding: Encoding) -> Feature:
    dtype = table.schema[column]
    if isinstance(dtype, pl.Array):
        return Feature(column, "array", tuple(dtype.shape))
    if COLUMN_KINDS["category"](dtype):
        return Feature(column, "category", (), tuple(dtype.categories) if isinstance(dtype, pl.Enum) else None, encoding)
    return Feature(column)


def _is_usable(dtype: pl.DataType) -> bool:
    """Whether a column is looked at without being chosen."""
    return _is_number(dtype) or is_category(dtype) or (COLUMN_KINDS["array"](dtype) and leaf_dtype(dtype).is_numeric())


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(f"'{c}'" for c in columns[:5])
    return f"{shown} and {counted(len(columns) - 5, 'more column')}" if len(columns) > 5 else shown


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or COLUMN_KINDS["boolean"](dtype)


def _fits_float32(dtype: pl.DataType) -> bool:
    return type(dtype).__name__ in ("Float32", "Float16", "UInt8", "Int8", "UInt16", "Int16", "Boolean")
