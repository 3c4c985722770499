# SPDX-License-Identifier: AGPL-3.0-or-later
"""Binds reports to their studies and to their other versions, in the caller's transaction: exact and unique, or it waits, or people decide.

Whoever calls this has locked the hospital's reports first (`cloudfilm.db.report_versions.lock_reports_of_hospital`), or it is done here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from cloudfilm.db.database import Cursor
from cloudfilm.db.exam_orders import ExamOrder, OrderStatus, orders_of_exams
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.report_status import BOUND, ReportStatus
from cloudfilm.db.report_versions import (
    join_versions,
    leave_versions,
    lock_reports_of_hospital,
    possible_siblings,
    set_amended,
    set_superseded,
    set_withdrawn,
    versions_of,
)
from cloudfilm.db.reports import (
    ReportRecord,
    add_studies,
    report_with_id,
    reports_for_study,
    set_matched,
    set_report_status,
    set_status,
    studies_of_report,
)
from cloudfilm.db.studies import StudyRecord, candidates_for_report
from cloudfilm.dicom.exam_numbers import exam_numbers
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.correcting import person_of_images
from cloudfilm.reports.evidence import Compared, StudyCandidate, exam_date
from cloudfilm.reports.expected_exam import Expected, Shown, is_another_patients
from cloudfilm.reports.field_reading import unsure_fields
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.matching import Ambiguous, Decision, Matched, NoMatch, match_report, ranked
from cloudfilm.reports.versions import Version, current_of, is_version_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The studies that a report may belong to, under which numbers its patient is known, and what was ordered under the studies' numbers."""

    fields: ReportFields
    studies: list[StudyRecord]
    patients_numbers: frozenset[str]
    orders: Sequence[ExamOrder] = ()

    def ranked(self) -> list[Compared]:
        """Each with what speaks for and against it, the likeliest first."""
        return ranked(self.fields, [_candidate(study) for study in self.studies], self.patients_numbers)

    def decide(self, report: ReportRecord) -> Decision:
        """Which of them the report belongs to. Images that are not the patient's of whom they were ordered are left to people."""
        decision = self._match(report)
        if isinstance(decision, Matched):
            uids = (decision.study_instance_uid, *decision.others)
            matched = [study for study in self.studies if study.study_instance_uid in uids]
            if any(order_differs(order, study, self.patients_numbers) for study in matched for order in self.orders):
                return Ambiguous(uids, "the order with the images' exam number names another patient")
        return decision

    def _match(self, report: ReportRecord) -> Decision:
        return match_report(
            self.fields,
            [_candidate(study) for study in self.studies],
            unsure=unsure_fields(report.fields),
            needs_witness=bool(report.fields.get("needs_witness")),
            patients_numbers=self.patients_numbers,
            unplaced=report.fields.get("unplaced") or (),
        )


def candidates_of(cursor: Cursor, report: ReportRecord) -> Candidates:
    """Look for the studies that a report may belong to."""
    fields = ReportFields.from_json(report.fields)
    merged = numbers_of_patient(cursor, report.hospital_id, [fields.patient_id])
    numbers = {*exam_numbers(fields.accession_number), *merged, fields.outpatient_number or "", fields.inpatient_number or ""}
    day = exam_date(fields)
    days = (day - _A_DAY, day + _A_DAY) if day else None
    studies = candidates_for_report(cursor, report.hospital_id, numbers, fields.patient_name or "", days)
    orders = orders_of_exams(cursor, report.hospital_id, {study.accession_number for study in studies})
    return Candidates(fields, studies, merged, orders)


def order_differs(order: ExamOrder, study: StudyRecord, patients_numbers: frozenset[str]) -> bool:
    """Whether a study carries an order's number and shows another patient. Of a cancelled order nobody expects images."""
    if not study.accession_number or order.exam_number != study.accession_number or order.status == OrderStatus.CANCELLED:
        return False
    images = person_of_images(study)
    births = frozenset(day for day in (study.patient_birth_date, images.birth_date) if day)
    shown = Shown(study.patient_id, (study.patient_name, images.name), frozenset({study.patient_sex, images.sex}), births)
    expected = Expected(order.patient_id, order.patient_name, order.patient_sex, order.patient_birth_date)
    return is_another_patients(expected, shown, patients_numbers)


def match_report_in(cursor: Cursor, report: ReportRecord, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """Match a report that was read; the row must be locked by the caller's transaction."""
    lock_reports_of_hospital(cursor, report.hospital_id)
    fields = ReportFields.from_json(report.fields)
    if fields.is_empty:
        set_status(cursor, report.report_id, ReportStatus.REVIEW, "nothing on the page was recognised as a report's fields")
        return
    match candidates_of(cursor, report).decide(report):
        case Matched(study_instance_uid, reason, others):
            bind_in(cursor, report, (study_instance_uid, *others), reason, now, zone)
        case Ambiguous(_, reason):
            set_status(cursor, report.report_id, ReportStatus.REVIEW, reason)
        case NoMatch(reason):
            wait_in(cursor, report, reason, now, zone)


def bind_in(
    cursor: Cursor, report: ReportRecord, study_instance_uids: Sequence[str], reason: str, now: datetime, zone: tzinfo = SHANGHAI
) -> None:
    """Bind a report to studies, the first of which is its first; then see which version it is."""
    first, *others = study_instance_uids
    set_matched(cursor, report.report_id, first, reason, now, others)
    place_version_in(cursor, report.report_id, now, zone)


def wait_in(cursor: Cursor, report: ReportRecord, reason: str, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """Let a report wait for its images; it may be a version of another all the same."""
    set_status(cursor, report.report_id, ReportStatus.WAITING, reason)
    place_version_in(cursor, report.report_id, now, zone)


def match_reports_of_study(cursor: Cursor, study: StudyRecord, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """A study has come or changed: match the reports that wait for it, and add it to those that are about it too."""
    lock_reports_of_hospital(cursor, study.hospital_id)
    numbers = {study.accession_number, study.study_id or "", *numbers_of_patient(cursor, study.hospital_id, [study.patient_id])} - {""}
    for report in reports_for_study(cursor, study.hospital_id, numbers, display_name(study.patient_name), study.study_date):
        if report.status == ReportStatus.WAITING:
            match_report_in(cursor, report, now, zone)
        else:
            _add_study(cursor, report, study.study_instance_uid)


def match_reports_of_patient(cursor: Cursor, hospital_id: str, patient_ids: Iterable[str], now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """Numbers of a patient were merged: match the reports that wait under any of them."""
    lock_reports_of_hospital(cursor, hospital_id)
    for report in reports_for_study(cursor, hospital_id, numbers_of_patient(cursor, hospital_id, patient_ids), "", None):
        if report.status == ReportStatus.WAITING:
            match_report_in(cursor, report, now, zone)


def _add_study(cursor: Cursor, report: ReportRecord, study_instance_uid: str) -> None:
    """Only beside what it is bound to: nothing that was decided is changed."""
    bound = set(studies_of_report(cursor, report.report_id))
    if study_instance_uid in bound:
        return
    decision = candidates_of(cursor, report).decide(report)
    if isinstance(decision, Matched):
        meant = {decision.study_instance_uid, *decision.others}
        if bound < meant:
            add_studies(cursor, report.report_id, meant)


def place_version_in(cursor: Cursor, report_id: UUID, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """See whether a report that was matched, or waits, is a version of another, and which of them is current."""
    report = report_with_id(cursor, report_id)
    if report is None or report.version_group is None:
        return
    if report.version_group == report_id and len(versions_of(cursor, report_id)) == 1:
        mine, unsure = _version(cursor, report, zone), unsure_fields(report.fields)
        groups = {
            sibling.version_group
            for sibling in possible_siblings(cursor, report)
            if is_version_of(mine, _version(cursor, sibling, zone), unsure | unsure_fields(sibling.fields))
        }
        # Of several reports that it might replace it replaces none.
        if len(groups) == 1 and (group := groups.pop()) is not None:
            join_versions(cursor, report_id, group)
    settle_versions_in(cursor, report_id, now, zone)


def leave_versions_in(cursor: Cursor, report_id: UUID, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """A report turns out not to be the version that it was taken for: the others are settled without it."""
    left = leave_versions(cursor, report_id)
    remaining = versions_of(cursor, left) if left else []
    if remaining:
        settle_versions_in(cursor, remaining[0].report_id, now, zone)


def settle_versions_in(cursor: Cursor, report_id: UUID, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """Say of every version of a report whether it is the current one. What people withdrew stays withdrawn."""
    report = report_with_id(cursor, report_id)
    versions = {one.report_id: one for one in versions_of(cursor, report.version_group if report else None)}
    if not versions:
        return
    placed = [_version(cursor, one, zone) for one in versions.values() if one.status != ReportStatus.REVIEW]
    if not placed:
        return
    current = current_of(placed)
    for version in placed:
        one, is_current = versions[version.report_id], version.report_id == current.report_id
        set_superseded(cursor, one.report_id, None if is_current else current.report_id, now)
        if one.status == ReportStatus.WITHDRAWN:
            continue
        if version.is_withdrawal:
            set_withdrawn(cursor, one.report_id, "its sender has withdrawn the report", now)
        elif not is_current and one.status in (*BOUND, ReportStatus.WAITING):
            set_amended(cursor, one.report_id, "a newer version of the report has come")
        elif is_current and one.status == ReportStatus.AMENDED:
            return_to_life_in(cursor, one, "it is the current version again", now)


def return_to_life_in(cursor: Cursor, report: ReportRecord, reason: str, now: datetime) -> None:
    """A report that was amended or withdrawn holds again: with its studies if it has any."""
    studies = studies_of_report(cursor, report.report_id)
    if studies:
        set_matched(cursor, report.report_id, studies[0], reason, now, studies[1:])
    else:
        set_status(cursor, report.report_id, ReportStatus.WAITING, reason)


def restate_in(cursor: Cursor, report_id: UUID, report_status: str, now: datetime, zone: tzinfo = SHANGHAI) -> None:
    """The sender says something else of a document that has come before: final what was preliminary, or withdrawn."""
    report = report_with_id(cursor, report_id)
    if report is None:
        return
    lock_reports_of_hospital(cursor, report.hospital_id)
    before = set_report_status(cursor, report_id, report_status)
    if report.status in (ReportStatus.RECEIVED, ReportStatus.READ, ReportStatus.FAILED, ReportStatus.REVIEW) or before == report_status:
        return
    if before == "X" and report.status == ReportStatus.WITHDRAWN:
        return_to_life_in(cursor, report, "its sender says that it holds", now)
    settle_versions_in(cursor, report_id, now, zone)


def _version(cursor: Cursor, report: ReportRecord, zone: tzinfo) -> Version:
    fields = ReportFields.from_json(report.fields)
    return Version(report.report_id, fields, report.received_at.astimezone(zone), frozenset(studies_of_report(cursor, report.report_id)))


def _candidate(study: StudyRecord) -> StudyCandidate:
    return StudyCandidate(
        study_instance_uid=study.study_instance_uid,
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        former_name=study.images_patient_name,
        accession_number=study.accession_number,
        study_date=study.study_date,
        body_part=study.body_part,
        modalities=tuple(study.image_modalities),
        patient_sex=study.patient_sex,
        study_id=study.study_id,
    )
