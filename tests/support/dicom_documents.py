# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents as a hospital's systems add them to a study: an Encapsulated PDF, structured reports. Made from a seed, for `ct_study`'s studies."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from tests.support.samples import study_uid


def _document(seed: str, name: str, sop_class_uid: str, modality: str, character_set: str = "GB18030") -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class_uid
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    document.SpecificCharacterSet = character_set
    document.SOPClassUID, document.SOPInstanceUID = sop_class_uid, meta.MediaStorageSOPInstanceUID
    document.StudyInstanceUID, document.SeriesInstanceUID = study_uid(seed), generate_uid(entropy_srcs=[seed, name, "series"])
    document.PatientName, document.PatientID, document.PatientSex = "Wang^XiaoMing=王^小明", f"P{seed}", "M"
    document.PatientBirthDate, document.AccessionNumber, document.StudyID = "19800501", f"A{seed}", "1"
    document.StudyDate, document.StudyTime, document.StudyDescription = "20260305", "093000", "头颅CT平扫"
    document.ReferringPhysicianName, document.Manufacturer = "", "RIS"
    document.ContentDate, document.ContentTime = "20260305", "103200"
    document.Modality, document.SeriesNumber, document.InstanceNumber = modality, 50, 1
    return document


def pdf_document(seed: str, pdf: bytes, title: str = "CT检查报告单", name: str = "pdf") -> FileDataset:
    """An Encapsulated PDF."""
    document = _document(seed, name, EncapsulatedPDFStorage, "DOC")
    document.ConversionType, document.BurnedInAnnotation, document.AcquisitionDateTime = "WSD", "YES", ""
    document.DocumentTitle, document.ConceptNameCodeSequence = title, Sequence()
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return document


def text(code: tuple[str, str, str], words: str) -> Dataset:
    """A TEXT content item."""
    item = _item("TEXT", code)
    item.TextValue = words
    return item


def section(code: tuple[str, str, str], *content: Dataset) -> Dataset:
    """A CONTAINER content item."""
    item = _item("CONTAINER", code)
    item.ContinuityOfContent, item.ContentSequence = "SEPARATE", Sequence(content)
    return item


def _item(value_type: str, code: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = "CONTAINS", value_type, Sequence([_code(code)])
    return item


def _code(code: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def structured_report(
    seed: str,
    *content: Dataset,
    title: tuple[str, str, str] = ("18748-4", "LN", "Diagnostic Imaging Report"),
    template: str | None = "2000",
    sop_class_uid: str = BasicTextSRStorage,
    name: str = "sr",
) -> FileDataset:
    """A structured report with this content."""
    document = _document(seed, name, sop_class_uid, "SR")
    document.ReferencedPerformedProcedureStepSequence = document.PerformedProcedureCodeSequence = Sequence()
    document.CompletionFlag, document.VerificationFlag = "COMPLETE", "VERIFIED"
    observer = Dataset()
    observer.VerifyingObserverName, observer.VerifyingOrganization, observer.VerificationDateTime = "张^建国", "甲医院", "20260305103200"
    observer.VerifyingObserverIdentificationCodeSequence = Sequence()
    document.VerifyingObserverSequence = Sequence([observer])
    document.ValueType, document.ContinuityOfContent = "CONTAINER", "SEPARATE"
    document.ConceptNameCodeSequence, document.ContentSequence = Sequence([_code(title)]), Sequence(content)
    if template is not None:
        named = Dataset()
        named.MappingResource, named.TemplateIdentifier = "DCMR", template
        document.ContentTemplateSequence = Sequence([named])
    return document


def saved(document: FileDataset, path: Path) -> Path:
    """The document as a file."""
    document.save_as(path, enforce_file_format=True)
    return path
