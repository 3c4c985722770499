# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is printed on a report, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

REPORT_STATUSES = ("P", "F", "C", "X")


@dataclass(frozen=True, slots=True)
class ReportFields:
    """
    The fields of one report. `None` means: not on the paper, or not recognised with certainty.

    Attributes
    ----------
    hospital_name, report_kind
        The two lines of the title, for example 某某市人民医院 and CT检查报告单.
    modality
        A DICOM Modality (PS3.3 §C.7.3.1.1.1): CT, MR, DX, CR, MG, US or ES.
    patient_sex
        M, F or O, as in PatientSex.
    patient_age
        As printed, for example 45岁.
    patient_id
        The image number (影像号), which is DICOM's PatientID.
    accession_number
        The exam number (检查号), which is DICOM's AccessionNumber.
    exam_time, report_time
        The hospital's local time, YYYY-MM-DDTHH:MM, or YYYY-MM-DD where the paper has only the date.
    findings, impression
        Paragraphs, one a line.
    report_status
        What the sender says of this version (HL7 table 0123): P preliminary, F final, C corrected, X withdrawn. Never read from the paper.
    """

    hospital_name: str | None = None
    report_kind: str | None = None
    modality: str | None = None
    patient_name: str | None = None
    patient_sex: str | None = None
    patient_age: str | None = None
    patient_id: str | None = None
    department: str | None = None
    outpatient_number: str | None = None
    inpatient_number: str | None = None
    bed_number: str | None = None
    accession_number: str | None = None
    exam_time: str | None = None
    report_time: str | None = None
    body_part: str | None = None
    findings: str | None = None
    impression: str | None = None
    reporting_doctor: str | None = None
    reviewing_doctor: str | None = None
    report_status: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recognised that says whose report this is, or what it says."""
        return not any((self.patient_name, self.patient_id, self.accession_number, self.findings, self.impression))

    def to_json(self) -> dict[str, str | None]:
        """Every field by its name, the missing ones as null."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "ReportFields":
        """
        The inverse of `to_json`. Names that are not fields are ignored, so that an older reader understands a newer document.

        Raises
        ------
        TypeError
            When a field is neither a string nor null.
        """
        known = {field.name: document.get(field.name) for field in fields(cls)}
        values: dict[str, str | None] = {}
        for name, value in known.items():
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} must be a string or null, not {type(value).__name__}")
            values[name] = value
        return cls(**values)
