# SPDX-License-Identifier: AGPL-3.0-or-later
"""A head CT study as a hospital's scanner would send it: thin axial slices and a coronal reformat, with Chinese text.

CT Image Storage (PS3.3 §A.3), Explicit VR Little Endian. The same parameters give the same bytes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from demo.voxels import Voxels

CharacterSet = Literal["GB18030", "GBK", "ISO_IR 192"]
_ENCODINGS: dict[CharacterSet, str] = {"GB18030": "gb18030", "GBK": "gbk", "ISO_IR 192": "utf-8"}

_RESCALE_INTERCEPT = -1024
_ROWS_PER_SLAB = 4


def uid_from(seed: str) -> str:
    """Return the UID that belongs to a text: always the same for the same text (PS3.5 §9)."""
    return generate_uid(entropy_srcs=[seed])


@dataclass(frozen=True, kw_only=True)
class HeadCtStudy:
    """Whose head it is and which exam.

    Attributes
    ----------
    patient_name
        A PN value as stored: `Wang^XiaoMing=王^小明`, or only `王小明` as many hospitals send it (PS3.5 §6.2.1.2).
    study_datetime
        Of the study, its series and its images. With a time zone, it is stated in TimezoneOffsetFromUTC.
    study_instance_uid
        `uid_from(seed)` gives one. All other UIDs follow from it.
    character_set
        SpecificCharacterSet (PS3.3 §C.12.1.1.2).

    Raises
    ------
    ValueError
        When a text has a character that the character set lacks, and which would therefore be stored as a question mark.
    """

    patient_name: str
    patient_id: str
    patient_sex: Literal["M", "F", "O", ""]
    patient_birth_date: date
    accession_number: str
    study_datetime: datetime
    study_instance_uid: str
    institution_name: str = "云胶片示范医院"
    study_description: str = "头颅CT平扫"
    character_set: CharacterSet = "GB18030"

    def __post_init__(self) -> None:
        for name in ("patient_name", "patient_id", "accession_number", "institution_name", "study_description"):
            try:
                getattr(self, name).encode(_ENCODINGS[self.character_set])
            except UnicodeEncodeError as error:
                raise ValueError(f"{name}: {error.object[error.start : error.end]!r} cannot be written in {self.character_set}") from error


@dataclass(frozen=True, eq=False)
class _Series:
    """Parallel slices: HU of shape (images, rows, columns), millimetres, PS3.3 §C.7.6.2."""

    series_number: int
    series_description: str
    image_type: list[str]
    derivation_description: str
    hounsfield: npt.NDArray[np.int16]
    pixel_spacing: tuple[float, float]
    slice_thickness: float
    image_orientation_patient: tuple[int, int, int, int, int, int]
    first_position: tuple[float, float, float]
    step: tuple[float, float, float]


def write_head_ct(study: HeadCtStudy, voxels: Voxels, folder: Path) -> list[Path]:
    """Write the study's files, `SERIES-INSTANCE.dcm`, and return their paths in that order.

    Parameters
    ----------
    study
        What the images say about the patient and the exam.
    voxels
        What they show.
    folder
        Where to write; it is made when missing, and files of the same names are overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for series in (_axial(voxels), _coronal(voxels)):
        for index in range(len(series.hounsfield)):
            image = _image(study, series, index)
            path = folder / f"{series.series_number}-{index + 1:03d}.dcm"
            image.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def _axial(voxels: Voxels) -> _Series:
    """Return the slices as scanned, from the feet to the head."""
    z_mm, y_mm, x_mm = voxels.spacing_mm
    return _Series(
        series_number=1,
        series_description=f"头颅轴位 {z_mm:.1f}mm 软组织",
        image_type=["ORIGINAL", "PRIMARY", "AXIAL"],
        derivation_description="",
        hounsfield=voxels.hounsfield,
        pixel_spacing=(y_mm, x_mm),
        slice_thickness=z_mm,
        image_orientation_patient=(1, 0, 0, 0, 1, 0),
        first_position=voxels.position_mm(0, 0, 0),
        step=(0, 0, z_mm),
    )


def _coronal(voxels: Voxels) -> _Series:
    """Return slabs of `_ROWS_PER_SLAB` rows, averaged, from the face to the back of the head.

    The pixels are made square, as scanners do, by linear interpolation between the slices: the rows run from the top of the head downwards
    at the distance of the columns.
    """
    z_mm, y_mm, x_mm = voxels.spacing_mm
    slices, rows, columns = voxels.hounsfield.shape
    rows_per_slab = min(_ROWS_PER_SLAB, rows)
    slabs = rows // rows_per_slab
    used = voxels.hounsfield[:, : slabs * rows_per_slab, :].reshape(slices, slabs, rows_per_slab, columns)
    slab = used.mean(axis=2).transpose(1, 0, 2)
    height = slices - 1 - np.arange(int((slices - 1) * z_mm / x_mm) + 1) * x_mm / z_mm  # of each row, in slices
    below = np.clip(np.floor(height).astype(int), 0, slices - 2)
    share = (height - below)[:, np.newaxis]
    reformatted = slab[:, below] * (1 - share) + slab[:, below + 1] * share
    return _Series(
        series_number=2,
        series_description="MPR 冠状位",
        image_type=["DERIVED", "SECONDARY", "MPR"],
        derivation_description=f"Coronal reformat, average of {rows_per_slab} rows",
        hounsfield=np.rint(reformatted).astype(np.int16),
        pixel_spacing=(x_mm, x_mm),
        slice_thickness=rows_per_slab * y_mm,
        image_orientation_patient=(1, 0, 0, 0, 0, -1),
        first_position=voxels.position_mm(slices - 1, (rows_per_slab - 1) / 2, 0),
        step=(0, rows_per_slab * y_mm, 0),
    )


def _image(study: HeadCtStudy, series: _Series, index: int) -> Dataset:
    image = Dataset()
    image.SpecificCharacterSet = study.character_set
    _add_study(image, study)
    _add_series(image, study, series)
    _add_equipment(image, study)
    _add_plane(image, series, index)
    _add_pixels(image, series.hounsfield[index])
    image.InstanceNumber = index + 1
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = uid_from(f"{study.study_instance_uid}/{series.series_number}/{index + 1}")
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def _add_study(image: Dataset, study: HeadCtStudy) -> None:
    """Patient, General Study (PS3.3 §C.7.1.1, §C.7.2.1)."""
    image.PatientName = study.patient_name
    image.PatientID = study.patient_id
    image.PatientSex = study.patient_sex
    image.PatientBirthDate = f"{study.patient_birth_date:%Y%m%d}"
    image.StudyInstanceUID = study.study_instance_uid
    image.StudyID = "1"
    image.StudyDescription = study.study_description
    image.AccessionNumber = study.accession_number
    image.ReferringPhysicianName = ""
    for what in ("Study", "Series", "Acquisition", "Content"):
        setattr(image, f"{what}Date", f"{study.study_datetime:%Y%m%d}")
        setattr(image, f"{what}Time", f"{study.study_datetime:%H%M%S}")
    if study.study_datetime.tzinfo is not None:
        image.TimezoneOffsetFromUTC = f"{study.study_datetime:%z}"


def _add_series(image: Dataset, study: HeadCtStudy, series: _Series) -> None:
    """General Series, Frame of Reference, General Image, CT Image (PS3.3 §C.7.3.1, §C.7.4.1, §C.7.6.1, §C.8.2.1)."""
    image.Modality = "CT"
    image.SeriesInstanceUID = uid_from(f"{study.study_instance_uid}/{series.series_number}")
    image.SeriesNumber = series.series_number
    image.SeriesDescription = series.series_description
    image.BodyPartExamined = "HEAD"
    image.PatientPosition = "HFS"
    image.FrameOfReferenceUID = uid_from(f"{study.study_instance_uid}/frame of reference")
    image.PositionReferenceIndicator = ""
    image.ImageType = series.image_type
    if series.derivation_description:
        image.DerivationDescription = series.derivation_description
    image.AcquisitionNumber = 1
    image.KVP = None  # the voxels' source does not tell


def _add_equipment(image: Dataset, study: HeadCtStudy) -> None:
    """General Equipment (PS3.3 §C.7.5.1)."""
    image.Manufacturer = "CloudFilm demo"
    image.ManufacturerModelName = "Head CT"
    image.DeviceSerialNumber = "DEMO-0001"
    image.StationName = "DEMOCT"
    image.SoftwareVersions = "1"
    image.InstitutionName = study.institution_name


def _add_plane(image: Dataset, series: _Series, index: int) -> None:
    """Image Plane (PS3.3 §C.7.6.2)."""
    position = [first + index * step for first, step in zip(series.first_position, series.step, strict=True)]
    image.PixelSpacing = [_ds(distance) for distance in series.pixel_spacing]
    image.SliceThickness = _ds(series.slice_thickness)
    image.SpacingBetweenSlices = _ds(sum(series.step))
    image.ImageOrientationPatient = [str(cosine) for cosine in series.image_orientation_patient]
    image.ImagePositionPatient = [_ds(coordinate) for coordinate in position]
    image.SliceLocation = _ds(next(place for place, step in zip(position, series.step, strict=True) if step))


def _add_pixels(image: Dataset, hounsfield: npt.NDArray[np.int16]) -> None:
    """Image Pixel, Modality LUT, VOI LUT (PS3.3 §C.7.6.3, §C.11.1, §C.11.2): HU = stored + intercept."""
    stored = np.clip(hounsfield.astype(np.int32) - _RESCALE_INTERCEPT, -32768, 32767).astype("<i2")
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = stored.shape
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 1
    image.RescaleIntercept = str(_RESCALE_INTERCEPT)
    image.RescaleSlope = "1"
    image.RescaleType = "HU"
    image.WindowCenter = ["40", "480"]
    image.WindowWidth = ["80", "2500"]
    image.WindowCenterWidthExplanation = ["BRAIN", "BONE"]
    image.PixelData = stored.tobytes()


def _ds(value: float) -> str:
    """Return a decimal string of at most 16 characters (PS3.5 §6.2), without the noise of binary fractions."""
    return format_number_as_ds(round(value, 9) + 0.0)
