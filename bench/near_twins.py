# SPDX-License-Identifier: AGPL-3.0-or-later
"""Studies that are almost the one that a report belongs to: what a wrong match would be made of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.matching import StudyCandidate

RIGHT = "1.2.826.0.1.1"
_MISTAKEN = str.maketrans("0123456789", "8710985630")  # digits that are taken for each other


def right_study(truth: ReportFields) -> StudyCandidate:
    """The study that a report belongs to."""
    return StudyCandidate(
        RIGHT,
        truth.patient_id,
        truth.patient_name,
        truth.accession_number,
        date.fromisoformat((truth.exam_time or "")[:10]),
        truth.body_part,
        (truth.modality,) if truth.modality else (),
    )


def near_twins(truth: ReportFields) -> list[StudyCandidate]:
    """Another exam of the patient on the same day; other patients whose numbers differ in one digit; the same numbers the other way round."""
    right = right_study(truth)
    accession, patient_id = truth.accession_number or "", truth.patient_id or ""
    day = right.study_date or date.min
    twins = [
        replace(right, accession_number=f"{accession}1"),
        replace(right, accession_number=f"{accession[:-2]}{accession[-1]}{accession[-2]}X"),
        replace(right, accession_number=f"{accession}2", study_date=day + timedelta(days=1)),
        replace(right, accession_number=patient_id, patient_id=accession),
        replace(right, accession_number=f"{accession}3", body_part=None),
    ]
    for other_accession, other_patient in zip(_one_digit_off(accession), _one_digit_off(patient_id), strict=False):
        twins.append(replace(right, accession_number=other_accession, patient_id=other_patient, patient_name="王^五"))
        twins.append(replace(right, accession_number=other_accession))
        twins.append(replace(right, accession_number=f"{accession}9", patient_id=other_patient, patient_name="王^五"))
    return [replace(twin, study_instance_uid=f"{RIGHT}.{number}") for number, twin in enumerate(twins, 1)]


def _one_digit_off(number: str) -> Iterator[str]:
    for place, digit in enumerate(number):
        if digit.isdigit():
            yield number[:place] + digit.translate(_MISTAKEN) + number[place + 1 :]
