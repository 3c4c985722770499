# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an instance that came with a study says, if it is a report: the document or the text, and whose it is. Pure.

Not every document is one. By SOP class, dose reports, CAD results, key object selections and procedure logs are left out before anything is
read (`cloudfilm.dicom.report_classes`). Of the three classes that are used for everything, a structured report counts when its template is one of
a diagnostic report, or, where it names no template, when its title is no list of measurements; and only when it has findings or an impression.
An Encapsulated PDF counts unless its title says that it is something else: a requisition, a consent, a dose sheet.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from cloudfilm.dicom.own_instances import KeptIdentity, own_identity
from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.report_classes import DOCUMENTS, TEXT_REPORTS
from cloudfilm.dicom.values import parse_dicom_date, parse_dicom_time
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.sr_text import TooManyItems, concept_of, sr_text

# PS3.16: Basic Diagnostic Imaging Report, Transcribed Diagnostic Imaging Report, Imaging Report With Conditional Radiation Exposure and
# Protocol Information, Breast Imaging Report.
_REPORT_TEMPLATES = frozenset({"2000", "2005", "2006", "4200"})
# Titles of what devices and programs make without a template's name: measurements, doses, detections, procedure logs.
_NO_REPORT_TITLES = frozenset(
    {"113701", "113500", "113811", "126000", "125000", "125100", "125200", "111036", "112000", "111400", "121181", "100001"}
)
_NO_REPORT_WORDS = re.compile(r"\bdose\b|剂量|measurement|测量|\bCAD\b|procedure log|worksheet|key (object|image)", re.IGNORECASE)
_NO_REPORT_DOCUMENT = re.compile(
    r"申请单|申請單|知情同意|同意书|剂量|收费|发票|预约|requisition|request form|consent|\bdose\b|invoice|appointment|\bECG\b|心电图波形",
    re.IGNORECASE,
)
_MODALITIES = frozenset({"CT", "MR", "DX", "CR", "DR", "MG", "US", "ES", "NM", "PT", "XA", "RF"})


@dataclass(frozen=True, slots=True)
class DicomReport:
    """``document`` is the PDF, None where there is only text. ``fields`` is what the header and the content say."""

    document: bytes | None
    fields: ReportFields
    title: str


@dataclass(frozen=True, slots=True)
class NotAReport:
    """It stays in its study and is no more than that. ``own`` says which of our own instances came back."""

    reason: str
    own: KeptIdentity | None = None


def read_dicom_report(file: bytes) -> DicomReport | NotAReport:
    """Judge and read one instance (a DICOM file)."""
    try:
        dataset = dcmread(io.BytesIO(file), stop_before_pixels=True)
        if dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            return NotAReport("it is compressed as a whole, which is not read")
        if (own := own_identity(dataset)) is not None:
            return NotAReport("it is an instance that CloudFilm made itself", own)
        return _document(dataset) if dataset.SOPClassUID in DOCUMENTS else _text(dataset)
    except TooManyItems:
        return NotAReport("its content is larger than a report's")
    except Exception as error:  # whatever a library makes of it: this one instance is marked, and the worker goes on
        return NotAReport(f"it cannot be read ({type(error).__name__})")


def _document(dataset: Dataset) -> DicomReport | NotAReport:
    title = str(dataset.get("DocumentTitle", "") or "").strip()
    said = (title, concept_of(dataset, "ConceptNameCodeSequence")[2], str(dataset.get("SeriesDescription", "") or ""))
    if any(_NO_REPORT_DOCUMENT.search(one) for one in said):
        return NotAReport("its title says that it is another document")
    if str(dataset.get("MIMETypeOfEncapsulatedDocument", "")).strip() not in ("application/pdf", ""):
        return NotAReport("it is no PDF")
    content: bytes = dataset.EncapsulatedDocument
    length = dataset.get("EncapsulatedDocumentLength")
    if isinstance(length, int) and len(content) - 1 <= length <= len(content):
        content = content[:length]
    elif content.endswith(b"\0"):
        content = content[:-1]  # padded to an even length (PS3.5 §6.2)
    return DicomReport(content, _whose(_header(dataset)), title or said[2])


def _whose(header: ReportFields) -> ReportFields:
    """Of a document that has words of its own, the header says whose it is only; a name in Latin letters is no other name than the paper's."""
    name = header.patient_name if re.search(r"[\u4e00-\u9fff]", header.patient_name or "") else None
    return ReportFields(patient_name=name, patient_id=header.patient_id, accession_number=header.accession_number)


def _text(dataset: Dataset) -> DicomReport | NotAReport:
    if dataset.SOPClassUID not in TEXT_REPORTS:
        return NotAReport("its SOP class is not one of a report")
    scheme, value, title = concept_of(dataset, "ConceptNameCodeSequence")
    template = next((str(one.get("TemplateIdentifier", "")) for one in dataset.get("ContentTemplateSequence") or []), "")
    if template and template not in _REPORT_TEMPLATES:
        return NotAReport(f"its template, {template[:16]}, is not one of a diagnostic report")
    if not template and ((scheme == "DCM" and value in _NO_REPORT_TITLES) or _NO_REPORT_WORDS.search(title)):
        return NotAReport("its title is one of measurements, doses or a log")
    if str(dataset.get("CompletionFlag", "")) == "PARTIAL":
        return NotAReport("it says that it is not complete")
    text = sr_text(dataset)
    if not text.findings and not text.impression:
        return NotAReport("it has neither findings nor an impression in words")
    header = _header(dataset)
    author, reviewer = _doctors(dataset, text.observers)
    fields = ReportFields(
        **{
            **header.to_json(),
            "findings": "\n".join(text.findings) or None,
            "impression": "\n".join(text.impression) or None,
            "reporting_doctor": author,
            "reviewing_doctor": reviewer,
            "report_time": _moment(dataset, "ContentDate", "ContentTime"),
            "report_kind": title if re.search(r"[\u4e00-\u9fff]", title) else None,
        }
    )
    return DicomReport(None, fields, title)


def _header(dataset: Dataset) -> ReportFields:
    """What the header says of the patient and the exam, by the names that a report has for it."""

    def said(keyword: str) -> str | None:
        return str(dataset.get(keyword, "") or "").replace("\0", "").strip() or None

    modality = said("Modality")
    return ReportFields(
        hospital_name=None,
        modality=modality if modality in _MODALITIES else None,
        patient_name=display_name(said("PatientName") or "") or None,
        patient_sex=sex if (sex := said("PatientSex")) in ("M", "F", "O") else None,
        patient_id=said("PatientID"),
        accession_number=said("AccessionNumber"),
        exam_time=_moment(dataset, "StudyDate", "StudyTime"),
    )


def _doctors(dataset: Dataset, observers: list[str]) -> tuple[str | None, str | None]:
    """Who wrote and who verified it: by the document's header, else the first observer of its content."""
    verifying = [str(one.get("VerifyingObserverName", "")) for one in dataset.get("VerifyingObserverSequence") or []]
    authors = [str(one.get("PersonName", "")) for one in dataset.get("AuthorObserverSequence") or []]
    author = next((name for name in (*authors, *observers) if name.strip()), "")
    reviewer = next((name for name in verifying if name.strip()), "")
    return display_name(author) or None, display_name(reviewer) or None


def _moment(dataset: Dataset, date_keyword: str, time_keyword: str) -> str | None:
    day, hour = (str(dataset.get(keyword, "") or "") for keyword in (date_keyword, time_keyword))
    when, at = parse_dicom_date(day), parse_dicom_time(hour)
    return when.isoformat() + (f"T{at:%H:%M}" if at else "") if when else None
