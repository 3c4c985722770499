# SPDX-License-Identifier: AGPL-3.0-or-later
"""Key Object Selection documents that mark pictures of a study (PS3.3 §A.35.4)."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage, generate_uid


def key_object(folder: Path, marked: list[Path], title: str = "113000", series_number: int = 80, missing: bool = False) -> Path:
    """A document that marks these files; ``title`` is a code of CID 7010, ``missing`` lets it name a series that nobody ever sends too."""
    images = [dcmread(path, stop_before_pixels=True) for path in marked]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = KeyObjectSelectionDocumentStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[images[0].SOPInstanceUID, title, str(series_number)])
    document = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    document.SpecificCharacterSet = "GB18030"
    document.SOPClassUID, document.SOPInstanceUID = KeyObjectSelectionDocumentStorage, meta.MediaStorageSOPInstanceUID
    for keyword in (
        "StudyInstanceUID", "PatientName", "PatientID", "PatientSex", "PatientBirthDate", "AccessionNumber", "StudyID", "StudyDate", "StudyTime",
    ):  # fmt: skip
        setattr(document, keyword, getattr(images[0], keyword))
    document.SeriesInstanceUID = generate_uid(entropy_srcs=[meta.MediaStorageSOPInstanceUID, "series"])
    document.Modality, document.SeriesNumber, document.InstanceNumber = "KO", series_number, 1
    document.ContentDate, document.ContentTime = "20260305", "100000"
    document.ValueType, document.ContinuityOfContent = "CONTAINER", "SEPARATE"
    document.ConceptNameCodeSequence = Sequence([_code(title, "DCM", "Of Interest")])
    references = [(image.SeriesInstanceUID, image.SOPClassUID, image.SOPInstanceUID) for image in images]
    if missing:
        references.append(("1.2.3.4", images[0].SOPClassUID, "1.2.3.4.5"))
    document.ContentSequence = Sequence([_image_item(*reference[1:]) for reference in references])
    document.CurrentRequestedProcedureEvidenceSequence = Sequence([_evidence(images[0].StudyInstanceUID, references)])
    path = folder / f"ko-{title}-{series_number}.dcm"
    document.save_as(path, enforce_file_format=True)
    return path


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _instance(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
    return item


def _image_item(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
    item.ReferencedSOPSequence = Sequence([_instance(sop_class_uid, sop_instance_uid)])
    return item


def _evidence(study_instance_uid: str, references: list[tuple[str, str, str]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = study_instance_uid
    study.ReferencedSeriesSequence = Sequence()
    for series_instance_uid in dict.fromkeys(one[0] for one in references):
        series = Dataset()
        series.SeriesInstanceUID = series_instance_uid
        series.ReferencedSOPSequence = Sequence([_instance(*one[1:]) for one in references if one[0] == series_instance_uid])
        study.ReferencedSeriesSequence.append(series)
    return study
