# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients who turned out to be one (HL7 ADT^A40): what was known under the old number belongs to the new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.errors import BadRequest


def merge_patients(
    cursor: Cursor, hospital_id: str, old_patient_id: str, new_patient_id: str, said_at: datetime, source_name: str = ""
) -> None:
    """Remember that a patient's old number means the new one. Told again it changes nothing; told otherwise the later word counts.

    ``source_name`` is the station that said it, "" for staff.

    Raises
    ------
    BadRequest
        A number is missing, or both are the same.
    """
    old, new = old_patient_id.strip(), new_patient_id.strip()
    if not old or not new or old == new:
        raise BadRequest("Two different patient numbers are needed to say that they are one patient's.")
    cursor.execute(
        "INSERT INTO patient_merge (hospital_id, old_patient_id, new_patient_id, merged_at, source_name) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (hospital_id, old_patient_id) DO UPDATE SET new_patient_id = excluded.new_patient_id, merged_at = excluded.merged_at,"
        " source_name = excluded.source_name, undone_at = NULL"
        " WHERE excluded.merged_at >= greatest(patient_merge.merged_at, patient_merge.undone_at)",
        (hospital_id, old, new, said_at, source_name),
    )


def undo_merge(cursor: Cursor, hospital_id: str, old_patient_id: str, now: datetime) -> str | None:
    """Staff say that these are two patients after all; return the other number, None when there is no such merge."""
    cursor.execute(
        "UPDATE patient_merge SET undone_at = %s WHERE hospital_id = %s AND old_patient_id = %s AND undone_at IS NULL RETURNING new_patient_id",
        (now, hospital_id, old_patient_id),
    )
    row = cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class PatientMerge:
    """One row of ``patient_merge``."""

    old_patient_id: str
    new_patient_id: str
    merged_at: datetime
    source_name: str
    undone_at: datetime | None


def merges_of_hospital(cursor: Cursor, hospital_id: str, text: str = "", limit: int = 100) -> list[PatientMerge]:
    """The newest, or those with this number."""
    cursor.execute(
        "SELECT old_patient_id, new_patient_id, merged_at, source_name, undone_at FROM patient_merge WHERE hospital_id = %s"
        " AND (%s = '' OR %s IN (old_patient_id, new_patient_id)) ORDER BY greatest(merged_at, undone_at) DESC, old_patient_id LIMIT %s",
        (hospital_id, text, text, limit),
    )
    return [PatientMerge(*row) for row in cursor.fetchall()]


def numbers_of_patient(cursor: Cursor, hospital_id: str, patient_ids: Iterable[str | None]) -> frozenset[str]:
    """These numbers of one patient and all that were merged with them, in either direction and over several steps."""
    cursor.execute(
        """
        WITH RECURSIVE known (patient_id) AS (
            SELECT unnest(%(ids)s::text[])
            UNION
            SELECT CASE WHEN old_patient_id = known.patient_id THEN new_patient_id ELSE old_patient_id END
            FROM known JOIN patient_merge ON hospital_id = %(hospital_id)s AND undone_at IS NULL AND known.patient_id IN (old_patient_id, new_patient_id)
        )
        SELECT patient_id FROM known
        """,
        {"hospital_id": hospital_id, "ids": [one.strip() for one in patient_ids if one and one.strip()]},
    )
    return frozenset(row[0] for row in cursor.fetchall())
