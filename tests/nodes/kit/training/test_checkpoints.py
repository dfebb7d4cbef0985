"""A checkpoint is whole, or it is not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nodes.kit.training.checkpoints import DamagedCheckpoint, load, save


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3).T, "b": np.array(7, np.int64), "c": np.zeros((0, 2))}
    state = {"epoch": 3, "history": [{"loss": float("nan")}], "name": "Übung"}
    save(tmp_path / "x.safetensors", arrays, state)
    read, read_state = load(tmp_path / "x.safetensors")
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
    assert np.isnan(read_state.pop("history")[0]["loss"])
    assert read_state == {"epoch": 3, "name": "Übung"}


def test_the_new_one_takes_the_place_of_the_old_one_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for epoch in (1, 2):
        save(path, {"a": np.full(3, epoch)}, {"epoch": epoch})
    assert load(path)[1] == {"epoch": 2}
    assert list(tmp_path.iterdir()) == [path]


def test_none_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("keep", [0, 4, 40, -1])
def test_a_part_of_one_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "x.safetensors"
    save(path, {"a": np.zeros(10)}, {"epoch": 1})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DamagedCheckpoint):
        load(path)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    for header in (None, {"training": "[]"}, {"training": "{}"}, {"training": '{"format": 99}'}, {"training": "no JSON"}):
        save_file({"a": np.zeros(2)}, path, header)
        with pytest.raises(DamagedCheckpoint):
            load(path)
