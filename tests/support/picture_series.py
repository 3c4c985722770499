# SPDX-License-Identifier: AGPL-3.0-or-later
"""Series for tests of the viewers, made from a seed: a CT phantom of any length, a radiograph, a colour clip, a document without pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from tests.support.samples import study_uid

# The phantom's steps, HU: air, fat, water, brain, blood, bone; in six vertical stripes.
STEPS_HU = (-1000, -100, 0, 40, 80, 1000)
# Two bright dots of the phantom, (column, row) as parts of its width, for measuring.
DOTS = ((0.25, 0.75), (0.75, 0.75))


def phantom_ct(
    folder: Path,
    seed: str,
    slices: int,
    size: int = 256,
    series_number: int = 1,
    noise: float = 0.0,
    spacing_mm: float = 0.8,
    **attributes: Any,
) -> list[Path]:
    """Axial CT of stripes of `STEPS_HU` above a band with two dots; the slice's number is the height of a white bar at the left edge.

    SOPInstanceUIDs do not sort as the slices do, nor are the files written in the order of the slices.
    """
    random = np.random.default_rng(series_number)
    paths = []
    for number in sorted(range(1, slices + 1), key=lambda one: one * 7919 % slices):
        hounsfield = _phantom(number, slices, size)
        if noise:
            hounsfield += random.normal(0, noise, hounsfield.shape)
        image = new_instance(folder, seed, series_number, number, CTImageStorage, Modality="CT", SeriesDescription=f"轴位 {series_number}")
        image.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame of reference"])
        image.PixelSpacing, image.SliceThickness = [spacing_mm, spacing_mm], 1.0
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-100.0, -100.0, 1.0 * number]
        image.RescaleSlope, image.RescaleIntercept, image.WindowCenter, image.WindowWidth = 1, -1024, 40, 400
        set_pixels(image, (hounsfield + 1024).round().astype("<u2"), bits_stored=16)
        paths.append(save(image, folder, series_number, number, attributes))
    return paths


def radiograph(folder: Path, seed: str, size: int = 1536, series_number: int = 2, **attributes: Any) -> list[Path]:
    """A digital radiograph of 12 bits, MONOCHROME1, without a window, spaced at the detector, with the patient's right on the left."""
    ramp = np.linspace(0, 4000, size)[None, :] * np.ones((size, 1))
    image = new_instance(
        folder,
        seed,
        series_number,
        1,
        DigitalXRayImageStorageForPresentation,
        Modality="DX",
        SeriesDescription="胸部正位",
        BodyPartExamined="CHEST",
    )
    image.PatientOrientation, image.ImagerPixelSpacing = ["L", "F"], [0.2, 0.2]
    image.PixelIntensityRelationshipSign = 1
    set_pixels(image, ramp.astype("<u2"), bits_stored=12)
    image.PhotometricInterpretation = "MONOCHROME1"
    return [save(image, folder, series_number, 1, attributes)]


def colour_clip(folder: Path, seed: str, frames: int = 12, size: int = 160, series_number: int = 3, **attributes: Any) -> list[Path]:
    """An ultrasound clip in RGB, 20 frames a second: a red square that wanders over blue."""
    pixels = np.zeros((frames, size, size, 3), np.uint8)
    pixels[..., 2] = 120
    for frame in range(frames):
        left = frame * (size - 40) // max(1, frames - 1)
        pixels[frame, 60:100, left : left + 40] = (220, 30, 30)
    image = new_instance(folder, seed, series_number, 1, UltrasoundMultiFrameImageStorage, Modality="US", SeriesDescription="心脏")
    image.Rows = image.Columns = size
    image.SamplesPerPixel, image.PlanarConfiguration, image.PhotometricInterpretation = 3, 0, "RGB"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.NumberOfFrames, image.FrameTime, image.FrameIncrementPointer = frames, 50, 0x00181063
    image.PixelData = pixels.tobytes()
    return [save(image, folder, series_number, 1, attributes)]


def document(folder: Path, seed: str, series_number: int = 9, **attributes: Any) -> list[Path]:
    """A structured report: no pixels."""
    image = new_instance(folder, seed, series_number, 1, BasicTextSRStorage, Modality="SR", SeriesDescription="报告")
    image.ValueType, image.ContinuityOfContent, image.CompletionFlag, image.VerificationFlag = (
        "CONTAINER",
        "SEPARATE",
        "COMPLETE",
        "UNVERIFIED",
    )
    image.ContentDate, image.ContentTime = "20260305", "093000"
    return [save(image, folder, series_number, 1, attributes)]


def _phantom(number: int, slices: int, size: int) -> npt.NDArray[np.float64]:
    hounsfield = np.full((size, size), -1000.0)
    stripe = size // 8
    for place, value in enumerate(STEPS_HU):
        hounsfield[size // 8 : size // 2, stripe * (place + 1) : stripe * (place + 2)] = value
    hounsfield[size * 5 // 8 : size * 7 // 8, stripe : size - stripe] = 0
    for across, down in DOTS:
        row, column = int(size * down), int(size * across)
        hounsfield[row - 1 : row + 2, column - 1 : column + 2] = 1500
    hounsfield[size - max(1, size * number // slices) :, : size // 16] = 1500
    return hounsfield


def new_instance(folder: Path, seed: str, series_number: int, number: int, sop_class_uid: str, **attributes: Any) -> FileDataset:
    """An instance without pixels, of a seed's study and series, as yet in no file."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = sop_class_uid, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, str(series_number), str(number)])
    image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    image.SpecificCharacterSet = "GB18030"
    image.SOPClassUID, image.SOPInstanceUID = sop_class_uid, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = study_uid(seed), generate_uid(entropy_srcs=[seed, str(series_number)])
    image.PatientName, image.PatientID, image.PatientSex = "Wang^XiaoMing=王^小明", f"P{seed}", "M"
    image.PatientBirthDate, image.AccessionNumber, image.StudyID = "19800501", f"A{seed}", "1"
    image.StudyDate = image.SeriesDate = "20260305"
    image.StudyTime = image.SeriesTime = "093000"
    image.StudyDescription, image.SeriesNumber, image.InstanceNumber = "平扫", series_number, number
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    return image


def set_pixels(image: FileDataset, pixels: npt.NDArray[np.uint16], bits_stored: int) -> None:
    """Grey values of 16 bits."""
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, bits_stored, bits_stored - 1, 0
    image.PixelData = pixels.tobytes()


def save(image: FileDataset, folder: Path, series_number: int, number: int, attributes: dict[str, Any]) -> Path:
    """Write it, with these attributes set last."""
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    path = folder / f"{series_number}-{number:05}.dcm"
    image.save_as(path, enforce_file_format=True)
    return path
