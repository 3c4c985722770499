# SPDX-License-Identifier: AGPL-3.0-or-later
"""Studies that were deleted from the archive: their records and what was bound to them."""

from __future__ import annotations

from cloudfilm.db.database import Cursor
from cloudfilm.db.report_versions import lock_reports_of_hospital


def forget_study(cursor: Cursor, orthanc_study_id: str) -> bool:
    """Forget a study that is not in the archive any more; reports that were about it alone wait for images again. False when nothing is known of it."""
    cursor.execute("SELECT study_instance_uid, hospital_id FROM study WHERE orthanc_study_id = %s", (orthanc_study_id,))
    row = cursor.fetchone()
    if row is None:
        return False
    study_instance_uid, hospital_id = row
    lock_reports_of_hospital(cursor, hospital_id)  # first, as whoever binds a report to the study does
    cursor.execute("DELETE FROM report_study WHERE study_instance_uid = %s", (study_instance_uid,))
    cursor.execute(
        """
        UPDATE report SET study_instance_uid = other.uid,
            status = CASE WHEN other.uid IS NULL AND report.status IN ('matched', 'issued') THEN 'waiting' ELSE report.status END,
            status_reason = CASE WHEN other.uid IS NULL AND report.status IN ('matched', 'issued') THEN 'the images were deleted' ELSE report.status_reason END,
            matched_at = CASE WHEN other.uid IS NULL THEN NULL ELSE report.matched_at END
        FROM report mine LEFT JOIN LATERAL
            (SELECT min(study_instance_uid) AS uid FROM report_study WHERE report_study.report_id = mine.report_id) other ON true
        WHERE mine.report_id = report.report_id AND report.study_instance_uid = %s
        """,
        (study_instance_uid,),
    )
    cursor.execute(
        "INSERT INTO deleted_study (study_instance_uid, hospital_id) SELECT study_instance_uid, hospital_id FROM study"
        " WHERE study_instance_uid = %s ON CONFLICT (study_instance_uid) DO UPDATE SET deleted_at = now()",
        (study_instance_uid,),
    )
    cursor.execute("DELETE FROM study WHERE study_instance_uid = %s", (study_instance_uid,))
    return True
