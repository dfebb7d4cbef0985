"""A small good file of every format that is read, made anew: what damage is done to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nodes.base import Node
from nodes.readers.arff import ArffReader
from nodes.readers.arrow import ArrowReader
from nodes.readers.csv_table import CsvReader
from nodes.readers.database import DatabaseReader
from nodes.readers.dicom import DicomReader
from nodes.readers.excel import ExcelReader
from nodes.readers.fixed_width import FixedWidthReader
from nodes.readers.geojson import GeoJsonReader
from nodes.readers.html import HtmlReader
from nodes.readers.image_folder import ImageFolderReader
from nodes.readers.json_table import JsonReader
from nodes.readers.model import ModelReader
from nodes.readers.nifti import NiftiReader
from nodes.readers.npz import NpzReader
from nodes.readers.orange import OrangeReader
from nodes.readers.parquet import ParquetReader
from nodes.readers.sas import SasReader
from nodes.readers.spss import SpssReader
from nodes.readers.stata import StataReader
from nodes.values.model import Feature, Model, ModelSpec, Target, to_bytes

ROWS = 40


def table() -> pl.DataFrame:
    """A table with a column of every kind that files have."""
    numbers = range(ROWS)
    return pl.DataFrame(
        {
            "whole": pl.Series(numbers, dtype=pl.Int32),
            "decimal": [n / 7 if n % 5 else None for n in numbers],
            "text": [f"text of row {n} " * (n % 3) if n % 7 else None for n in numbers],
            "day": [date(2024, 1, 1 + n % 28) for n in numbers],
            "time": [datetime(2024, 1, 1, n % 24) for n in numbers],
            "yes": [n % 2 == 0 for n in numbers],
            "kind": pl.Series([("a", "b", "c")[n % 3] for n in numbers], dtype=pl.Categorical),
            "list": [list(range(n % 4)) for n in numbers],
            "array": pl.Series([[float(n), 1.0] for n in numbers], dtype=pl.Array(pl.Float32, 2)),
        }
    )


def _flat() -> pl.DataFrame:
    return table().drop("list", "array").with_columns(pl.col("kind").cast(pl.String))


def _excel(path: Path) -> None:
    _flat().write_excel(path)


def _parquet(path: Path) -> None:
    table().write_parquet(path, row_group_size=15)


def _arrow(path: Path) -> None:
    table().write_ipc(path, compat_level=pl.CompatLevel.newest())


def _arrow_compressed(path: Path) -> None:
    table().write_ipc(path, compression="zstd", compat_level=pl.CompatLevel.oldest())


def _arrow_stream(path: Path) -> None:
    table().write_ipc_stream(path)


def _csv(path: Path) -> None:
    _flat().write_csv(path)


def _json(path: Path) -> None:
    path.write_text(json.dumps([{"a": n, "b": [n], "c": {"d": "x"}} for n in range(ROWS)]))


def _ndjson(path: Path) -> None:
    table().write_ndjson(path)


def _npz(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez_compressed(
            stream, x=np.arange(ROWS * 4.0).reshape(ROWS, 2, 2), y=np.arange(ROWS), t=np.array(["a", "bc"] * (ROWS // 2))
        )


def _npy(path: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, np.arange(ROWS * 4.0).reshape(ROWS, 2, 2))


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER, b TEXT, c REAL, d BLOB)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(n, f"text {n}", n / 3, b"x" * n) for n in range(ROWS)])
        connection.commit()


def _duckdb(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.sql(
            "CREATE TABLE t AS SELECT range AS a, 'text ' || range AS b, range / 3 AS c, [range, 1] AS d FROM range(5000)"
        )


def _images(path: Path) -> None:
    """A file in a folder by itself: the folder is read."""
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (12, 9, 3), np.uint8)
    Image.fromarray(noise).save(path)


def estimators() -> dict[str, Any]:
    """What the learners learn with, fitted on few rows of two numbers."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.cluster import KMeans
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC, SVR
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(120, 2))
    classes, numbers = rng.integers(0, 3, 120), rng.normal(size=120)
    return {
        "tree": DecisionTreeClassifier(random_state=0).fit(rows, classes),
        "pruned_tree": DecisionTreeRegressor(random_state=0, max_leaf_nodes=9, ccp_alpha=0.01).fit(rows, numbers),
        "forest": RandomForestClassifier(3, random_state=0).fit(rows, classes),
        "regression_forest": RandomForestRegressor(3, random_state=0).fit(rows, numbers),
        "boosting": HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(rows, classes),
        "kd_tree": KNeighborsClassifier(algorithm="kd_tree", leaf_size=5).fit(rows, classes),
        "ball_tree": KNeighborsClassifier(algorithm="ball_tree", leaf_size=5, metric="manhattan").fit(rows, classes),
        "svm": SVC().fit(rows, classes),
        "svm_regression": SVR().fit(rows, numbers),
        "svm_calibrated": CalibratedClassifierCV(SVC(), ensemble=False).fit(rows, classes),
        "k_means": KMeans(3, n_init=1, random_state=0).fit(rows),
    }


def model_bytes(estimator: Any) -> bytes:
    """A model as the Model Writer keeps it."""
    kind = {"classifier": "classifier", "regressor": "regressor"}.get(getattr(estimator, "_estimator_type", ""), "clusterer")
    target = Target("k", "Enum", ("a", "b", "c")) if kind != "regressor" else Target("k", "Float64")
    spec = ModelSpec(kind, "Tried", (Feature("x"), Feature("y")), target)  # type: ignore[arg-type]
    return to_bytes(Model(spec, estimator))


def _arff(path: Path) -> None:
    rows = "".join(f"{n}, 'text {n}', {'ab'[n % 2]}, '2024-01-0{n % 9 + 1}', {{0.5}}\n" for n in range(ROWS))
    declared = "@attribute n integer\n@attribute 'a text' string\n@attribute k {a, b}\n@attribute d date yyyy-MM-dd\n"
    path.write_text(f"% made\n@relation r\n{declared}@data\n{rows}{{0 7, 2 b}}\n")


def _statistics(path: Path) -> None:
    import pyreadstat

    write = {
        ".sav": pyreadstat.write_sav,
        ".dta": pyreadstat.write_dta,
        ".xpt": pyreadstat.write_xport,
        ".por": pyreadstat.write_por,
    }
    frame = _flat().drop("yes").rename({"time": "moment"})
    labels = {} if path.suffix in (".xpt", ".por") else {"variable_value_labels": {"whole": {1: "one", 2: "two"}}}
    write[path.suffix](frame, path, **labels)


def _dicom(path: Path) -> None:
    from tests.nodes.readers.test_dicom import write

    noise = np.random.default_rng(0).integers(0, 4000, (3, 12, 9), np.uint16)
    write(path, noise, frames=3, packed="packed" in path.name, RescaleSlope="1", RescaleIntercept="-1024")


def _nifti(path: Path) -> None:
    import nibabel as nib

    noise = np.random.default_rng(0).integers(0, 4000, (5, 6, 7, 2), np.int16)
    nib.Nifti1Image(noise, np.eye(4)).to_filename(path)  # type: ignore[no-untyped-call]


def _fixed(path: Path) -> None:
    path.write_text("n     text       x\n" + "".join(f"{n:<5} row_{n:<6} {n / 7:.3f}\n" for n in range(ROWS)))


def _orange(path: Path) -> None:
    rows = "".join(f"{n / 7}\t{'ab'[n % 2]}\ttext {n}\n" for n in range(ROWS))
    path.write_text(f"n\tk\ts\nc\ta b\tstring\n\tclass\tmeta\n{rows}")


def _html(path: Path) -> None:
    rows = "".join(f"<tr><td>{n}<td colspan=2>text &amp; {n / 7}</td></tr>" for n in range(ROWS))
    path.write_text(f"<html><meta charset=utf-8><table><caption>A</caption><tr><th>a<th>b<th>c</tr>{rows}</table></html>")


def _geojson(path: Path) -> None:
    shapes = [{"type": "Point", "coordinates": [n / 7, n]} for n in range(ROWS)]
    features = [{"type": "Feature", "id": n, "properties": {"a": n, "b": "x"}, "geometry": s} for n, s in enumerate(shapes)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _model(name: str) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(model_bytes(estimators()[name])))


def void(_: object) -> None:
    """Nothing, whatever is given."""


MAKERS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Node]]] = {
    "excel.xlsx": (_excel, lambda path: ExcelReader(path=str(path))),
    "parquet.parquet": (_parquet, lambda path: ParquetReader(path=str(path))),
    "arrow.arrow": (_arrow, lambda path: ArrowReader(path=str(path))),
    "compressed.arrow": (_arrow_compressed, lambda path: ArrowReader(path=str(path))),
    "stream.arrows": (_arrow_stream, lambda path: ArrowReader(path=str(path))),
    "csv.csv": (_csv, lambda path: CsvReader(path=str(path))),
    "json.json": (_json, lambda path: JsonReader(path=str(path))),
    "lines.ndjson": (_ndjson, lambda path: JsonReader(path=str(path))),
    "table.arff": (_arff, lambda path: ArffReader(path=str(path))),
    "survey.sav": (_statistics, lambda path: SpssReader(path=str(path))),
    "survey.por": (_statistics, lambda path: SpssReader(path=str(path))),
    "data.dta": (_statistics, lambda path: StataReader(path=str(path))),
    "transport.xpt": (_statistics, lambda path: SasReader(path=str(path))),
    "aligned.txt": (_fixed, lambda path: FixedWidthReader(path=str(path))),
    "iris.tab": (_orange, lambda path: OrangeReader(path=str(path))),
    "frames.dcm": (_dicom, lambda path: DicomReader(path=str(path))),
    "packed.dcm": (_dicom, lambda path: DicomReader(path=str(path), values="window")),
    "volume.nii": (_nifti, lambda path: NiftiReader(path=str(path))),
    "volume.nii.gz": (_nifti, lambda path: NiftiReader(path=str(path), content="volumes")),
    "image.ppm": (_images, lambda path: ImageFolderReader(folder=str(path.parent), labels="none")),
    "page.html": (_html, lambda path: HtmlReader(path=str(path))),
    "map.geojson": (_geojson, lambda path: GeoJsonReader(path=str(path))),
    "arrays.npz": (_npz, lambda path: NpzReader(path=str(path))),
    "array.npy": (_npy, lambda path: NpzReader(path=str(path))),
    "database.sqlite": (_sqlite, lambda path: DatabaseReader(kind="sqlite", path=str(path), source="table", table="t")),
    "database.duckdb": (_duckdb, lambda path: DatabaseReader(kind="duckdb", path=str(path), source="table", table="t")),
    "image.png": (_images, lambda path: ImageFolderReader(folder=str(path.parent), labels="none")),
    "image.jpg": (_images, lambda path: ImageFolderReader(folder=str(path.parent), labels="none")),
    "image.tif": (_images, lambda path: ImageFolderReader(folder=str(path.parent), labels="none")),
    "image.webp": (_images, lambda path: ImageFolderReader(folder=str(path.parent), labels="none")),
    "tree.skops": (_model("tree"), lambda path: ModelReader(path=str(path))),
    "forest.skops": (_model("forest"), lambda path: ModelReader(path=str(path))),
    "boosting.skops": (_model("boosting"), lambda path: ModelReader(path=str(path))),
    "kd_tree.skops": (_model("kd_tree"), lambda path: ModelReader(path=str(path))),
    "svm.skops": (_model("svm"), lambda path: ModelReader(path=str(path))),
}
"""File name -> how it is made, and the node that reads it."""
