# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the database holds of the exam that a visit looks at, and of the others that it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request

from cloudfilm.access.grant import Grant, GrantKind
from cloudfilm.access.holder import GrantHolder
from cloudfilm.db.database import Cursor
from cloudfilm.db.hospitals import Hospital, hospital_named
from cloudfilm.db.reports import ReportPage, ReportRecord, pages_of_report, report_with_id, reports_with_ids
from cloudfilm.db.reservations import reservation_of_grant
from cloudfilm.db.studies import StudyRecord, studies_with_uids, study_with_uid
from cloudfilm.errors import NotFound
from portal.exam_view import RESERVED, ExamEntry, ExamView, ShareNotice, exam_entry, exam_view, permissions
from portal.services import services


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """The exam that is looked at, and the others: each a report, a study, or both."""

    hospital: Hospital
    report: ReportRecord
    study: StudyRecord | None
    pages: list[ReportPage]
    others: list[tuple[ReportRecord | None, StudyRecord | None]]

    def view(self, holder: GrantHolder) -> tuple[ExamView, list[ReportPage]]:
        """What the visit may see of it."""
        may = permissions(holder, self.report, services().clock())
        others = tuple(self._entry(holder, report, study) for report, study in self.others)
        view = exam_view(self.hospital, self.report, self.study, may, share_notice(holder.grant), others)
        return view, self.pages if may.pages else []

    def _entry(self, holder: GrantHolder, report: ReportRecord | None, study: StudyRecord | None) -> ExamEntry:
        return exam_entry(self.hospital, report, study, permissions(holder, report or self.report, services().clock()))


def load_exam(grant: Grant) -> ExamRecord:
    """The exam that ``?report=`` names, else the one that the grant was given for."""
    report_id = chosen_report(grant)
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, report_id) if report_id != grant.grant_id else _expected_report(cursor, grant)
        hospital = hospital_named(cursor, grant.hospital_id)
        reached = report.study_instance_uid if report and report.study_instance_uid in grant.reached_studies else None
        study = study_with_uid(cursor, reached) if reached else None
        pages = pages_of_report(cursor, report_id)
        other_reports = reports_with_ids(cursor, grant.reached_reports - {report_id})
        other_studies = studies_with_uids(cursor, grant.reached_studies - {reached or ""})
    if report is None or hospital is None:
        raise NotFound
    return ExamRecord(hospital, report, study, pages, _paired(other_reports, other_studies, study))


def chosen_report(grant: Grant) -> UUID:
    """``?report=`` among those that the grant reaches, else the one that it was given for."""
    asked = request.args.get("report", "")
    if not asked and grant.report_id is None and grant.kind is GrantKind.PATIENT:
        # Given out before its report: that of its images, if it has come another way, else what stands for it.
        return min(grant.reached_reports, default=grant.grant_id)
    asked = asked or str(grant.report_id)
    for report_id in grant.reached_reports:
        if str(report_id) == asked:
            return report_id
    raise NotFound


def _expected_report(cursor: Cursor, grant: Grant) -> ReportRecord | None:
    """What is known of a report that has not come yet: what was said when its exam number was reserved."""
    reservation = reservation_of_grant(cursor, grant.grant_id)
    if reservation is None:
        return None
    return ReportRecord(
        grant.grant_id, grant.hospital_id, RESERVED, "", "",
        {"patient_name": reservation.patient_name or None, "accession_number": reservation.accession_number},
        min(grant.reached_studies, default=None), grant.created_at, None,
    )  # fmt: skip


def share_notice(grant: Grant) -> ShareNotice | None:
    """What is said of a link that somebody came by; None for the patient's own grant."""
    if grant.parent is None:
        return None
    zone = services().settings.time_zone
    return ShareNotice(
        grant.nickname, f"{grant.expires_at.astimezone(zone):%Y-%m-%d %H:%M}" if grant.expires_at else "", not grant.shows_names
    )


def _paired(
    reports: list[ReportRecord], studies: list[StudyRecord], looked_at: StudyRecord | None
) -> list[tuple[ReportRecord | None, StudyRecord | None]]:
    """Each report with its study, and each study that has none, newest study first."""
    of_uid = {study.study_instance_uid: study for study in [*studies, *([looked_at] if looked_at else [])]}
    pairs: list[tuple[ReportRecord | None, StudyRecord | None]] = [
        (report, of_uid.get(report.study_instance_uid or "")) for report in reports
    ]
    reported = {report.study_instance_uid for report in reports}
    pairs += [(None, study) for study in studies if study.study_instance_uid not in reported]
    return sorted(pairs, key=lambda pair: str(pair[1].study_date or "") if pair[1] else "", reverse=True)
