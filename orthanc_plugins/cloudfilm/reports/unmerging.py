# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two patient numbers turn out not to be one patient's: reports that were bound across them are left to people again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo

from cloudfilm.db.database import Cursor
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.report_status import BOUND, ReportStatus
from cloudfilm.db.reports import report_with_id, set_status, studies_of_report
from cloudfilm.db.studies import studies_with_uids
from cloudfilm.reports.binding import leave_versions_in
from cloudfilm.reports.evidence import trimmed
from cloudfilm.reports.fields import ReportFields

MERGE_UNDONE = "two patients' numbers were taken for one's"


def review_reports_of_unmerged_in(cursor: Cursor, hospital_id: str, patient_ids: Collection[str], now: datetime, zone: tzinfo) -> int:
    """Send every bound report to review whose patient number is now another patient's than its study's; return how many. Reports are locked."""
    cursor.execute(
        "SELECT DISTINCT report_id FROM report JOIN report_study USING (report_id)"
        " JOIN study ON study.study_instance_uid = report_study.study_instance_uid"
        " WHERE report.hospital_id = %(hospital_id)s AND report.status = ANY(%(bound)s)"
        " AND (report.patient_id = ANY(%(ids)s) OR study.patient_id = ANY(%(ids)s))",
        {"hospital_id": hospital_id, "bound": [str(one) for one in BOUND], "ids": list(patient_ids)},
    )
    sent = 0
    for (report_id,) in cursor.fetchall():
        report = report_with_id(cursor, report_id)
        if report is None:
            continue
        said = trimmed(ReportFields.from_json(report.fields).patient_id)
        studies = studies_with_uids(cursor, studies_of_report(cursor, report_id))
        of_patient = numbers_of_patient(cursor, hospital_id, [said or (studies[0].patient_id if studies else "")])
        if any(trimmed(study.patient_id) not in of_patient for study in studies if trimmed(study.patient_id)):
            leave_versions_in(cursor, report_id, now, zone)
            set_status(cursor, report_id, ReportStatus.REVIEW, MERGE_UNDONE)
            sent += 1
    return sent
