"""DICOM Reader, on files that pydicom writes."""

import io
from datetime import date, time

import numpy as np
import polars as pl
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from nodes.base import NodeError, Values
from nodes.kit.images.dicom import DicomFile, NoPicture
from nodes.readers import dicom
from nodes.readers.dicom import DicomReader
from tests.support import RecordingJob, configure, run

UID = "1.2.3.4"


def write(path, pixels, *, frames=1, packed=False, **attributes):
    """A file of grey pictures, or of one in colour."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = UID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    color = pixels.ndim == 3 and frames == 1
    made.Rows, made.Columns = pixels.shape[:2] if frames == 1 else pixels.shape[1:]
    made.SamplesPerPixel, made.PhotometricInterpretation = (3, "RGB") if color else (1, "MONOCHROME2")
    if color:
        made.PlanarConfiguration = 0
    if frames > 1:
        made.NumberOfFrames = frames
    bits = pixels.dtype.itemsize * 8
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in attributes.items():
        setattr(made, name, value)
    made.PixelData = pixels.tobytes()
    if packed:
        made.compress(RLELossless)
    made.save_as(path, enforce_file_format=True)


def read(folder, **settings):
    return run(DicomReader(**{"path": "f", "tags": [], **settings}), folder=folder)["table"].frame()


def refused(place, **settings):
    node = DicomReader(**{"path": "f", **settings})
    with pytest.raises(NodeError) as caught:
        configure(node, folder=place)
        node.execute(Values({}), RecordingJob(place))
    assert caught.value.remedy
    assert caught.value.setting in DicomReader.model_fields
    return caught.value.message


def test_grey_pixels_as_they_are_stored_and_what_they_stand_for(tmp_path):
    stored = np.array([[-24, 0, 1000], [1, 2, 3]], np.int16)
    write(tmp_path / "f", stored, RescaleSlope="2", RescaleIntercept="-1024")
    physical = read(tmp_path)
    assert physical.schema == {"image": pl.Array(pl.Float32, (2, 3, 1))}
    assert physical["image"].to_numpy()[0, :, :, 0].tolist() == (stored * 2.0 - 1024).tolist()
    assert read(tmp_path, values="stored")["image"].to_numpy()[0, :, :, 0].tolist() == stored.tolist()
    whole = np.array([[0, 65535]], np.uint16)
    write(tmp_path / "f", whole)
    made = read(tmp_path, values="stored")
    assert made.schema == {"image": pl.Array(pl.UInt16, (1, 2, 1))}
    assert made["image"].to_numpy()[0, :, :, 0].tolist() == whole.tolist()


@pytest.mark.parametrize(("inverted", "seen"), [(False, [0, 0, 128, 255, 255]), (True, [255, 255, 128, 0, 0])])
def test_the_window_that_a_person_sees(tmp_path, inverted, seen):
    """Center 100 and width 201 are black up to -0.5 and white from 199.5 on (DICOM PS3.3 C.11.2.1.2.1)."""
    pixels = np.array([[-500, -1, 100, 200, 900]], np.int16)
    kind = {"PhotometricInterpretation": "MONOCHROME1"} if inverted else {}
    write(tmp_path / "f", pixels, WindowCenter="100", WindowWidth="201", **kind)
    made = read(tmp_path, values="window")
    assert made.schema == {"image": pl.Array(pl.UInt8, (1, 5, 1))}
    assert np.abs(made["image"].to_numpy()[0, 0, :, 0].astype(int) - seen).max() <= 1
    write(tmp_path / "f", np.array([[10, 20, 30]], np.uint8), **kind)
    least_to_greatest = read(tmp_path, values="window")["image"].to_numpy()[0, 0, :, 0].tolist()
    assert least_to_greatest == ([255, 128, 0] if inverted else [0, 128, 255])


def test_colours_and_frames_and_packed_files(tmp_path, monkeypatch):
    colors = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    write(tmp_path / "f", colors)
    assert read(tmp_path)["image"].to_numpy()[0].tolist() == colors.tolist()
    frames = np.arange(30, dtype=np.uint16).reshape(5, 2, 3)
    monkeypatch.setattr(dicom, "BATCH_BYTES", 50)
    for packed in (False, True):
        write(tmp_path / "f", frames, frames=5, packed=packed)
        assert configure(DicomReader(path="f"), folder=tmp_path)["table"].rows == 5
        assert read(tmp_path)["image"].to_numpy()[..., 0].tolist() == frames.tolist()
        assert read(tmp_path, limit=3)["image"].to_numpy()[..., 0].tolist() == frames[:3].tolist()


def write_packed(path, pixels, form, syntax, photometric):
    """A file whose pixels another program packed."""
    write(path, pixels)
    made, packed = pydicom.dcmread(path), io.BytesIO()
    Image.fromarray(pixels).save(packed, form)
    made.file_meta.TransferSyntaxUID, made.PhotometricInterpretation = syntax, photometric
    made.PixelData = encapsulate([packed.getvalue()])
    made["PixelData"].is_undefined_length = True
    made.save_as(path)


def test_pictures_packed_as_jpeg_and_jpeg_2000(tmp_path):
    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    colors = np.stack([grey, grey.T, 255 - grey], -1)
    for form, syntax, photometric, pixels, near in (
        ("JPEG", JPEGBaseline8Bit, "MONOCHROME2", grey, 3),
        ("JPEG", JPEGBaseline8Bit, "YBR_FULL_422", colors, 20),
        ("JPEG2000", JPEG2000Lossless, "MONOCHROME2", grey, 0),
        ("JPEG2000", JPEG2000Lossless, "YBR_RCT", colors, 0),
    ):
        write_packed(tmp_path / "f", pixels, form, syntax, photometric)
        made = read(tmp_path, values="stored")["image"].to_numpy()[0].squeeze().astype(int)
        assert np.abs(made - pixels).max() <= near, (form, photometric)


@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1, JPEGLSLossless])
def test_pictures_packed_as_no_decoder_knows_are_named(tmp_path, syntax):
    write_packed(tmp_path / "f", np.zeros((8, 8), np.uint8), "JPEG", syntax, "MONOCHROME2")
    assert f"is packed as {syntax.name}, which is not read" in refused(tmp_path)


def test_attributes_of_the_header(tmp_path):
    told = {
        "PatientName": "Doe^Jane", "StudyDate": "20240229", "StudyTime": "235959.5", "InstanceNumber": "7",
        "SliceThickness": "1.25", "PixelSpacing": ["0.5", "0.75"], "Modality": "CT", "PatientAge": "",
    }  # fmt: skip
    write(tmp_path / "f", np.zeros((1, 1), np.uint8), **told)
    frame = read(tmp_path, tags=[*told, "EchoTime"], columns=[*told, "EchoTime"])
    assert frame.rows() == [
        ("Doe^Jane", date(2024, 2, 29), time(23, 59, 59, 500_000), 7, 1.25, "0.5\\0.75", "CT", None, None)
    ]  # fmt: skip
    assert "no attribute 'Patient'" in refused(tmp_path, tags=["Patient"])


def test_a_folder_is_one_table(tmp_path):
    (tmp_path / "s").mkdir()
    for number in (1, 2):
        write(tmp_path / "s" / f"{number}", np.full((2, 2), number, np.uint8), InstanceNumber=str(number))
    node = DicomReader(source="folder", folder="s", tags=["InstanceNumber"], path_column="file")
    assert run(node, folder=tmp_path)["table"].frame().drop("image").rows() == [(1, "s/1"), (2, "s/2")]
    write(tmp_path / "s" / "3", np.zeros((3, 2), np.uint8))
    assert "an image 3 x 2 x 1" in refused(tmp_path, source="folder", folder="s")


def test_files_without_a_picture_are_refused(tmp_path):
    write(tmp_path / "good", np.zeros((20, 20), np.uint8))
    content = (tmp_path / "good").read_bytes()
    for damaged, said in ((b"", "is empty"), (b"x" * 500, "no DICOM file"), (content[:-9], "cannot be decoded")):
        (tmp_path / "f").write_bytes(damaged)
        assert said in refused(tmp_path)
    write(tmp_path / "f", np.zeros((1, 1), np.uint8), Rows=65_535, Columns=65_535)
    with pytest.raises(NoPicture, match="65535 x 65535 pixels"):
        DicomFile.opened(tmp_path / "f")
    assert "cannot be read" in refused(tmp_path)  # the process that looks at it first runs out of memory


def test_pixels_without_a_word_of_how_they_are_packed_are_refused(tmp_path):
    write(tmp_path / "f", np.zeros((8, 8), np.uint8))
    made = pydicom.dcmread(tmp_path / "f")
    del made.file_meta.TransferSyntaxUID
    made.save_as(tmp_path / "f", implicit_vr=False, little_endian=True, enforce_file_format=False)
    assert "does not say how its pixels are packed" in refused(tmp_path)
