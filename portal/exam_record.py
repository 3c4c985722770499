# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the database holds of the exam that a visit looks at, and of the others that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import request

from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.access.holder import GrantHolder
from cloudfilm.db.database import Cursor
from cloudfilm.db.hospitals import Hospital, hospital_named
from cloudfilm.db.report_status import ReportStatus
from cloudfilm.db.report_versions import current_version, versions_of
from cloudfilm.db.reports import ReportPage, ReportRecord, pages_of_report, report_with_id, reports_with_ids, studies_of_report
from cloudfilm.db.reservations import reservation_of_grant
from cloudfilm.db.studies import StudyRecord, studies_with_uids
from cloudfilm.errors import NotFound
from cloudfilm.reports.fields import ReportFields
from portal.exam_view import RESERVED, ExamEntry, ExamView, ShareNotice, VersionEntry, Versions, exam_entry, exam_view, permissions
from portal.key_pictures import KeyPictures, expected_images, key_pictures
from portal.services import services


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """The exam that is looked at, and the others: each a report, a study, or both. ``versions`` are all of the report's, oldest first."""

    hospital: Hospital
    report: ReportRecord
    studies: list[StudyRecord]
    pages: list[ReportPage]
    others: list[tuple[ReportRecord | None, StudyRecord | None]]
    versions: list[ReportRecord]

    def view(self, holder: GrantHolder) -> tuple[ExamView, list[ReportPage]]:
        """What the visit may see of it."""
        may = permissions(holder, self.report, services().clock())
        others = tuple(self._entry(holder, report, study) for report, study in self.others)
        first, *more = [*self.studies, None][: max(1, len(self.studies))]
        more_studies = [study for study in more if study is not None]
        view = exam_view(
            self.hospital, self.report, first, may, share_notice(holder.grant), others, more_studies, self._versions(holder.grant)
        )
        if view.images == "arriving":
            view = replace(view, expected_images=expected_images(self.studies))
        return view, self.pages if may.pages else []

    def strip(self, holder: GrantHolder, view: ExamView) -> KeyPictures:
        """The pictures on the exam's page."""
        return key_pictures(holder, self.studies) if view.may.images and view.study_instance_uid else KeyPictures()

    def _entry(self, holder: GrantHolder, report: ReportRecord | None, study: StudyRecord | None) -> ExamEntry:
        return exam_entry(self.hospital, report, study, permissions(holder, report or self.report, services().clock()))

    def _versions(self, grant: Grant) -> Versions:
        """Of a report that may not be read nothing is said."""
        if any(Right.REPORT not in one.rights for one in grant.line()):
            return Versions()
        report, replaced = self.report, [one for one in self.versions if one.superseded_by == self.report.report_id]
        is_superseded = report.superseded_by is not None
        amended = max((one.superseded_at for one in replaced if one.superseded_at), default=None)
        withdrawn = report.status == ReportStatus.WITHDRAWN
        return Versions(
            is_superseded=is_superseded,
            current_id=report.superseded_by,
            amended_at="" if is_superseded or withdrawn or amended is None else local_time(amended),
            withdrawn_at=local_time(report.withdrawn_at) if withdrawn and report.withdrawn_at else "",
            older=tuple(_entry_of_version(one) for one in reversed(replaced) if one.report_id in grant.reached_reports)
            if not withdrawn
            else (),
        )


def load_exam(grant: Grant) -> ExamRecord:
    """The exam that ``?report=`` names, else the current version of the one that the grant was given for."""
    report_id = chosen_report(grant)
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, report_id) if report_id != grant.grant_id else _expected_report(cursor, grant)
        hospital = hospital_named(cursor, grant.hospital_id)
        if report is None or hospital is None:
            raise NotFound
        versions = versions_of(cursor, report.version_group)
        reached = _reached_studies(cursor, grant, report, versions)
        found = {study.study_instance_uid: study for study in studies_with_uids(cursor, grant.reached_studies)}
        pages = pages_of_report(cursor, report_id)
        of_report = {one.report_id for one in versions} | {report_id}
        other_reports = [one for one in reports_with_ids(cursor, grant.reached_reports - of_report) if one.superseded_by is None]
    studies = [found[uid] for uid in reached if uid in found]
    other_studies = [study for uid, study in found.items() if uid not in reached]
    report = replace(report, study_instance_uid=reached[0] if reached else None)
    return ExamRecord(hospital, report, studies, pages, _paired(other_reports, other_studies, studies), versions)


def _reached_studies(cursor: Cursor, grant: Grant, report: ReportRecord, versions: Sequence[ReportRecord]) -> list[str]:
    """The studies that a report is about, else those of its other versions; of one that is expected all that its grant reaches."""
    if report.status == RESERVED:
        return sorted(grant.reached_studies)
    uids = studies_of_report(cursor, report.report_id)
    uids = uids or sorted({uid for one in versions for uid in studies_of_report(cursor, one.report_id)})
    return [uid for uid in uids if uid in grant.reached_studies]


def chosen_report(grant: Grant) -> UUID:
    """``?report=`` among those that the grant reaches, else the current version of the one that it was given for, withdrawn or not."""
    asked = request.args.get("report", "")
    if asked:
        for report_id in grant.reached_reports:
            if str(report_id) == asked:
                return report_id
    elif grant.report_id is None and grant.kind is GrantKind.PATIENT:
        # Given out before its report: that of its images, if it has come another way, else what stands for it.
        return min(grant.reached_reports, default=grant.grant_id)
    elif grant.report_id is not None:
        with services().database.transaction() as cursor:
            current = current_version(cursor, grant.report_id)
        if current is not None and (current.report_id in grant.reached_reports or current.status == ReportStatus.WITHDRAWN):
            return current.report_id
    raise NotFound


def _expected_report(cursor: Cursor, grant: Grant) -> ReportRecord | None:
    """What is known of a report that has not come yet: what was said when its exam number was reserved."""
    reservation = reservation_of_grant(cursor, grant.grant_id)
    if reservation is None:
        return None
    return ReportRecord(
        grant.grant_id, grant.hospital_id, RESERVED, "", "",
        {"patient_name": reservation.patient_name or None, "accession_number": reservation.accession_number},
        None, grant.created_at, None,
    )  # fmt: skip


def is_outdated(grant: Grant) -> bool:
    """Whether a report was amended, withdrawn or restored since this grant was looked up: what is remembered for seconds shows no old text."""
    if grant.report_id is None:
        return False
    with services().database.transaction() as cursor:
        current = current_version(cursor, grant.report_id)
    return current is not None and (current.status == ReportStatus.WITHDRAWN) == (current.report_id in grant.reached_reports)


def local_time(moment: datetime) -> str:
    """A time as people here read it."""
    return f"{moment.astimezone(services().settings.time_zone):%Y-%m-%d %H:%M}"


def _entry_of_version(report: ReportRecord) -> VersionEntry:
    fields = ReportFields.from_json(report.fields)
    return VersionEntry(
        report.report_id, (fields.report_time or "").replace("T", " ") or local_time(report.received_at), fields.report_status or ""
    )


def share_notice(grant: Grant) -> ShareNotice | None:
    """What is said of a link that somebody came by; None for the patient's own grant."""
    if grant.parent is None:
        return None
    return ShareNotice(grant.nickname, local_time(grant.expires_at) if grant.expires_at else "", not grant.shows_names)


def _paired(
    reports: list[ReportRecord], studies: list[StudyRecord], looked_at: list[StudyRecord]
) -> list[tuple[ReportRecord | None, StudyRecord | None]]:
    """Each report with its study, and each study that has none, newest study first."""
    of_uid = {study.study_instance_uid: study for study in [*studies, *looked_at]}
    pairs: list[tuple[ReportRecord | None, StudyRecord | None]] = [
        (report, of_uid.get(report.study_instance_uid or "")) for report in reports
    ]
    reported = {report.study_instance_uid for report in reports}
    pairs += [(None, study) for study in studies if study.study_instance_uid not in reported]
    return sorted(pairs, key=lambda pair: str(pair[1].study_date or "") if pair[1] else "", reverse=True)
