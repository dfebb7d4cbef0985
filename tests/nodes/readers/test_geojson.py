"""GeoJSON Reader: properties with their types, places of points, sequences, and files that are no maps."""

import json

import polars as pl
import pytest

from nodes.base import NodeError, Values
from nodes.readers.geojson import GeoJsonReader
from tests.support import RecordingJob, configure, run


def feature(properties, geometry=None, **more):
    return {"type": "Feature", "geometry": geometry, "properties": properties, **more}


def point(*place):
    return {"type": "Point", "coordinates": list(place)}


LINE = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
FEATURES = [
    feature({"name": "Köln", "n": 1, "mixed": 1}, point(6.96, 50.94), id=7),
    feature({"name": "Ås", "big": 2**62, "mixed": "x", "longitude": "own"}, LINE),
    feature(None, None, id=9),
]


def read(folder, content, **settings):
    (folder / "f.geojson").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return run(GeoJsonReader(path="f.geojson", **settings), folder=folder)["table"].frame()


def refused(place, content, **settings):
    (place / "f.geojson").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    node = GeoJsonReader(path="f.geojson", **settings)
    with pytest.raises(NodeError) as caught:
        configure(node, folder=place)
        node.execute(Values({}), RecordingJob(place))
    assert caught.value.remedy
    assert caught.value.setting in GeoJsonReader.model_fields
    return caught.value.message


def test_properties_ids_and_places(tmp_path):
    frame = read(tmp_path, {"type": "FeatureCollection", "features": FEATURES})
    assert frame.to_dict(as_series=False) == {
        "name": ["Köln", "Ås", None],
        "n": [1, None, None],
        "mixed": ["1", "x", None],
        "big": [None, 2**62, None],
        "longitude": [None, "own", None],
        "id": [7, None, 9],
        "longitude (#1)": [6.96, None, None],
        "latitude": [50.94, None, None],
    }
    shapes = read(tmp_path, {"type": "FeatureCollection", "features": FEATURES}, geometry="positions and text")
    assert shapes["geometry_type"].to_list() == ["Point", "LineString", None]
    assert json.loads(shapes["geometry"][1]) == LINE
    plain = read(tmp_path, {"type": "FeatureCollection", "features": FEATURES}, geometry="none", columns=["n"], limit=2)
    assert plain.to_dict(as_series=False) == {"n": [1, None]}


@pytest.mark.parametrize("between", [b"\n", b"\n\x1e"])
def test_one_feature_and_sequences(tmp_path, between):
    one = json.dumps(feature({"a": 1}, point(1, 2, 3))).encode()
    assert read(tmp_path, b"\xef\xbb\xbf" + one).rows() == [(1, 1.0, 2.0, 3.0)]
    start = between.strip(b"\n")
    assert read(tmp_path, start + between.join([one, one]))["a"].to_list() == [1, 1]


def test_no_features_and_damaged_places(tmp_path):
    frame = read(tmp_path, {"type": "FeatureCollection", "features": []})
    assert frame.schema == {"longitude": pl.Float64, "latitude": pl.Float64}
    odd = [feature({"a": 1}, {"type": "Point", "coordinates": place}) for place in ([], None, ["x", 1], [1, 2])]
    assert read(tmp_path, {"type": "FeatureCollection", "features": odd})["longitude"].to_list() == [None, None, None, 1.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"{", "no JSON"),
        ([1, 2], "no features"),
        ({"type": "FeatureCollection", "features": [1]}, "no features"),
        ({"type": "Topology"}, "no features"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_files_that_are_no_maps_are_refused(tmp_path, content, said):
    assert said in refused(tmp_path, content)
