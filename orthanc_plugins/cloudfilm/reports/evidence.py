# SPDX-License-Identifier: AGPL-3.0-or-later
"""What speaks for and against a report belonging to a study: one piece of evidence for each thing that both know, and a score. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cloudfilm.dicom.exam_numbers import exam_numbers
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.body_parts import body_parts
from cloudfilm.reports.fields import ReportFields

# One plain film is named in several ways: by the report's title as DR, by the modality as CR, DX or RF.
_SAME_MODALITY = {"DX": frozenset({"DX", "CR", "DR", "RF"}), "CR": frozenset({"DX", "CR", "DR", "RF"}), "MG": frozenset({"MG", "DX", "CR"})}
_SEPARATORS = re.compile(r"[\s^·•.,'’-]+")
_HAN = re.compile("[⺀-鿿\U00020000-\U0003ffff]")


class Sign(StrEnum):
    """What is compared."""

    ACCESSION_NUMBER = "accession number"
    STUDY_NUMBER = "study number"
    PATIENT_NUMBER = "patient number"
    NAME = "name"
    SEX = "sex"
    DATE = "date"
    BODY_PART = "body part"
    MODALITY = "modality"


# What equality is worth; together 100, where a study number stands in for an accession number.
_WORTH = {
    Sign.ACCESSION_NUMBER: 40, Sign.STUDY_NUMBER: 25, Sign.PATIENT_NUMBER: 28, Sign.NAME: 12, Sign.DATE: 10, Sign.BODY_PART: 5,
    Sign.MODALITY: 3, Sign.SEX: 2,
}  # fmt: skip
# The name of a field that says it, for the confidence with which it was read.
FIELD_OF = {
    Sign.ACCESSION_NUMBER: "accession_number", Sign.STUDY_NUMBER: "accession_number", Sign.PATIENT_NUMBER: "patient_id",
    Sign.NAME: "patient_name", Sign.SEX: "patient_sex", Sign.DATE: "exam_time", Sign.BODY_PART: "body_part", Sign.MODALITY: "modality",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StudyCandidate:
    """What is known of a study of the report's own hospital. `modalities` is ModalitiesInStudy (0008,0061)."""

    study_instance_uid: str
    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    study_date: date | None = None
    body_part: str | None = None
    modalities: tuple[str, ...] = ()
    patient_sex: str | None = None
    study_id: str | None = None
    # As the images say it, where the hospital's register has corrected it: papers of before name the patient so.
    former_name: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison: what the report says, what the study says, and whether that agrees."""

    sign: Sign
    agrees: bool
    said: str
    known: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A study beside the report. What either does not know is not among the evidence."""

    study: StudyCandidate
    evidence: tuple[Evidence, ...]

    def agrees(self, *signs: Sign) -> bool:
        """Whether all of these are known and equal."""
        return set(signs) <= {one.sign for one in self.evidence if one.agrees}

    def differs(self, *signs: Sign) -> bool:
        """Whether one of these is known and not equal."""
        return any(one.sign in signs and not one.agrees for one in self.evidence)

    @property
    def score(self) -> int:
        """0 to 100: what agrees less what differs. It orders candidates for people; it never decides."""
        return max(0, min(100, sum(_WORTH[one.sign] * (1 if one.agrees else -1) for one in self.evidence)))


def compare(fields: ReportFields, study: StudyCandidate, patients_numbers: Collection[str] = ()) -> Compared:
    """Compare a report with a study; `patients_numbers` are the numbers under which the report's patient is known too (merged patients)."""
    return Compared(study, tuple(_evidence(fields, study, patients_numbers)))


def _evidence(fields: ReportFields, study: StudyCandidate, patients_numbers: Collection[str]) -> Iterator[Evidence]:
    numbers, accession_number, study_id = exam_numbers(fields.accession_number), trimmed(study.accession_number), trimmed(study.study_id)
    if numbers and accession_number:
        yield Evidence(Sign.ACCESSION_NUMBER, accession_number in numbers, numbers[0], accession_number)
    if study_id in numbers and accession_number not in numbers:
        yield Evidence(Sign.STUDY_NUMBER, True, numbers[0], study_id)
    said, known = trimmed(fields.patient_id), trimmed(study.patient_id)
    if said and known:
        yield Evidence(Sign.PATIENT_NUMBER, known == said or known in patients_numbers, said, known)
    elif known and known in (trimmed(fields.outpatient_number), trimmed(fields.inpatient_number)):
        yield Evidence(Sign.PATIENT_NUMBER, True, known, known)
    if fields.patient_name and study.patient_name:
        is_same = same_name(fields.patient_name, study.patient_name)
        if study.former_name and not is_same:
            is_same = same_name(fields.patient_name, study.former_name) or is_same
        if is_same is not None:
            yield Evidence(Sign.NAME, is_same, fields.patient_name, display_name(study.patient_name))
    if fields.patient_sex in ("M", "F") and study.patient_sex in ("M", "F"):
        yield Evidence(Sign.SEX, fields.patient_sex == study.patient_sex, fields.patient_sex, study.patient_sex)
    day = exam_date(fields)
    if day and study.study_date:
        yield Evidence(Sign.DATE, day == study.study_date, day.isoformat(), study.study_date.isoformat())
    said_parts, known_parts = body_parts(fields.body_part), body_parts(study.body_part)
    if said_parts and known_parts:
        yield Evidence(Sign.BODY_PART, bool(said_parts & known_parts), fields.body_part or "", study.body_part or "")
    if fields.modality and study.modalities:
        possible = _SAME_MODALITY.get(fields.modality, frozenset({fields.modality}))
        yield Evidence(Sign.MODALITY, bool(possible & set(study.modalities)), fields.modality, "/".join(study.modalities))


def same_name(said: str, person_name: str) -> bool | None:
    """Whether a name on paper is one of a PN's spellings; `None` when they are not written in one script and cannot be compared."""
    written = _plain(said)
    spellings = [spelling for group in person_name.split("=") for spelling in _spellings(group)]
    if written in spellings:
        return True
    is_han = bool(_HAN.search(written))
    return False if any(bool(_HAN.search(spelling)) is is_han for spelling in spellings) else None


def same_person_name(one: str, other: str) -> bool | None:
    """Whether two PN values name one person in any of their spellings; `None` when no two are written in one script."""
    compared = [same_name(display_name(group), other) for group in one.split("=") if group.strip("^ ")] if other else []
    return True if True in compared else False if False in compared else None


def _spellings(group: str) -> list[str]:
    """Family name first and last: ``Wang^XiaoMing`` is printed both ways."""
    parts = [part for part in group.split("^") if part.strip()]
    return [plain for plain in (_plain("".join(parts)), _plain("".join(parts[1:] + parts[:1]))) if plain]


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def trimmed(number: str | None) -> str:
    """A number as it is compared: without the spaces that DICOM pads with, and otherwise exactly. Case and leading zeros count."""
    return (number or "").strip()


def exam_date(fields: ReportFields) -> date | None:
    """The day of the exam that the report names."""
    try:
        return date.fromisoformat((fields.exam_time or "")[:10])
    except ValueError:
        return None
