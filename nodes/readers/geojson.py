"""GeoJSON Reader: the properties and places of the features of a map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import PrivateAttr

from nodes.base import Job, NodeError, setting
from nodes.kit.files.json_lines import read_json
from nodes.kit.files.json_shapes import NoFit, as_json, converted, shape_of
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.files.reading import GIB, damaged
from nodes.kit.tables.naming import frame_of, fresh_name
from nodes.wording import gibibytes

_AT_ONCE = 2 * 2**20
_MARK = b"\xef\xbb\xbf"
_RECORD = b"\x1e"
"""Stands before each feature in a sequence of them (RFC 8142)."""


class GeoJsonReader(FilesReader):
    """Read a table from a GeoJSON file (RFC 7946), or from all of a folder: a row for each feature.

    The properties are the columns, with the types of their values; different kinds of values in one property become text, and
    that is said. Objects and lists stay such. Of points, longitude and latitude (degrees, WGS 84) become columns, and the height
    if any has one; of other shapes they are missing. The shape itself can be kept as text, written as GeoJSON. A feature's id
    becomes a column `id`, where features have one. One feature a line (GeoJSON text sequences) is read as well. A file is read
    as a whole.

    Example: `earthquakes.geojson` gives a table with `mag`, `time`, `longitude`, `latitude` and `height`, a row for each.
    """

    id = "readers.geojson"
    title = "GeoJSON Reader"
    icon = "mdi6.map-marker-radius"
    keywords = (
        "map",
        "geo",
        "features",
        "properties",
        "geopandas",
        "read_file",
        "coordinates",
        "GIS",
        "places",
        "import",
        "open",
    )
    opens = (".geojson",)

    untyped = True

    pattern: str = pattern_setting("*.*json*")
    geometry: Literal["positions", "positions and text", "none"] = setting(
        "positions",
        "Places",
        "What is read of the features' shapes.",
        choices={
            "positions": "Longitude, latitude and height of points.",
            "positions and text": "Those, and the kind and the text of every shape.",
            "none": "Nothing: the properties only.",
        },
    )
    largest_size: float = setting(
        2.0, "Largest size (GiB)", "A larger file is refused, as it has to be read as a whole.", gt=0, le=4096, advanced=True
    )

    _last: dict[Path, pl.DataFrame] = PrivateAttr(default_factory=dict)
    """The one file that was read to know its columns, until its rows are asked for."""

    def _schema_of(self, path: Path) -> pl.Schema | None:
        return self._whole(path).schema if path.stat().st_size <= _AT_ONCE else None

    def _schema_whole(self, path: Path) -> pl.Schema:
        frame = self._whole(path)
        if self.source == "file":
            self._last[path] = frame
        return frame.schema

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        frame = (self._last.pop(path) if path in self._last else self._whole(path)).select(columns)
        yield frame if limit is None else frame.head(limit)

    def _whole(self, path: Path) -> pl.DataFrame:
        features = self._features(path)
        shape = shape_of(feature.get("properties") or {} for feature in features)
        told = [remark for name, inner in shape.fields.items() for remark in inner.remarks(name, 1)]
        if told:
            more = f", {len(told) - 4} more like them" if len(told) > 4 else ""
            self._remark(path, f"Read are {', '.join(told[:4])}{more}.", "path")
        made: list[pl.Series] = []
        for name, inner in shape.fields.items():
            dtype = inner.dtype(1)
            try:
                cells = [converted((feature.get("properties") or {}).get(name), dtype) for feature in features]
            except NoFit as error:
                message = f"'{path}' has a number in '{name}' that is too large for any type."
                raise NodeError(message, "Have it written as text.", setting="path") from error
            made.append(pl.Series(name, cells, dtype=dtype))
        for given in self._besides(features):
            taken = {series.name for series in made}
            made.append(given.alias(fresh_name(given.name, taken)) if given.name in taken else given)
        if not made:
            raise NodeError(f"The features of '{path}' have no properties.", "Have their places read.", setting="geometry")
        return frame_of(made)

    def _besides(self, features: Sequence[dict[str, Any]]) -> Iterator[pl.Series]:
        """The columns that are no properties: ids and places."""
        ids = [feature.get("id") for feature in features]
        if any(value is not None for value in ids):
            whole = all(value is None or (type(value) is int and abs(value) < 2**63) for value in ids)
            texts = [None if value is None else str(value) for value in ids]
            yield pl.Series("id", ids, dtype=pl.Int64) if whole else pl.Series("id", texts, dtype=pl.String)
        if self.geometry == "none":
            return
        shapes = [feature.get("geometry") for feature in features]
        places = [_place(shape) for shape in shapes]
        for axis, name in enumerate(("longitude", "latitude", "height")):
            cells = [place[axis] if len(place) > axis else None for place in places]
            if name != "height" or any(cell is not None for cell in cells):
                yield pl.Series(name, cells, dtype=pl.Float64)
        if self.geometry == "positions and text":
            kinds = [str(shape.get("type")) if isinstance(shape, dict) else None for shape in shapes]
            yield pl.Series("geometry_type", kinds, dtype=pl.String)
            yield pl.Series("geometry", [None if shape is None else as_json(shape) for shape in shapes], dtype=pl.String)

    def _features(self, path: Path) -> list[dict[str, Any]]:
        """The features of a file: of a collection, one by itself, or one a line.

        Raises:
            NodeError: If it is too large, or no GeoJSON.
        """
        size = path.stat().st_size
        if size > self.largest_size * GIB:
            message = f"'{path}' has {gibibytes(size)}, more than the largest size of {self.largest_size:g} GiB."
            raise NodeError(message, "Raise the largest size if there is memory for it.", setting="largest_size")
        if not size:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        try:
            parts = list(_parsed(path.read_bytes().removeprefix(_MARK)))
        except (ValueError, RecursionError) as error:
            what = "it is nested too deeply" if isinstance(error, RecursionError) else f"it is no JSON: {error}"
            raise damaged(path, what, remedy="Choose another file.") from error
        found: list[dict[str, Any]] = []
        for part in parts:
            kind = part.get("type") if isinstance(part, dict) else None
            inside = part.get("features") if kind == "FeatureCollection" else [part] if kind == "Feature" else None
            if not isinstance(inside, list) or not all(_is_feature(feature) for feature in inside):
                hint = "Choose another file, or read it with the JSON Reader."
                raise NodeError(f"'{path}' holds no features of GeoJSON.", hint, setting="path")
            found += inside
        return found


def _parsed(content: bytes) -> Iterable[Any]:
    """What a file says: as a whole or, where that is no JSON, line by line."""
    if not content.lstrip().startswith(_RECORD):
        try:
            return [read_json(content)]
        except ValueError:
            lines = content.splitlines()
            if len(lines) < 2 or not lines[0].strip().endswith(b"}"):
                raise
    parts = content.split(_RECORD) if _RECORD in content else content.splitlines()
    return [read_json(part) for part in parts if part.strip()]


def _is_feature(feature: Any) -> bool:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return False
    return isinstance(feature.get("properties"), dict | None) and isinstance(feature.get("geometry"), dict | None)


def _place(shape: Any) -> list[float]:
    """Longitude, latitude and height of a point; of other shapes nothing."""
    found = shape.get("coordinates") if isinstance(shape, dict) and shape.get("type") == "Point" else None
    if not isinstance(found, list) or len(found) < 2 or not all(type(n) in (int, float) for n in found[:3]):
        return []
    return [float(number) for number in found[:3]]
