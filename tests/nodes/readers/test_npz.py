"""NPZ Reader: numpy's files, and what must not be read."""

import io
import pickle
import zipfile

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError
from nodes.readers.npz import NpzReader
from tests.support import configure, run


@pytest.fixture
def mnist(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (6, 4, 5), dtype=np.uint8),
        "y_train": np.arange(6, dtype=np.int64),
        "x_test": rng.integers(0, 256, (3, 4, 5), dtype=np.uint8),
        "y_test": np.arange(3, dtype=np.int64),
    }
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    return tmp_path, arrays


def test_chosen_arrays_become_columns_in_their_order(mnist):
    folder, arrays = mnist
    table = run(NpzReader(path="mnist.npz", arrays=["y_test", "x_test"], channel_axis=True), folder=folder)["table"]
    assert table.schema == {"y_test": pl.Int64, "x_test": pl.Array(pl.UInt8, (4, 5, 1))}
    assert np.array_equal(table.frame()["x_test"].to_numpy()[..., 0], arrays["x_test"])
    assert np.array_equal(table.frame()["y_test"].to_numpy(), arrays["y_test"])


@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "u1", "u2", "u8", "f2", "f4", "f8", ">i4", ">f8"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (0, 3), (4, 2, 3, 2)])
def test_every_type_in_both_orders(tmp_path, dtype, shape):
    array = np.asfortranarray(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    np.save(tmp_path / "a.npy", array)
    column = run(NpzReader(path="a.npy"), folder=tmp_path)["table"].frame()["data"]
    assert np.array_equal(column.to_numpy(), array)


def test_text(tmp_path):
    np.savez(tmp_path / "t.npz", name=np.array(["a", "", "ö"]), n=np.arange(3))
    frame = run(NpzReader(path="t.npz"), folder=tmp_path)["table"].frame()
    assert frame.to_dict(as_series=False) == {"name": ["a", "", "ö"], "n": [0, 1, 2]}


def refused(folder, path, **settings):
    with pytest.raises(NodeError) as caught:
        configure(NpzReader(path=path, **settings), folder=folder)
    assert caught.value.remedy
    return caught.value.message


def test_pickles_are_refused_and_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    np.save(tmp_path / "a.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([Bomb()], dtype=object), y=np.arange(1))
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Bomb()))
    for name in ("a.npy", "a.npz", "b.npy"):
        assert "pickle" in refused(tmp_path, name)
    assert not (tmp_path / "ran").exists()
    assert run(NpzReader(path="a.npz", arrays=["y"]), folder=tmp_path)["table"].height == 1


def test_mistakes_in_the_choice(mnist):
    folder, _ = mnist
    assert "different numbers of rows" in refused(folder, "mnist.npz")
    assert "no array 'x'" in refused(folder, "mnist.npz", arrays=["x"])
    assert "twice" in refused(folder, "mnist.npz", arrays=["x_test", "x_test"])
    assert "There is no file" in refused(folder, "nowhere.npz")


def test_arrays_that_are_no_columns(tmp_path):
    np.save(tmp_path / "scalar.npy", np.float32(1))
    np.save(tmp_path / "complex.npy", np.ones(3, complex))
    np.save(tmp_path / "records.npy", np.zeros(3, [("a", "i4")]))
    np.save(tmp_path / "times.npy", np.zeros(3, "M8[s]"))
    np.save(tmp_path / "texts.npy", np.array([["a"]]))
    np.save(tmp_path / "hollow.npy", np.zeros((3, 0)))
    np.savez(tmp_path / "none.npz")
    assert "single value" in refused(tmp_path, "scalar.npy")
    for name in ("complex", "records", "times"):
        assert "cannot hold" in refused(tmp_path, f"{name}.npy")
    assert "more than one dimension" in refused(tmp_path, "texts.npy")
    assert "empty" in refused(tmp_path, "hollow.npy")
    assert "no arrays" in refused(tmp_path, "none.npz")


def test_damaged_files(mnist):
    folder, _ = mnist
    whole = (folder / "mnist.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[:-40])
    (folder / "text.npy").write_text("1, 2, 3")
    (folder / "empty.npy").write_bytes(b"")
    np.save(folder / "a.npy", np.arange(10))
    (folder / "short.npy").write_bytes((folder / "a.npy").read_bytes()[:-1])
    for name in ("cut.npz", "text.npy", "empty.npy", "short.npy"):
        assert "damaged" in refused(folder, name)


def test_numbers_changed_inside_the_file_are_noticed_when_they_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(1000))
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[4000] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(NodeError, match="CRC"):
        run(NpzReader(path="a.npz"), folder=tmp_path)


def test_decompression_bombs(tmp_path):
    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros(2**21, np.uint8))
    assert "more than the largest size" in refused(tmp_path, "zeros.npz", largest_size=0.001)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**50,)})
    with zipfile.ZipFile(tmp_path / "liar.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(1000))
    with zipfile.ZipFile(tmp_path / "packed.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(1000))
    assert "should end after" in refused(tmp_path, "liar.npz")
    assert "cannot have the size" in refused(tmp_path, "packed.npz")
