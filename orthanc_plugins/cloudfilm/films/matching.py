# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose film it is. Two of accession number, patient id and name must stand on it, of one exam and no other; else people decide. Pure.

A film has no patient in its attributes. A number alone may be a coincidence, a misread digit or another exam's: it never binds by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cloudfilm.dicom.person_name import display_name
from cloudfilm.films.reading import FilmText


@dataclass(frozen=True, slots=True)
class FilmCandidate:
    """An exam of the film's hospital that it may show. ``key`` is a StudyInstanceUID, or names a report that waits for images."""

    key: str
    accession_number: str
    patient_id: str
    patient_name: str
    study_date: date | None


@dataclass(frozen=True, slots=True)
class FilmMatched:
    """It shows this exam."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class FilmUnidentified:
    """People decide; the reason names no patient."""

    reason: str


def match_film(text: FilmText, candidates: Sequence[FilmCandidate]) -> FilmMatched | FilmUnidentified:
    """Decide which exam a film shows. Candidates are those with a number that stands on it."""
    if not text.is_whole:
        return FilmUnidentified("the film has too many images for all to be read")
    numbers = text.numbers
    patients = {one.patient_id for one in candidates if one.patient_id in numbers}
    if len(patients) > 1:
        return FilmUnidentified("numbers of several patients stand on the film")
    named = [one for one in candidates if one.accession_number and one.accession_number in numbers]
    if len(named) > 1:
        return FilmUnidentified("numbers of several exams stand on the film")
    if named:
        (exam,) = named
        if patients - {exam.patient_id}:
            return FilmUnidentified("the exam's number is of one patient, the patient's number of another")
        if (exam.patient_id in numbers and exam.patient_id != exam.accession_number) or _is_named(text, exam):
            return FilmMatched(exam.key, "accession number and patient stand on the film")
        return FilmUnidentified("an exam's number stands on the film, and nothing confirms it")
    of_the_day = [one for one in candidates if one.patient_id in numbers and one.study_date in text.dates and _is_named(text, one)]
    if len(of_the_day) == 1:
        return FilmMatched(of_the_day[0].key, "patient id, name and date stand on the film")
    if of_the_day:
        return FilmUnidentified("several exams of the patient on that day could be shown")
    return FilmUnidentified("nothing on the film tells an exam with certainty")


def _is_named(text: FilmText, exam: FilmCandidate) -> bool:
    return bool(exam.patient_name) and text.names(display_name(exam.patient_name), exam.patient_name.split("=")[0])
