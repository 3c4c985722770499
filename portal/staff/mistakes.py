# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients say is wrong, for staff: the list, and what was made of each. A state can be set back; the patient reads state and answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.mistakes import STATES, Mistake, mistakes_of_hospital, set_mistake
from cloudfilm.db.reports import ReportRecord, reports_with_ids
from cloudfilm.db.studies import StudyRecord, studies_with_uids
from cloudfilm.dicom.person_name import display_name
from cloudfilm.errors import BadRequest, NotFound
from cloudfilm.reports.fields import ReportFields
from portal.mistakes import LONGEST_WORDS, plain_text
from portal.services import services
from portal.session import asker
from portal.staff.member import member, member_who_may
from portal.staff.page import staff_page, to_page

mistakes = Blueprint("staff_mistakes", __name__, url_prefix="/staff/mistakes")
_LISTS = {"open": ("new", "seen"), "settled": ("settled",)}
_MOST = 100


@dataclass(frozen=True, slots=True)
class ShownMistake:
    """One of the list, with whose exam it is about."""

    mistake: Mistake
    patient_name: str
    accession_number: str


@mistakes.get("")
def show_mistakes() -> Response:
    """Those that are open, or with ``?show=settled`` the others."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    show = request.args.get("show", "open")
    show = show if show in _LISTS else "open"
    with services().database.transaction() as cursor:
        found = mistakes_of_hospital(cursor, holder.hospital_id or "", _LISTS[show], _MOST)
        reports = {one.report_id: one for one in reports_with_ids(cursor, {one.report_id for one in found if one.report_id})}
        studies = {one.study_instance_uid: one for one in studies_with_uids(cursor, {one.study_instance_uid for one in found})}
    lines = [_shown(one, reports.get(one.report_id) if one.report_id else None, studies.get(one.study_instance_uid)) for one in found]
    return staff_page("staff/mistakes.html", holder, lines=lines, show=show, lists=list(_LISTS), most=_MOST, longest=LONGEST_WORDS)


@mistakes.post("/<uuid:mistake_id>")
def take_answer(mistake_id: UUID) -> Response:
    """Set the state, and what the patient reads."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    state, answer = request.form.get("state", ""), plain_text(request.form.get("answer", ""))
    if state not in STATES:
        raise BadRequest(f"state must be one of {', '.join(STATES)}.")
    if len(answer) > LONGEST_WORDS:
        raise BadRequest(f"answer may have {LONGEST_WORDS} characters.")
    trail, now = services().audit_trail, services().clock()
    with services().database.transaction() as cursor:
        mistake = set_mistake(cursor, mistake_id, holder.hospital_id or "", state, answer, holder.login, now)
        if mistake is None:
            raise NotFound
        event = trail.event(AuditKind.MISTAKE_ANSWERED, holder, asker(), detail=f"{state}, {mistake_id}")
        trail.record_in(cursor, replace(event, report_id=mistake.report_id, study_instance_uid=mistake.study_instance_uid))
    return to_page("/staff/mistakes")


@mistakes.get("/<uuid:mistake_id>")
def show_start(mistake_id: UUID) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del mistake_id
    member()
    return to_page("/staff/mistakes")


def _shown(mistake: Mistake, report: ReportRecord | None, study: StudyRecord | None) -> ShownMistake:
    fields = ReportFields.from_json(report.fields) if report else ReportFields()
    name = fields.patient_name or (display_name(study.patient_name) if study else "")
    return ShownMistake(mistake, name, fields.accession_number or (study.accession_number if study else ""))
