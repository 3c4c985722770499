# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small studies and reports for tests, made from a seed: the same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from cloudfilm.reports.fields import ReportFields

FIELDS = ReportFields(
    hospital_name="甲医院",
    report_kind="CT检查报告单",
    modality="CT",
    patient_name="王小明",
    patient_sex="M",
    patient_age="46岁",
    patient_id="P1001",
    department="神经内科",
    outpatient_number="MZ884213",
    bed_number="12床",
    accession_number="A1001",
    exam_time="2026-03-05T09:30",
    report_time="2026-03-05T10:32",
    body_part="头颅",
    findings="两侧大脑半球对称，脑实质内未见异常密度影。\n脑室系统大小、形态正常。",
    impression="1. 颅脑CT平扫未见明显异常。\n2. 请结合临床。",
    reporting_doctor="李文静",
    reviewing_doctor="张建国",
)


def fields_for(seed: str) -> ReportFields:
    """A report's fields whose numbers belong to `ct_study` with the same seed."""
    return replace(FIELDS, patient_id=f"P{seed}", accession_number=f"A{seed}")


def study_uid(seed: str) -> str:
    """StudyInstanceUID of a seed."""
    return generate_uid(entropy_srcs=[seed, "study"])


def ct_study(folder: Path, seed: str, slices: int = 3, study_seed: str | None = None, character_set: str = "GB18030") -> list[Path]:
    """A CT study of a bright disc on black, 128x128, in a folder. ``study_seed`` borrows the StudyInstanceUID of another seed."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.arange(128) - 64
    disc = (rows[:, None] ** 2 + rows[None, :] ** 2 < 50**2).astype(np.int16)
    paths = []
    for number in range(1, slices + 1):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, "instance", str(number)])
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        image.SpecificCharacterSet = character_set
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        image.StudyInstanceUID = study_uid(study_seed or seed)
        image.SeriesInstanceUID = generate_uid(entropy_srcs=[seed, "series"])
        image.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame of reference"])
        image.PatientName, image.PatientID, image.PatientSex = "Wang^XiaoMing=王^小明", f"P{seed}", "M"
        image.PatientBirthDate, image.AccessionNumber, image.StudyID = "19800501", f"A{seed}", "1"
        moment = datetime(2026, 3, 5, 9, 30)
        image.StudyDate = image.SeriesDate = f"{moment:%Y%m%d}"
        image.StudyTime = image.SeriesTime = f"{moment:%H%M%S}"
        image.Modality, image.BodyPartExamined = "CT", "HEAD"
        image.StudyDescription, image.SeriesDescription = "头颅CT平扫", "轴位"
        image.SeriesNumber, image.InstanceNumber = 1, number
        image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 128, 128, 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
        image.PixelSpacing, image.SliceThickness = [1.0, 1.0], 2.0
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-64.0, -64.0, 2.0 * number]
        image.RescaleSlope, image.RescaleIntercept, image.WindowCenter, image.WindowWidth = 1, 0, 500, 1200
        image.PixelData = (disc * (800 + number)).astype("<i2").tobytes()
        path = folder / f"{number:03}.dcm"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def change(paths: list[Path], **attributes: Any) -> list[Path]:
    """Set attributes of these files, by DICOM keyword; a SOPInstanceUID goes into the file's meta information too."""
    for path in paths:
        image = dcmread(path)
        for keyword, value in attributes.items():
            setattr(image, keyword, value)
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.save_as(path, enforce_file_format=True)
    return paths
