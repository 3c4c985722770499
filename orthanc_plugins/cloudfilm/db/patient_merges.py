# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients who turned out to be one (HL7 ADT^A40): what was known under the old number belongs to the new one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.errors import BadRequest


def merge_patients(cursor: Cursor, hospital_id: str, old_patient_id: str, new_patient_id: str, now: datetime) -> None:
    """Remember that a patient's old number means the new one. Told again it changes nothing; told otherwise the later word counts.

    Raises
    ------
    BadRequest
        A number is missing, or both are the same.
    """
    old, new = old_patient_id.strip(), new_patient_id.strip()
    if not old or not new or old == new:
        raise BadRequest("Two different patient numbers are needed to say that they are one patient's.")
    cursor.execute(
        "INSERT INTO patient_merge (hospital_id, old_patient_id, new_patient_id, merged_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (hospital_id, old_patient_id) DO UPDATE SET new_patient_id = excluded.new_patient_id, merged_at = excluded.merged_at",
        (hospital_id, old, new, now),
    )


def numbers_of_patient(cursor: Cursor, hospital_id: str, patient_ids: Iterable[str | None]) -> frozenset[str]:
    """These numbers of one patient and all that were merged with them, in either direction and over several steps."""
    cursor.execute(
        """
        WITH RECURSIVE known (patient_id) AS (
            SELECT unnest(%(ids)s::text[])
            UNION
            SELECT CASE WHEN old_patient_id = known.patient_id THEN new_patient_id ELSE old_patient_id END
            FROM known JOIN patient_merge ON hospital_id = %(hospital_id)s AND known.patient_id IN (old_patient_id, new_patient_id)
        )
        SELECT patient_id FROM known
        """,
        {"hospital_id": hospital_id, "ids": [one.strip() for one in patient_ids if one and one.strip()]},
    )
    return frozenset(row[0] for row in cursor.fetchall())
