"""NIfTI Reader, on files that nibabel writes."""

import nibabel as nib
import numpy as np
import polars as pl
import pytest
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform

from nodes.base import NodeError, Values
from nodes.readers import nifti
from nodes.readers.nifti import NiftiReader
from tests.support import RecordingJob, configure, run

VOXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
"""Left to right 2, back to front 3, feet to head 4."""


def write(path, voxels, codes="RAS", *, kind=nib.Nifti1Image, scaling=None):
    """A file whose axes are stored in another order, or backwards, and which says so."""
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(codes))
    stored = nib.orientations.apply_orientation(voxels, turn)
    image = kind(np.ascontiguousarray(stored), inv_ornt_aff(turn, voxels.shape[:3]))
    if scaling:
        image.header.set_slope_inter(*scaling)
    image.to_filename(path)


def read(folder, name="f.nii", **settings):
    return run(NiftiReader(path=name, **settings), folder=folder)["table"].frame()


def refused(place, **settings):
    node = NiftiReader(**{"path": "f.nii", **settings})
    with pytest.raises(NodeError) as caught:
        configure(node, folder=place)
        node.execute(Values({}), RecordingJob(place))
    assert caught.value.remedy
    assert caught.value.setting in NiftiReader.model_fields
    return caught.value.message


@pytest.mark.parametrize("codes", ["RAS", "LPS", "ASR", "ILA"])
def test_slices_are_turned_as_the_body_lies(tmp_path, codes):
    write(tmp_path / "f.nii", VOXELS, codes)
    axial = read(tmp_path)
    assert axial.schema == {"image": pl.Array(pl.UInt8, (3, 2, 1)), "volume": pl.Int64, "slice": pl.Int64}
    assert axial["slice"].to_list() == [0, 1, 2, 3]
    # The face is above: the first row is the farthest to the front; the first column is the patient's left.
    assert axial["image"].to_numpy()[1, :, :, 0].tolist() == [[VOXELS[x, y, 1] for x in (0, 1)] for y in (2, 1, 0)]
    coronal = read(tmp_path, plane="coronal")
    assert coronal["image"].to_numpy()[2, :, :, 0].tolist() == [[VOXELS[x, 2, z] for x in (0, 1)] for z in (3, 2, 1, 0)]
    sagittal = read(tmp_path, plane="sagittal")
    assert sagittal["image"].to_numpy()[0, :, :, 0].tolist() == [[VOXELS[0, y, z] for y in (0, 1, 2)] for z in (3, 2, 1, 0)]
    volume = read(tmp_path, content="volumes")
    assert volume["image"].to_numpy()[0, ..., 0].tolist() == VOXELS.tolist()


def test_as_it_is_stored(tmp_path):
    write(tmp_path / "f.nii", VOXELS, "LPS")
    stored = np.asarray(nib.load(tmp_path / "f.nii").dataobj)
    assert read(tmp_path, orientation="stored")["image"].to_numpy()[3, ..., 0].tolist() == stored[:, :, 3].tolist()
    assert read(tmp_path, orientation="stored", plane="sagittal")["image"].to_numpy()[1, ..., 0].tolist() == stored[1].tolist()


@pytest.mark.parametrize("name", ["f.nii", "f.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_scaling_points_in_time_and_packed_files(tmp_path, monkeypatch, name, kind):
    monkeypatch.setattr(nifti, "BATCH_BYTES", 60)
    voxels = np.arange(-24, 24, dtype=np.int16).reshape(2, 3, 4, 2)
    write(tmp_path / name, voxels, scaling=(0.5, 10), kind=kind)
    made = read(tmp_path, name, content="volumes")
    assert made["volume"].to_list() == [0, 1]
    assert np.moveaxis(made["image"].to_numpy()[..., 0], 0, -1).tolist() == np.asarray(voxels * 0.5 + 10, np.float32).tolist()
    slices = read(tmp_path, name, limit=5, columns=["slice", "image", "volume"])
    assert slices.rows()[-1][0::2] == (0, 1)
    assert slices["image"].to_numpy()[4, :, :, 0].tolist() == (voxels[:, :, 0, 1] * 0.5 + 10).T[::-1].tolist()
    assert configure(NiftiReader(path=name), folder=tmp_path)["table"].rows == 8


def test_a_folder_is_one_table(tmp_path):
    (tmp_path / "s").mkdir()
    for number in range(2):
        write(tmp_path / "s" / f"{number}.nii.gz", VOXELS + np.uint8(number))
    made = run(NiftiReader(source="folder", folder="s", path_column="file"), folder=tmp_path)["table"].frame()
    assert made["file"].unique(maintain_order=True).to_list() == ["s/0.nii.gz", "s/1.nii.gz"]
    write(tmp_path / "s" / "2.nii", VOXELS[:, :2])
    assert "an image 2 x 2 x 1" in refused(tmp_path, source="folder", folder="s")


def test_files_without_volumes_are_refused(tmp_path):
    write(tmp_path / "good.nii", VOXELS)
    write(tmp_path / "good.nii.gz", np.random.default_rng(0).integers(0, 255, (9, 9, 9), np.uint8))
    content, packed = (tmp_path / "good.nii").read_bytes(), (tmp_path / "good.nii.gz").read_bytes()
    for damaged, said in ((b"", "is empty"), (b"x" * 500, "no NIfTI file"), (content[:-9], "fewer numbers")):
        (tmp_path / "f.nii").write_bytes(damaged)
        assert said in refused(tmp_path)
    (tmp_path / "cut.nii.gz").write_bytes(packed[:-20])
    assert "is damaged" in refused(tmp_path, path="cut.nii.gz")
    write(tmp_path / "f.nii", np.zeros((2, 2, 2), np.complex64))
    assert "complex64" in refused(tmp_path)
    (tmp_path / "f.img").write_bytes(content)
    assert "in one piece" in refused(tmp_path, path="f.img")
    assert "already" in refused(tmp_path, path="good.nii", image_column="slice")
