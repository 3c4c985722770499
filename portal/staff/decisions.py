# SPDX-License-Identifier: AGPL-3.0-or-later
"""What staff decide about a report: each decision in one transaction with its audit event, and never about something that has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from cloudfilm.access.audit import AuditEvent, AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.db.database import Cursor
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.report_review import ReportDecision, add_decision, count_steps, decisions_of_report, note_undone
from cloudfilm.db.report_status import BOUND, ReportStatus
from cloudfilm.db.report_versions import lock_reports_of_hospital, set_withdrawn
from cloudfilm.db.reports import ReportRecord, report_with_id, set_status, studies_of_report
from cloudfilm.db.studies import studies_with_uids
from cloudfilm.errors import Conflict, NotFound
from cloudfilm.reports.binding import bind_in, leave_versions_in, return_to_life_in, settle_versions_in, wait_in
from portal.services import services
from portal.session import asker, new_id

# Chosen, not typed: what is written into the audit trail holds no patient's name.
DISMISSALS = ("not a report", "another hospital's", "a test print", "unreadable", "came twice", "other")
WITHDRAWALS = ("wrong patient", "wrong content", "doctor's wish", "other")
MOST_STUDIES = 10

_OPEN = frozenset({ReportStatus.REVIEW, ReportStatus.WAITING})
# From which statuses each decision can be taken; the undoing of it, from those that it leads to.
MAY_DECIDE = {
    "match": _OPEN,
    "wait": frozenset({ReportStatus.REVIEW, ReportStatus.FAILED}),
    "dismiss": _OPEN,
    "reopen": BOUND | {ReportStatus.FAILED},
    "withdraw": BOUND | {ReportStatus.WAITING, ReportStatus.AMENDED},
    "restore": frozenset({ReportStatus.WITHDRAWN}),
}
_MAY_UNDO = {
    "match": BOUND,
    "wait": frozenset({ReportStatus.WAITING}),
    "dismiss": frozenset({ReportStatus.FAILED}),
    "reopen": frozenset({ReportStatus.REVIEW}),
    "withdraw": frozenset({ReportStatus.WITHDRAWN}),
    "restore": BOUND | {ReportStatus.WAITING, ReportStatus.AMENDED},
}


class DecidedMeanwhile(Conflict):
    """The report is not any more as whoever decides has seen it."""


class StudiesUnfit(Conflict):
    """The chosen studies cannot be what one report is about: none, too many, or of several patients."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Whoever sits there, and which steps of the report they have seen."""

    holder: StaffHolder
    report_id: UUID
    seen: int

    def match(self, study_instance_uids: Sequence[str]) -> None:
        """The report is about these studies of the hospital."""
        with self._deciding("match") as (cursor, report):
            self._check(cursor, report, study_instance_uids)
            bind_in(cursor, report, study_instance_uids, "chosen by staff", services().clock(), services().settings.time_zone)

    def wait(self) -> None:
        """Its images have not come yet."""
        with self._deciding("wait") as (cursor, report):
            wait_in(cursor, report, "staff say that the images have not come yet", services().clock(), services().settings.time_zone)

    def dismiss(self, reason: str) -> None:
        """It is nothing that will ever have images here."""
        with self._deciding("dismiss", reason) as (cursor, report):
            leave_versions_in(cursor, report.report_id, services().clock(), services().settings.time_zone)
            set_status(cursor, report.report_id, ReportStatus.FAILED, f"dismissed: {reason}")

    def reopen(self) -> None:
        """Its match is wrong, or its dismissal: people look at it again."""
        with self._deciding("reopen") as (cursor, report):
            leave_versions_in(cursor, report.report_id, services().clock(), services().settings.time_zone)
            set_status(cursor, report.report_id, ReportStatus.REVIEW, "sent back to review by staff")

    def withdraw(self, reason: str) -> None:
        """What it says no longer holds."""
        with self._deciding("withdraw", reason) as (cursor, report):
            set_withdrawn(cursor, report.report_id, f"withdrawn: {reason}", services().clock())

    def restore(self) -> None:
        """It holds after all."""
        with self._deciding("restore") as (cursor, report):
            self._back_to_life(cursor, report)

    def undo(self) -> str:
        """Take the last decision back; return which it was."""
        now, trail = services().clock(), services().audit_trail
        with services().database.transaction() as cursor:
            report = self._locked(cursor)
            last = undoable(decisions_of_report(cursor, self.report_id), report)
            if last is None:
                raise DecidedMeanwhile("The last decision about the report cannot be taken back any more.")
            self._take_back(cursor, report, last)
            note_undone(cursor, last.decision_id, now)
            trail.record_in(cursor, self._event(report, f"undone: {last.decision}"))
        return last.decision

    def _take_back(self, cursor: Cursor, report: ReportRecord, last: ReportDecision) -> None:
        now, zone = services().clock(), services().settings.time_zone
        match last.decision:
            case "withdraw":
                self._back_to_life(cursor, report)
            case "restore":
                set_withdrawn(cursor, report.report_id, last.before_reason, now)
            case "reopen" if last.before_studies:
                bind_in(cursor, report, last.before_studies, last.before_reason, now, zone)
            case "reopen":
                set_status(cursor, report.report_id, ReportStatus.FAILED, last.before_reason)
            case _ if last.before_status == ReportStatus.WAITING:
                leave_versions_in(cursor, report.report_id, now, zone)
                wait_in(cursor, report, last.before_reason, now, zone)
            case _:
                leave_versions_in(cursor, report.report_id, now, zone)
                set_status(cursor, report.report_id, last.before_status, last.before_reason)

    def _back_to_life(self, cursor: Cursor, report: ReportRecord) -> None:
        now, zone = services().clock(), services().settings.time_zone
        return_to_life_in(cursor, report, "restored by staff", now)
        settle_versions_in(cursor, report.report_id, now, zone)

    @contextmanager
    def _deciding(self, decision: str, detail: str = "") -> Iterator[tuple[Cursor, ReportRecord]]:
        now, trail = services().clock(), services().audit_trail
        with services().database.transaction() as cursor:
            report = self._locked(cursor)
            if report.status not in MAY_DECIDE[decision]:
                raise DecidedMeanwhile("The report is not any more in a state in which this can be decided.")
            before = studies_of_report(cursor, self.report_id)
            yield cursor, report
            add_decision(
                cursor,
                ReportDecision(
                    new_id(), self.report_id, now, self.holder.account_id, decision, report.status, report.status_reason, before, None
                ),
            )
            trail.record_in(cursor, self._event(report, f"{decision}: {detail}" if detail else decision))

    def _locked(self, cursor: Cursor) -> ReportRecord:
        if self.holder.hospital_id is None:
            raise NotFound
        lock_reports_of_hospital(cursor, self.holder.hospital_id)
        report = report_with_id(cursor, self.report_id, for_update=True)
        if report is None or report.hospital_id != self.holder.hospital_id:
            raise NotFound
        if count_steps(cursor, self.report_id) != self.seen:
            raise DecidedMeanwhile("Somebody else has decided about this report meanwhile, or its images have come.")
        return report

    def _check(self, cursor: Cursor, report: ReportRecord, study_instance_uids: Sequence[str]) -> None:
        """Bad choices change nothing."""
        if not 1 <= len(study_instance_uids) <= MOST_STUDIES:
            raise StudiesUnfit(f"Choose at least one and at most {MOST_STUDIES} exams.")
        studies = studies_with_uids(cursor, study_instance_uids)
        if any(study.hospital_id != report.hospital_id for study in studies) or len(studies) != len(set(study_instance_uids)):
            raise NotFound
        patients = numbers_of_patient(cursor, report.hospital_id, [studies[0].patient_id])
        if any(study.patient_id and study.patient_id not in patients for study in studies) and len(studies) > 1:
            raise StudiesUnfit("The chosen exams are of several patients; a report is of one.")

    def _event(self, report: ReportRecord, detail: str) -> AuditEvent:
        event = services().audit_trail.event(AuditKind.REPORT_REVIEWED, self.holder, asker(), detail=detail)
        return replace(event, report_id=self.report_id, study_instance_uid=report.study_instance_uid or "")


def undoable(decisions: Sequence[ReportDecision], report: ReportRecord) -> ReportDecision | None:
    """The last decision, if it has not been taken back and the report is still where it led."""
    last = next((one for one in decisions if one.undone_at is None), None)
    if last is None or (decisions and decisions[0].undone_at is not None) or report.status not in _MAY_UNDO[last.decision]:
        return None
    return last
