# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our own record of each study: who owns it, whose it is, how much has arrived. Orthanc's index remains the truth about instances."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from cloudfilm.db.database import Cursor
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.dicom.study_summary import StudySummary


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """One row of ``study``."""

    study_instance_uid: str
    hospital_id: str
    orthanc_study_id: str | None
    patient_id: str
    patient_name: str
    patient_sex: str
    patient_birth_date: date | None
    accession_number: str
    study_date: date | None
    study_time: time | None
    study_description: str
    body_part: str
    modalities: list[str]
    series_count: int
    instance_count: int
    complete_at: datetime | None
    image_series_count: int = 0
    image_count: int = 0
    study_id: str | None = None
    # What the images say, where the register's word stands in its place.
    images_patient_name: str | None = None
    images_patient_sex: str | None = None
    images_patient_birth_date: date | None = None
    corrected_at: datetime | None = None
    correction_waits: bool = False

    @property
    def image_modalities(self) -> list[str]:
        """Its modalities without those of documents and of printed films (OT), which say nothing of how the patient was examined."""
        return [modality for modality in self.modalities if modality not in MODALITIES_OF_DOCUMENTS and modality != "OT"]


_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose study it is: a hospital's, and a patient's of it. ``patient_id`` is None where nobody knows yet."""

    hospital_id: str
    patient_id: str | None


def claim_study(cursor: Cursor, study_instance_uid: str, hospital_id: str, patient_id: str | None = None) -> Claim:
    """Claim a study for a hospital and a patient before its first instance is stored; return whose it is, who may have come first."""
    cursor.execute(
        "INSERT INTO study (study_instance_uid, hospital_id, claimed_patient_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (study_instance_uid, hospital_id, patient_id),
    )
    cursor.execute(
        "SELECT hospital_id, CASE WHEN orthanc_study_id IS NULL THEN claimed_patient_id ELSE patient_id END FROM study WHERE study_instance_uid = %s",
        (study_instance_uid,),
    )
    row = cursor.fetchone()
    assert row is not None  # it was inserted, or was there
    return Claim(*row)


def study_with_uid(cursor: Cursor, study_instance_uid: str) -> StudyRecord | None:
    """The study with this StudyInstanceUID, of whatever hospital."""
    cursor.execute(f"SELECT {_COLUMNS} FROM study WHERE study_instance_uid = %s", (study_instance_uid,))
    row = cursor.fetchone()
    return StudyRecord(*row) if row else None


def studies_with_uids(cursor: Cursor, study_instance_uids: Iterable[str]) -> list[StudyRecord]:
    """These studies, newest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM study WHERE study_instance_uid = ANY(%s)"
        " ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid",
        (list(study_instance_uids),),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]


def record_study(cursor: Cursor, summary: StudySummary, now: datetime, complete: bool) -> str | None:
    """Write what Orthanc knows of a study; return its hospital, None when nobody ever claimed it.

    ``complete`` states that nothing arrives any more: the first such time is kept until more images arrive. A report that is added to its study
    later makes nobody wait. What the register says of the patient is put in its place again by `cloudfilm.reports.correcting`.
    """
    cursor.execute(
        """
        UPDATE study SET orthanc_study_id = %(orthanc_study_id)s, patient_id = %(patient_id)s, patient_name = %(patient_name)s,
            patient_sex = %(patient_sex)s, patient_birth_date = %(patient_birth_date)s, accession_number = %(accession_number)s,
            study_date = %(study_date)s, study_time = %(study_time)s, study_description = %(study_description)s, body_part = %(body_part)s,
            modalities = %(modalities)s, series_count = %(series_count)s, instance_count = %(instance_count)s,
            image_series_count = %(image_series_count)s, image_count = %(image_count)s, study_id = %(study_id)s,
            referring_physician_name = %(referring_physician_name)s, recorded_at = %(now)s,
            images_patient_name = NULL, images_patient_sex = NULL, images_patient_birth_date = NULL, corrected_at = NULL, correction_waits = false,
            complete_at = coalesce(CASE WHEN image_count = %(image_count)s THEN complete_at END, CASE WHEN %(complete)s THEN %(now)s END)
        WHERE study_instance_uid = %(study_instance_uid)s RETURNING hospital_id
        """,
        {**summary.columns(), "now": now, "complete": complete},
    )
    row = cursor.fetchone()
    return row[0] if row else None


def study_of_orthanc(cursor: Cursor, orthanc_study_id: str) -> str | None:
    """The StudyInstanceUID that we know under Orthanc's identifier."""
    cursor.execute("SELECT study_instance_uid FROM study WHERE orthanc_study_id = %s", (orthanc_study_id,))
    row = cursor.fetchone()
    return row[0] if row else None


def instances_recorded(cursor: Cursor, orthanc_study_ids: list[str]) -> dict[str, int]:
    """How many instances we know of, by Orthanc's identifier; studies that we do not know are left out."""
    cursor.execute("SELECT orthanc_study_id, instance_count FROM study WHERE orthanc_study_id = ANY(%s)", (orthanc_study_ids,))
    return dict(cursor.fetchall())


def studies_after(cursor: Cursor, study_instance_uid: str, recorded_before: datetime, limit: int) -> list[tuple[str, str]]:
    """A page of all studies that the archive was known to have: StudyInstanceUID and Orthanc's identifier."""
    cursor.execute(
        "SELECT study_instance_uid, orthanc_study_id FROM study WHERE study_instance_uid > %s AND orthanc_study_id IS NOT NULL"
        " AND recorded_at < %s ORDER BY study_instance_uid LIMIT %s",
        (study_instance_uid, recorded_before, limit),
    )
    return list(cursor.fetchall())


def incomplete_studies(cursor: Cursor, claimed_before: datetime, recorded_before: datetime, limit: int = 500) -> list[str]:
    """StudyInstanceUIDs of studies that no event has completed: the sweep asks Orthanc about them."""
    cursor.execute(
        "SELECT study_instance_uid FROM study WHERE (complete_at IS NULL OR (study_id IS NULL AND orthanc_study_id IS NOT NULL)) AND claimed_at < %s"
        " AND (recorded_at IS NULL OR recorded_at < %s) ORDER BY recorded_at NULLS FIRST, claimed_at LIMIT %s",
        (claimed_before, recorded_before, limit),
    )
    return [row[0] for row in cursor.fetchall()]


def candidates_for_report(
    cursor: Cursor, hospital_id: str, numbers: Collection[str], patient_name: str, days: tuple[date, date] | None, limit: int = 200
) -> list[StudyRecord]:
    """The hospital's studies that a report might belong to.

    Parameters
    ----------
    numbers
        Every number on the report, and those that its patient was or is known under.
    patient_name, days
        A study of somebody of this name between these days may be meant too.
    """
    first, last = days or (None, None)
    cursor.execute(
        f"""
        SELECT {_COLUMNS} FROM study WHERE hospital_id = %(hospital_id)s AND instance_count > 0
            AND (accession_number = ANY(%(numbers)s) OR patient_id = ANY(%(numbers)s)
                OR study_id = ANY(%(numbers)s) AND study_date BETWEEN %(first)s AND %(last)s
                OR %(name)s <> '' AND study_date BETWEEN %(first)s AND %(last)s
                    AND %(name)s = ANY(string_to_array(translate(lower(patient_name), '^ ', ''), '=')))
        ORDER BY accession_number = ANY(%(numbers)s) DESC, study_date DESC NULLS LAST, study_instance_uid LIMIT %(limit)s
        """,
        {
            "hospital_id": hospital_id,
            "numbers": [number for number in numbers if number],
            "name": "".join(patient_name.split()).lower(),
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]
