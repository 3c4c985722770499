# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the review page shows of a report and of the exams that it may belong to: plain values, ready for a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cloudfilm.db.reports import ReportPage, ReportRecord
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.evidence import FIELD_OF, Compared, Evidence, Sign
from cloudfilm.reports.field_reading import SURE
from cloudfilm.reports.fields import ReportFields

# First what says whose report it is and of which exam.
_ORDER = (
    "patient_name", "patient_id", "accession_number", "patient_sex", "patient_age", "exam_time", "modality", "body_part", "report_kind",
    "report_time", "report_status", "outpatient_number", "inpatient_number", "bed_number", "department", "hospital_name",
    "reporting_doctor", "reviewing_doctor", "impression", "findings",
)  # fmt: skip
IDENTIFYING = frozenset(FIELD_OF.values())


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field as it was read; ``percent`` is how sure that is, None where nobody can say."""

    name: str
    value: str
    percent: int | None
    is_unsure: bool
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """Where a field stands on its page: points from the top left corner."""

    name: str
    left: float
    top: float
    width: float
    height: float
    is_unsure: bool


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page's picture, and what was read where."""

    page: ReportPage
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class ShownCandidate:
    """An exam that the report may belong to. ``key`` is the digit that chooses it, empty after the ninth."""

    study: StudyRecord
    patient_name: str
    modalities: str
    score: int
    evidence: tuple[Evidence, ...]
    unknown: tuple[Sign, ...]
    key: str
    is_bound: bool

    @property
    def is_contradicted(self) -> bool:
        """Whether something speaks against it being this patient."""
        return any(one.sign in (Sign.PATIENT_NUMBER, Sign.NAME, Sign.SEX) and not one.agrees for one in self.evidence)


def shown_fields(document: dict[str, Any]) -> list[ShownField]:
    """The fields in the order in which people look; of those that identify the exam the missing ones too."""
    values, readings = ReportFields.from_json(document).to_json(), document.get("readings") or {}
    shown = []
    for name in _ORDER:
        value, confidence = values[name], readings.get(name, {}).get("confidence")
        if value:
            percent = None if confidence is None else round(100 * confidence)
            shown.append(ShownField(name, value, percent, confidence is not None and confidence < SURE))
        elif name in IDENTIFYING:
            shown.append(ShownField(name, "", None, is_unsure=False, is_missing=True))
    return shown


def shown_pages(pages: Sequence[ReportPage], report: ReportRecord) -> list[ShownPage]:
    """Each page with its boxes."""
    readings = report.fields.get("readings") or {}
    return [ShownPage(page, tuple(_boxes(page, readings))) for page in pages]


def _boxes(page: ReportPage, readings: dict[str, Any]) -> list[Box]:
    if page.width_points is None:
        return []
    found = [(name, one) for name, one in readings.items() if one.get("page") == page.page and one.get("box")]
    return [
        Box(name, left, top, round(right - left, 1), round(bottom - top, 1), one["confidence"] < SURE)
        for name, one in found
        for left, top, right, bottom in [one["box"]]
    ]


def shown_candidates(compared: Sequence[Compared], studies: Sequence[StudyRecord], bound: Sequence[str]) -> list[ShownCandidate]:
    """The candidates in their order, each with the key that chooses it."""
    of_uid = {study.study_instance_uid: study for study in studies}
    shown = []
    for number, one in enumerate(compared, start=1):
        study = of_uid[one.study.study_instance_uid]
        known = {item.sign for item in one.evidence} | {Sign.STUDY_NUMBER}
        shown.append(
            ShownCandidate(
                study=study,
                patient_name=display_name(study.patient_name),
                modalities="/".join(study.modalities),
                score=one.score,
                evidence=one.evidence,
                unknown=tuple(sign for sign in Sign if sign not in known),
                key=str(number) if number <= 9 else "",
                is_bound=study.study_instance_uid in bound,
            )
        )
    return shown
