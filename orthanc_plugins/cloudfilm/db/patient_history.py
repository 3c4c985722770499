# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exams of one patient at one hospital, under all the numbers that its register has merged."""

from __future__ import annotations

from cloudfilm.db.database import Cursor
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.studies import StudyRecord

_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)


def studies_of_patient(cursor: Cursor, study: StudyRecord, limit: int = 200) -> list[StudyRecord]:
    """The newest exams under the number of a study's patient, that study among them. Without a number it is alone."""
    numbers = numbers_of_patient(cursor, study.hospital_id, [study.patient_id]) if study.patient_id else frozenset()
    cursor.execute(
        f"SELECT {_COLUMNS} FROM study WHERE hospital_id = %s AND (study_instance_uid = %s OR patient_id = ANY(%s) AND patient_id <> '')"
        " AND (instance_count > 0 OR study_instance_uid = %s)"
        " ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid LIMIT %s",
        (study.hospital_id, study.study_instance_uid, sorted(numbers), study.study_instance_uid, limit),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]


def count_reports_of(cursor: Cursor, study_instance_uids: list[str]) -> dict[str, int]:
    """How many current reports each of these studies has."""
    cursor.execute(
        "SELECT report_study.study_instance_uid, count(*) FROM report_study JOIN report USING (report_id)"
        " WHERE report_study.study_instance_uid = ANY(%s) AND superseded_by IS NULL AND status IN ('matched', 'issued')"
        " GROUP BY report_study.study_instance_uid",
        (study_instance_uids,),
    )
    return dict(cursor.fetchall())
