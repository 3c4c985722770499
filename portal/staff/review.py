# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that found no exam by themselves, or that no longer hold: staff look at the document and at the exams it may belong to, and decide."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.patient_merges import merge_patients
from cloudfilm.db.printed_films import count_unidentified, list_films
from cloudfilm.db.report_review import count_reports, count_steps, decisions_of_report, find_reports, next_in_review, reports_with_status
from cloudfilm.db.report_status import ReportStatus
from cloudfilm.db.report_versions import versions_of
from cloudfilm.db.reports import pages_of_report, report_with_id, studies_of_report, transitions_of_report
from cloudfilm.db.studies import studies_with_uids
from cloudfilm.db.study_list import find_studies
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, NotFound
from cloudfilm.reports.binding import Candidates, candidates_of, match_reports_of_patient
from portal.services import services
from portal.session import asker
from portal.staff.decisions import DISMISSALS, MAY_DECIDE, WITHDRAWALS, DecidedMeanwhile, Desk, StudiesUnfit, undoable
from portal.staff.member import member, member_who_may
from portal.staff.page import staff_page, to_page
from portal.staff.review_view import shown_candidates, shown_fields, shown_pages
from portal.standing_picture import thumbnail_address

review = Blueprint("staff_review", __name__, url_prefix="/staff/review")
LISTS = (ReportStatus.REVIEW, ReportStatus.WAITING, ReportStatus.FAILED, ReportStatus.WITHDRAWN)
_MOST_CANDIDATES = 30
_MOST_FOUND = 20


@review.get("")
def show_reports() -> Response:
    """The reports of ``?show=`` (review, waiting, failed, withdrawn), the longest waiting first, or any that has the number of ``?text=``."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id = holder.hospital_id or ""
    text = request.args.get("text", "").strip().replace("\0", "")[:100]
    asked = request.args.get("show", "")
    show = next((status for status in LISTS if status == asked), ReportStatus.REVIEW)
    with services().database.transaction() as cursor:
        counts = count_reports(cursor, hospital_id, LISTS)
        found = find_reports(cursor, hospital_id, text) if text else reports_with_status(cursor, hospital_id, show)
        films_to_look_at, has_films = count_unidentified(cursor, hospital_id), bool(list_films(cursor, hospital_id, limit=1))
    return staff_page(
        "staff/review.html", holder, reports=found, counts=counts, lists=LISTS, show=show, text=text, done=_done(),
        films_to_look_at=films_to_look_at, has_films=has_films,
    )  # fmt: skip


@review.get("/<uuid:report_id>")
def show_report(report_id: UUID) -> Response:
    """The document beside what was read, and the candidates; ``?studies=`` searches other exams of the hospital."""
    return _report_page(_reviewer_of(report_id), report_id)


@review.post("/<uuid:report_id>/<any(match, wait, dismiss, reopen, withdraw, restore, undo):decision>")
def decide_report(report_id: UUID, decision: str) -> Response:
    """Decide, and go on with the next report. What has changed meanwhile is said, and nothing is done."""
    holder = _reviewer_of(report_id)
    try:
        _take(Desk(holder, report_id, _seen()), decision)
    except DecidedMeanwhile:
        return _report_page(holder, report_id, trouble="meanwhile", status=HTTPStatus.CONFLICT)
    except StudiesUnfit:
        return _report_page(holder, report_id, trouble="unfit", status=HTTPStatus.CONFLICT)
    if decision in ("undo", "reopen", "restore"):
        return to_page(f"/staff/review/{report_id}")
    with services().database.transaction() as cursor:
        following = next_in_review(cursor, holder.hospital_id or "", report_id) if decision != "withdraw" else None
    return to_page(f"/staff/review/{following}?done={report_id}" if following else f"/staff/review?done={report_id}")


@review.get("/<uuid:report_id>/<any(match, wait, dismiss, reopen, withdraw, restore, undo):decision>")
def show_start(report_id: UUID, decision: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del decision
    return to_page(f"/staff/review/{report_id}")


@review.post("/<uuid:report_id>/merge")
def take_merge(report_id: UUID) -> Response:
    """Two numbers are one patient's: reports that wait under either are matched again, among them perhaps this one."""
    holder = _reviewer_of(report_id)
    old, new = (request.form.get(name, "").strip().replace("\0", "")[:64] for name in ("old_patient_id", "new_patient_id"))
    now, trail = services().clock(), services().audit_trail
    try:
        with services().database.transaction() as cursor:
            merge_patients(cursor, holder.hospital_id or "", old, new, now)
            match_reports_of_patient(cursor, holder.hospital_id or "", [old, new], now, services().settings.time_zone)
            trail.record_in(cursor, trail.event(AuditKind.REPORT_REVIEWED, holder, asker(), detail="patients merged"))
    except BadRequest:
        return _report_page(holder, report_id, trouble="merge", status=HTTPStatus.BAD_REQUEST)
    return to_page(f"/staff/review/{report_id}")


@review.get("/studies/<study_instance_uid>/thumbnail")
def show_thumbnail(study_instance_uid: str) -> Response:
    """303 to the picture that stands for a study of the own hospital."""
    member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    return Response(status=303, headers={"Location": thumbnail_address(study_instance_uid), "Cache-Control": "private, max-age=300"})


def _reviewer_of(report_id: UUID) -> StaffHolder:
    """Whoever may decide about this report: another hospital's does not exist. Either is written down."""
    holder = member()
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
    wanted = AccessRequest(Action.REVIEW_REPORTS, report.hospital_id if report else None, report_id=report_id)
    if not services().doorkeeper.lets(holder, wanted, asker()) or report is None:
        raise NotFound
    return holder


def _take(desk: Desk, decision: str) -> None:
    match decision:
        case "match":
            desk.match([uid for uid in dict.fromkeys(request.form.getlist("study")) if is_uid(uid)])
        case "dismiss":
            desk.dismiss(_reason(DISMISSALS))
        case "withdraw":
            desk.withdraw(_reason(WITHDRAWALS))
        case "wait":
            desk.wait()
        case "reopen":
            desk.reopen()
        case "restore":
            desk.restore()
        case _:
            desk.undo()


def _report_page(holder: StaffHolder, report_id: UUID, trouble: str = "", status: int = HTTPStatus.OK) -> Response:
    text = request.args.get("studies", "").strip().replace("\0", "")[:100]
    hospital_id = holder.hospital_id or ""
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
        if report is None:
            raise NotFound
        bound = studies_of_report(cursor, report_id)
        candidates = candidates_of(cursor, report)
        known = {study.study_instance_uid for study in candidates.studies}
        more = studies_with_uids(cursor, set(bound) - known)
        more += (
            [one for one in find_studies(cursor, hospital_id, text, _MOST_FOUND) if one.study_instance_uid not in {*known, *bound}]
            if text
            else []
        )
        everything = Candidates(candidates.fields, [*candidates.studies, *more], candidates.patients_numbers)
        # What nothing speaks for is shown only to whoever looked for it, or where it was chosen.
        wanted = {*bound, *(study.study_instance_uid for study in more)}
        compared = [one for one in everything.ranked() if one.score > 0 or one.study.study_instance_uid in wanted]
        decisions = decisions_of_report(cursor, report_id)
        return staff_page(
            "staff/review_report.html",
            holder,
            status=status,
            report=report,
            fields=shown_fields(report.fields),
            pages=shown_pages(pages_of_report(cursor, report_id), report),
            candidates=shown_candidates(compared[: _MOST_CANDIDATES + len(more)], everything.studies, bound),
            searched=text,
            seen=count_steps(cursor, report_id),
            versions=[one for one in versions_of(cursor, report.version_group) if one.report_id != report_id],
            steps=transitions_of_report(cursor, report_id),
            decisions=decisions,
            undo=undoable(decisions, report),
            may={decision for decision, statuses in MAY_DECIDE.items() if report.status in statuses},
            following=next_in_review(cursor, hospital_id, report_id),
            dismissals=DISMISSALS,
            withdrawals=WITHDRAWALS,
            trouble=trouble,
            done=_done(),
        )


def _done() -> dict[str, object] | None:
    """The report that was decided about just now, so that it can be undone."""
    try:
        report_id = UUID(request.args.get("done", ""))
    except ValueError:
        return None
    holder = member()
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
        if report is None or report.hospital_id != holder.hospital_id:
            return None
        last = undoable(decisions_of_report(cursor, report_id), report)
        return {"report": report, "decision": last.decision, "seen": count_steps(cursor, report_id)} if last else None


def _seen() -> int:
    text = request.form.get("seen", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest("The form does not say which state of the report was looked at.")
    return int(text)


def _reason(allowed: tuple[str, ...]) -> str:
    reason = request.form.get("reason", "")
    if reason not in allowed:
        raise BadRequest("Choose one of the reasons.")
    return reason
