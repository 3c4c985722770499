# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which instances are reports, and what they say."""

from __future__ import annotations

import io
from datetime import datetime
from uuid import UUID

import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ComprehensiveSRStorage, EnhancedSRStorage, KeyObjectSelectionDocumentStorage, XRayRadiationDoseSRStorage

from cloudfilm.dicom.report_classes import may_be_report
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.reports.dicom_report import DicomReport, NotAReport, read_dicom_report
from cloudfilm.reports.encapsulated_pdf import encapsulated_pdf
from cloudfilm.reports.kept_instances import KeptReport
from tests.support.dicom_documents import pdf_document, section, structured_report, text
from tests.support.samples import FIELDS

FINDINGS, FINDING = ("121070", "DCM", "Findings"), ("121071", "DCM", "Finding")
CONCLUSIONS, CONCLUSION = ("121076", "DCM", "Conclusions"), ("121077", "DCM", "Conclusion")
LINE = text(FINDING, "未见异常。")


def file_of(document: FileDataset) -> bytes:
    target = io.BytesIO()
    document.save_as(target, enforce_file_format=True)
    return target.getvalue()


def read(document: FileDataset) -> DicomReport:
    report = read_dicom_report(file_of(document))
    assert isinstance(report, DicomReport), report
    return report


def why_not(document: FileDataset) -> str:
    report = read_dicom_report(file_of(document))
    assert isinstance(report, NotAReport)
    return report.reason


@pytest.mark.parametrize(
    ("findings", "impression"),
    [
        (FINDINGS, CONCLUSIONS),
        (("59776-5", "LN", "Procedure findings"), ("19005-8", "LN", "Radiology Imaging study [Impression]")),
        (("1", "99HIS", "检查所见"), ("2", "99HIS", "诊断意见")),
        (("1", "99HIS", "超声描述"), ("2", "99HIS", "超声提示")),
    ],
)
def test_sections_are_known_by_code_or_by_name(findings: tuple[str, str, str], impression: tuple[str, str, str]) -> None:
    document = structured_report(
        "31100", section(findings, text(("3", "99HIS", "正文"), "甲。\r\n乙。")), section(impression, text(("4", "99HIS", "正文"), "丙。"))
    )
    fields = read(document).fields
    assert (fields.findings, fields.impression) == ("甲。\n乙。", "丙。")


def test_whose_it_is_stands_in_the_header() -> None:
    report = read(structured_report("31101", section(FINDINGS, LINE)))
    assert report.document is None
    assert (report.fields.patient_name, report.fields.patient_id, report.fields.accession_number) == ("王小明", "P31101", "A31101")
    assert (report.fields.exam_time, report.fields.report_time) == ("2026-03-05T09:30", "2026-03-05T10:32")
    assert (report.fields.reviewing_doctor, report.fields.modality) == ("张建国", None)


def test_no_section_is_lost() -> None:
    document = structured_report(
        "31102",
        section(("121060", "DCM", "History"), text(("1", "99HIS", "History"), "头痛。")),
        section(FINDINGS, LINE, section(("1", "99HIS", "左肺"), text(FINDING, "清晰。")), text(("2", "99HIS", "纵隔"), "居中。")),
        section(CONCLUSIONS, text(CONCLUSION, "正常。")),
        section(("121074", "DCM", "Recommendations"), text(("121075", "DCM", "Recommendation"), "复查。")),
    )
    fields = read(document).fields
    assert fields.findings == "History：\n头痛。\n未见异常。\n左肺：\n清晰。\n纵隔：居中。"
    assert fields.impression == "正常。\nRecommendations：\n复查。"


def test_codes_and_measurements_are_written_out() -> None:
    size, unit = Dataset(), Dataset()
    size.RelationshipType, size.ValueType, size.ConceptNameCodeSequence = "CONTAINS", "NUM", Sequence([Dataset()])
    size.ConceptNameCodeSequence[0].CodeMeaning = "长径"
    unit.CodeValue = "mm"
    size.MeasuredValueSequence = Sequence([Dataset()])
    size.MeasuredValueSequence[0].NumericValue, size.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = "12.5", Sequence([unit])
    kind = Dataset()
    kind.RelationshipType, kind.ValueType, kind.ConceptNameCodeSequence = "CONTAINS", "CODE", Sequence([Dataset()])
    kind.ConceptNameCodeSequence[0].CodeMeaning, kind.ConceptCodeSequence = "性质", Sequence([Dataset()])
    kind.ConceptCodeSequence[0].CodeMeaning = "囊肿"
    report = read(structured_report("31103", section(FINDINGS, size, kind), sop_class_uid=EnhancedSRStorage))
    assert report.fields.findings == "长径：12.5 mm\n性质：囊肿"


@pytest.mark.parametrize("sop_class_uid", [XRayRadiationDoseSRStorage, KeyObjectSelectionDocumentStorage])
def test_classes_of_their_own_are_never_looked_at(sop_class_uid: str) -> None:
    assert not may_be_report(sop_class_uid)


@pytest.mark.parametrize(
    ("title", "template"),
    [
        (("113701", "DCM", "X-Ray Radiation Dose Report"), "10011"),
        (("113701", "DCM", "X-Ray Radiation Dose Report"), None),
        (("126000", "DCM", "Imaging Measurement Report"), "1500"),
        (("125000", "DCM", "OB-GYN Ultrasound Procedure Report"), None),
        (("1", "99HIS", "CT剂量报告"), None),
    ],
)
def test_doses_and_measurements_are_no_reports(title: tuple[str, str, str], template: str | None) -> None:
    document = structured_report("31104", section(FINDINGS, LINE), title=title, template=template, sop_class_uid=ComprehensiveSRStorage)
    assert "is not one of a diagnostic report" in why_not(document) or "measurements, doses or a log" in why_not(document)


def test_a_title_without_a_template_is_enough() -> None:
    assert (
        read(structured_report("31105", section(FINDINGS, LINE), title=("1", "99HIS", "CT检查报告"), template=None)).fields.report_kind
        == "CT检查报告"
    )


def test_a_report_without_words_and_one_that_is_not_complete_are_left() -> None:
    assert "neither findings nor an impression" in why_not(structured_report("31106"))
    partial = structured_report("31106", section(FINDINGS, LINE))
    partial.CompletionFlag = "PARTIAL"
    assert "not complete" in why_not(partial)


@pytest.mark.parametrize("pdf", [b"%PDF-1.7 even", b"%PDF-1.7 odd.."])
def test_the_document_is_the_pdf_byte_for_byte(pdf: bytes) -> None:
    report = read(pdf_document("31107", pdf))
    assert (report.document, report.title) == (pdf, "CT检查报告单")
    assert (report.fields.patient_name, report.fields.patient_id, report.fields.accession_number) == ("王小明", "P31107", "A31107")


def test_a_name_in_latin_letters_contradicts_no_paper() -> None:
    document = pdf_document("31108", b"%PDF-1.7")
    document.PatientName = "Wang^XiaoMing"
    assert read(document).fields.patient_name is None


@pytest.mark.parametrize("title", ["CT检查申请单", "增强检查知情同意书", "Dose report", "Appointment"])
def test_other_documents_are_left(title: str) -> None:
    assert "another document" in why_not(pdf_document("31109", b"%PDF-1.7", title=title))


def test_our_own_come_back_as_our_own() -> None:
    study = StudyContext("1.2.3", {"PatientID": "P1"})
    own = encapsulated_pdf(KeptReport(UUID(int=3), "甲医院", FIELDS, b"%PDF-1.7", datetime(2026, 3, 5)), study)
    report = read_dicom_report(own)
    assert isinstance(report, NotAReport)
    assert report.own is not None
    assert report.own.report_id == UUID(int=3)


@pytest.mark.parametrize("file", [b"", b"nonsense", b"\0" * 128 + b"DICM" + b"\xff" * 400])
def test_what_cannot_be_read_is_left(file: bytes) -> None:
    assert isinstance(read_dicom_report(file), NotAReport)


def test_a_tree_without_end_is_left() -> None:
    inner = section(FINDINGS, LINE)
    for _ in range(60):
        inner = section(FINDINGS, inner)
    assert "larger than a report" in why_not(structured_report("31110", inner))
