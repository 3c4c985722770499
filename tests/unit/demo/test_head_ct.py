# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `demo.head_ct` writes, read back by pydicom and by DCMTK."""

import subprocess
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from demo.head_ct import HeadCtStudy, uid_from, write_head_ct
from demo.voxels import Voxels

STUDY = HeadCtStudy(
    patient_name="Wang^XiaoMing=王^小明",
    patient_id="P0001",
    patient_sex="M",
    patient_birth_date=date(1975, 3, 2),
    accession_number="A0001",
    study_datetime=datetime(2026, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=8))),
    study_instance_uid=uid_from("a study"),
)
ENCODINGS = {"GB18030": "gb18030", "GBK": "gbk", "ISO_IR 192": "utf-8"}
CHARACTER_SETS = pytest.mark.parametrize("character_set", ENCODINGS)
SPACING_MM = (1.5, 0.8, 0.9)
ORIGIN_MM = np.array([-0.9 * 9 / 2, -0.8 * 11 / 2, -1.5 * 5 / 2])


def hounsfield_at(x: float, y: float, z: float) -> float:
    """Return a field that rises evenly, so that neither averaging nor linear interpolation changes it."""
    return 40 * x + 90 * y - 130 * z


@pytest.fixture
def voxels() -> Voxels:
    z, y, x = (axis * distance for axis, distance in zip(np.indices((6, 12, 10)), SPACING_MM, strict=True))
    field = hounsfield_at(x + ORIGIN_MM[0], y + ORIGIN_MM[1], z + ORIGIN_MM[2])
    return Voxels(np.rint(field).astype(np.int16), SPACING_MM)


@pytest.fixture
def images(voxels: Voxels, tmp_path: Path) -> list[Dataset]:
    return [dcmread(path) for path in write_head_ct(STUDY, voxels, tmp_path)]


def series(images: list[Dataset], number: int) -> list[Dataset]:
    return [image for image in images if image.SeriesNumber == number]


def numbers(values: object) -> np.ndarray:
    return np.array(values, dtype=float)


def test_same_parameters_give_the_same_bytes(voxels: Voxels, tmp_path: Path) -> None:
    one, other = (write_head_ct(STUDY, voxels, tmp_path / name) for name in ("one", "other"))
    assert [path.name for path in one] == [path.name for path in other]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_uids_of_the_files_never_change(images: list[Dataset]) -> None:
    assert images[0].StudyInstanceUID == "1.2.826.0.1.3680043.8.498.11808136119430993267827268783614029193"
    assert images[0].SeriesInstanceUID == "1.2.826.0.1.3680043.8.498.92640300322565013193954847274301865531"
    assert images[0].SOPInstanceUID == "1.2.826.0.1.3680043.8.498.12458328346016440610451793641375922927"


def test_two_studies_share_no_uid(images: list[Dataset], voxels: Voxels, tmp_path: Path) -> None:
    other_study = replace(STUDY, study_instance_uid=uid_from("another study"))
    others = [dcmread(path) for path in write_head_ct(other_study, voxels, tmp_path / "other")]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"):
        assert {image[keyword].value for image in images}.isdisjoint(image[keyword].value for image in others)


def test_a_study_is_an_axial_and_a_coronal_series_in_one_frame_of_reference(images: list[Dataset]) -> None:
    assert {image.StudyInstanceUID for image in images} == {STUDY.study_instance_uid}
    assert len({image.FrameOfReferenceUID for image in images}) == 1
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    assert len({image.SeriesInstanceUID for image in images}) == 2
    axial, coronal = series(images, 1), series(images, 2)
    assert [image.InstanceNumber for image in axial] == [1, 2, 3, 4, 5, 6]
    assert [image.InstanceNumber for image in coronal] == [1, 2, 3]
    assert coronal[0].SeriesDescription == "MPR 冠状位"


def test_axial_slices_show_the_face_up_and_the_patients_right_on_the_left(images: list[Dataset]) -> None:
    assert all(list(image.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0] for image in series(images, 1))


def test_coronal_slabs_show_the_head_up_and_the_patients_right_on_the_left(images: list[Dataset]) -> None:
    assert all(list(image.ImageOrientationPatient) == [1, 0, 0, 0, 0, -1] for image in series(images, 2))


def test_coronal_pixels_are_square(images: list[Dataset]) -> None:
    assert all(list(image.PixelSpacing) == [0.9, 0.9] for image in series(images, 2))


@pytest.mark.parametrize("number", [1, 2])
def test_every_pixel_shows_the_place_that_its_image_plane_states(images: list[Dataset], number: int) -> None:
    for image in series(images, number):
        cosines = numbers(image.ImageOrientationPatient)
        row, column = np.indices((image.Rows, image.Columns))
        along_row = cosines[:3, None, None] * column * float(image.PixelSpacing[1])
        along_column = cosines[3:, None, None] * row * float(image.PixelSpacing[0])
        expected = hounsfield_at(*(numbers(image.ImagePositionPatient)[:, None, None] + along_row + along_column))
        shown = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        assert np.abs(shown - expected).max() <= 1


@pytest.mark.parametrize(("number", "step_mm"), [(1, 1.5), (2, 3.2)])
def test_images_follow_one_another_along_the_normal_at_the_stated_distance(images: list[Dataset], number: int, step_mm: float) -> None:
    chosen = series(images, number)
    cosines = numbers(chosen[0].ImageOrientationPatient)
    steps = np.diff([numbers(image.ImagePositionPatient) for image in chosen], axis=0)
    assert steps == pytest.approx(np.tile(step_mm * np.cross(cosines[:3], cosines[3:]), (len(chosen) - 1, 1)))
    assert {float(image.SliceThickness) for image in chosen} == {float(image.SpacingBetweenSlices) for image in chosen} == {step_mm}


def test_air_and_metal_keep_their_hounsfield_units(tmp_path: Path) -> None:
    hounsfield = np.full((2, 4, 4), -1024, np.int16)
    hounsfield[:, 0, 0] = 30000
    image = dcmread(write_head_ct(STUDY, Voxels(hounsfield, SPACING_MM), tmp_path)[0])
    shown = image.pixel_array + int(image.RescaleIntercept)
    assert (shown[0, 0], shown[3, 3]) == (30000, -1024)


def test_images_are_uncompressed_ct_with_a_brain_and_a_bone_window(images: list[Dataset]) -> None:
    for image in images:
        assert (image.SOPClassUID, image.file_meta.TransferSyntaxUID) == (CTImageStorage, ExplicitVRLittleEndian)
        assert (image.BitsStored, image.PixelRepresentation) == (16, 1)
        assert list(zip(image.WindowCenterWidthExplanation, image.WindowCenter, image.WindowWidth, strict=True)) == [
            ("BRAIN", 40, 80),
            ("BONE", 480, 2500),
        ]


@CHARACTER_SETS
@pytest.mark.parametrize("name", ["Wang^XiaoMing=王^小明", "王小明", "Cheng^Cheng=誠^誠"])  # in GB18030, 誠 ends in the byte of a backslash
def test_chinese_is_stored_in_the_stated_character_set(character_set: str, name: str, voxels: Voxels, tmp_path: Path) -> None:
    path = write_head_ct(replace(STUDY, patient_name=name, character_set=character_set), voxels, tmp_path)[0]
    image = dcmread(path)
    assert image.SpecificCharacterSet == character_set
    assert (image.PatientName, image.InstitutionName) == (name, "云胶片示范医院")
    assert name.encode(ENCODINGS[character_set]) in path.read_bytes()


@CHARACTER_SETS
def test_dcmtk_reads_the_chinese_name(character_set: str, voxels: Voxels, tmp_path: Path) -> None:
    path = write_head_ct(replace(STUDY, character_set=character_set), voxels, tmp_path)[0]
    dump = subprocess.run(["dcmdump", "+U8", "+P", "PatientName", path], capture_output=True, text=True, check=True)
    assert "[Wang^XiaoMing=王^小明]" in dump.stdout
    assert dump.stderr == ""


def test_a_rare_character_is_stored_in_gb18030_and_refused_in_gbk(voxels: Voxels, tmp_path: Path) -> None:
    study = replace(STUDY, patient_name="𠮷")  # four bytes in GB18030
    assert dcmread(write_head_ct(study, voxels, tmp_path)[0]).PatientName == "𠮷"
    with pytest.raises(ValueError, match="patient_name: '𠮷' cannot be written in GBK"):
        replace(study, character_set="GBK")
