# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a hospital's register says of its patients (HL7 ADT^A08, A31), and the studies in whose record it stands in the images' place."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.said import Said, values_of, with_word
from cloudfilm.db.studies import StudyRecord

_STUDY_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Correction:
    """One row of ``patient_correction``: ``decision`` is what staff said of it, "", accepted or refused."""

    patient_id: str
    said: Said
    decision: str
    source_name: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who a patient is: ``name`` is a PN value; what is not known is "" or None."""

    name: str
    sex: str
    birth_date: date | None


def take_correction(
    cursor: Cursor,
    hospital_id: str,
    patient_id: str,
    facts: dict[str, str],
    said_at: datetime,
    source_name: str,
    control_id: str,
    received_at: datetime,
) -> bool:
    """Add what a message says of a patient; return whether that changed anything. Whatever staff decided was about what was known then."""
    known = next(iter(corrections_of(cursor, hospital_id, [patient_id])), None)
    said = with_word(known.said if known else {}, facts, said_at)
    if known is not None and said == known.said:
        return False
    changed = known is None or values_of(said) != values_of(known.said)
    cursor.execute(
        "INSERT INTO patient_correction (hospital_id, patient_id, said, source_name, control_id, received_at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (hospital_id, patient_id) DO UPDATE SET said = excluded.said, source_name = excluded.source_name,"
        " control_id = excluded.control_id, received_at = excluded.received_at,"
        " decision = CASE WHEN %s THEN '' ELSE patient_correction.decision END",
        (hospital_id, patient_id, json.dumps(said), source_name, control_id, received_at, changed),
    )
    return changed


def corrections_of(cursor: Cursor, hospital_id: str, patient_ids: Collection[str]) -> list[Correction]:
    """What is said of the patients with these numbers."""
    cursor.execute(
        "SELECT patient_id, said, decision, source_name, received_at FROM patient_correction WHERE hospital_id = %s AND patient_id = ANY(%s)"
        " ORDER BY patient_id",
        (hospital_id, list(patient_ids)),
    )
    return [Correction(*row) for row in cursor.fetchall()]


def decide_correction(cursor: Cursor, hospital_id: str, patient_ids: Collection[str], decision: str) -> int:
    """Staff accept what the register says of a patient, or refuse it; return of how many numbers."""
    cursor.execute(
        "UPDATE patient_correction SET decision = %s WHERE hospital_id = %s AND patient_id = ANY(%s)",
        (decision, hospital_id, list(patient_ids)),
    )
    return cursor.rowcount


def studies_of_patient(cursor: Cursor, hospital_id: str, patient_ids: Collection[str]) -> list[StudyRecord]:
    """The studies under these numbers, locked."""
    cursor.execute(
        f"SELECT {_STUDY_COLUMNS} FROM study WHERE hospital_id = %s AND patient_id = ANY(%s) AND patient_id <> ''"
        " ORDER BY study_instance_uid FOR NO KEY UPDATE",
        (hospital_id, list(patient_ids)),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]


def set_person(cursor: Cursor, study: StudyRecord, images: Person, shown: Person, waits: bool, now: datetime) -> None:
    """Write down who the patient of a study is; what the images say is kept beside it where that is something else."""
    is_corrected = shown != images
    cursor.execute(
        "UPDATE study SET patient_name = %s, patient_sex = %s, patient_birth_date = %s, images_patient_name = %s, images_patient_sex = %s,"
        " images_patient_birth_date = %s, corrected_at = %s, correction_waits = %s WHERE study_instance_uid = %s",
        (
            shown.name, shown.sex, shown.birth_date,
            *((images.name, images.sex, images.birth_date) if is_corrected else (None, None, None)),
            (study.corrected_at or now) if is_corrected else None, waits, study.study_instance_uid,
        ),
    )  # fmt: skip


def corrected_studies(cursor: Cursor, hospital_id: str, text: str = "", limit: int = 100) -> list[StudyRecord]:
    """Studies in whose record the register's word stands, or waits for staff, which come first; or those with this number."""
    cursor.execute(
        f"SELECT {_STUDY_COLUMNS} FROM study WHERE hospital_id = %s AND (corrected_at IS NOT NULL OR correction_waits)"
        " AND (%s = '' OR %s IN (patient_id, accession_number))"
        " ORDER BY correction_waits DESC, study_date DESC NULLS LAST, study_instance_uid LIMIT %s",
        (hospital_id, text, text, limit),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]
