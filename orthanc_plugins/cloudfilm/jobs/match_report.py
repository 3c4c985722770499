# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bind a report to its study in one transaction: exact and unique, or it waits, or people decide."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.reports import ReportRecord, set_matched, set_status
from cloudfilm.db.studies import candidates_for_report
from cloudfilm.reports.field_reading import unsure_fields
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.matching import Ambiguous, Matched, NoMatch, StudyCandidate, match_report


def match_report_in(cursor: Cursor, report: ReportRecord, now: datetime) -> None:
    """Match a report that was read; the row must be locked by the caller's transaction."""
    fields = ReportFields.from_json(report.fields)
    if fields.is_empty:
        set_status(cursor, report.report_id, "review", "nothing on the page was recognised as a report's fields")
        return
    studies = candidates_for_report(cursor, report.hospital_id, fields.accession_number, fields.patient_id)
    candidates = [
        StudyCandidate(
            study_instance_uid=study.study_instance_uid,
            patient_id=study.patient_id,
            patient_name=study.patient_name,
            accession_number=study.accession_number,
            study_date=study.study_date,
            body_part=study.body_part,
            modalities=tuple(study.image_modalities),
        )
        for study in studies
    ]
    match match_report(fields, candidates, unsure=unsure_fields(report.fields), needs_witness=bool(report.fields.get("needs_witness"))):
        case Matched(study_instance_uid, reason):
            set_matched(cursor, report.report_id, study_instance_uid, reason, now)
        case Ambiguous(_, reason):
            set_status(cursor, report.report_id, "review", reason)
        case NoMatch(reason):
            set_status(cursor, report.report_id, "waiting", reason)
