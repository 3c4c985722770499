# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts what the hospital's register says of a patient into the record of the patient's studies. The DICOM objects stay as they are.

Numbers of the register and of the images may be counted apart, and then equal ones are two people's. So the register's word is taken by itself
only where name or date of birth agree with what the images say; else it is kept back until staff have looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.patient_corrections import Correction, Person, corrections_of, set_person, studies_of_patient
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.said import together, values_of
from cloudfilm.db.studies import StudyRecord
from cloudfilm.reports.evidence import same_person_name


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who the patient is, and whether the register's word waits for staff."""

    shown: Person
    waits: bool = False


def corrected(images: Person, corrections: Sequence[Correction]) -> Outcome:
    """What counts when images and register say this. Pure."""
    register = values_of(together(*(one.said for one in corrections if one.decision != "refused")))
    name, sex, birth_date = register.get("patient_name", ""), register.get("patient_sex", ""), _date(register.get("patient_birth_date", ""))
    names_agree = same_person_name(name, images.name)
    shown = images
    if name and names_agree is not True:
        shown = replace(shown, name=name)
    if sex and sex != images.sex:
        shown = replace(shown, sex=sex)
    if birth_date and birth_date != images.birth_date:
        shown = replace(shown, birth_date=birth_date)
    born_alike = birth_date is not None and birth_date == images.birth_date
    if shown == images or names_agree is True or born_alike or any(one.decision == "accepted" for one in corrections):
        return Outcome(shown)
    return Outcome(images, waits=True)


def correct_studies_in(cursor: Cursor, hospital_id: str, patient_ids: Iterable[str], now: datetime) -> None:
    """Bring the record of a patient's studies up to what is said of the patient; the hospital's reports must be locked."""
    for number in sorted({one for one in patient_ids if one}):
        numbers = numbers_of_patient(cursor, hospital_id, [number])
        corrections = corrections_of(cursor, hospital_id, numbers)
        for study in studies_of_patient(cursor, hospital_id, numbers):
            images = person_of_images(study)
            outcome = corrected(images, corrections)
            if outcome != Outcome(_person(study), study.correction_waits):
                set_person(cursor, study, images, outcome.shown, outcome.waits, now)


def person_of_images(study: StudyRecord) -> Person:
    """Who the patient is as the DICOM objects say."""
    if study.corrected_at is None:
        return _person(study)
    return Person(study.images_patient_name or "", study.images_patient_sex or "", study.images_patient_birth_date)


def _person(study: StudyRecord) -> Person:
    return Person(study.patient_name, study.patient_sex, study.patient_birth_date)


def _date(value: str) -> date | None:
    return date.fromisoformat(value) if value else None
