# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's gateways: when each was last heard of, what it has waiting, what troubles it, and what differs between it and the cloud."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.access_code import CODE_BYTES
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.pairing_code import LIFETIME, new_pairing_code
from cloudfilm.access.policy import Action
from cloudfilm.db.gateways import SILENT_AFTER, add_gateway, ask_for_comparison, list_gateways
from cloudfilm.db.job_queue import defer_fetching
from cloudfilm.db.reconciliation import Difference, accept, begin_to_want, count_differences, differences
from cloudfilm.db.studies import StudyRecord, studies_with_uids
from cloudfilm.dicom.person_name import display_name
from portal.services import services
from portal.session import asker, new_id
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

gateways = Blueprint("staff_gateways", __name__, url_prefix="/staff/gateways")
_MOST = 200
_LONGEST_NAME = 60
_PAGE = "/staff/gateways/differences"


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A difference, and what we know of its study; ``study`` is None where there is nothing of it here."""

    found: Difference
    study: StudyRecord | None
    patient_name: str


@gateways.get("")
def show_gateways() -> Response:
    """All of them, by name, and a form for another."""
    return _page(member_who_may(Action.MANAGE_TOKENS))


@gateways.post("")
def add() -> Response:
    """Another gateway ``name``: its pairing code is shown this once."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    name, trail, now = request.form.get("name", "").strip(), services().audit_trail, services().clock()
    if not name or len(name) > _LONGEST_NAME:
        return _page(holder, 400, trouble=True)
    gateway_id, code = new_id(), new_pairing_code(services().entropy(CODE_BYTES), services().key_ring.hashing)
    with services().database.transaction() as cursor:
        add_gateway(cursor, gateway_id, holder.hospital_id or "", name, code.hash, now + LIFETIME, now)
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"added gateway {gateway_id}"))
    return staff_page("staff/gateway_added.html", holder, name=name, code=code.text, public_url=services().settings.public_url)


@gateways.get("/differences")
def show_differences() -> Response:
    """Studies of which a gateway and the cloud hold not the same, newest first."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    hospital_id = holder.hospital_id or ""
    with services().database.transaction() as cursor:
        found = differences(cursor, hospital_id, _MOST + 1)
        known = {one.study_instance_uid: one for one in studies_with_uids(cursor, [one.study_instance_uid for one in found])}
    lines = []
    for one in found[:_MOST]:
        study = known.get(one.study_instance_uid)
        mine = study if study is not None and study.hospital_id == hospital_id else None
        lines.append(DifferenceLine(one, mine, display_name(mine.patient_name) if mine else ""))
    return staff_page("staff/differences.html", holder, lines=lines, is_more=len(found) > _MOST)


@gateways.post("/<uuid:gateway_id>/compare")
def compare(gateway_id: UUID) -> Response:
    """The gateway is asked, with its next heartbeat, to tell what it holds."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        if ask_for_comparison(cursor, holder.hospital_id or "", gateway_id, services().clock()):
            trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"asked gateway {gateway_id} to compare"))
    return to_page("/staff/gateways")


@gateways.post("/<uuid:gateway_id>/differences/<study_instance_uid>")
def settle(gateway_id: UUID, study_instance_uid: str) -> Response:
    """``step``: ``fetch`` asks the gateway to send again, ``accept`` says that it is right as it is, ``reopen`` takes that back."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    hospital_id, step, now = holder.hospital_id or "", request.form.get("step", ""), services().clock()
    trail, by = services().audit_trail, holder.full_name
    detail = ""
    with services().database.transaction() as cursor:
        if step == "fetch" and (number := begin_to_want(cursor, hospital_id, gateway_id, study_instance_uid, by, now)):
            defer_fetching(cursor, {"gateway_id": str(gateway_id), "study_instance_uid": study_instance_uid, "by": by})
            detail = f"asked gateway {gateway_id} to send {number} instances again"
        elif step == "accept" and accept(cursor, hospital_id, gateway_id, study_instance_uid, by, now):
            detail = f"accepted what differs from gateway {gateway_id}"
        elif step == "reopen" and accept(cursor, hospital_id, gateway_id, study_instance_uid, by, None):
            detail = f"looks again at what differs from gateway {gateway_id}"
        if detail:
            event = trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail)
            trail.record_in(cursor, replace(event, study_instance_uid=study_instance_uid))
    return to_page(_PAGE)


def _page(holder: StaffHolder, status: int = 200, trouble: bool = False) -> Response:
    with services().database.transaction() as cursor:
        listed, counted = list_gateways(cursor, holder.hospital_id or ""), count_differences(cursor, holder.hospital_id or "")
    before = services().clock() - SILENT_AFTER
    return staff_page("staff/gateways.html", holder, status, gateways=listed, silent_before=before, differences=counted, trouble=trouble)


@gateways.get("/<uuid:gateway_id>/compare")
@gateways.get("/<uuid:gateway_id>/differences/<study_instance_uid>")
def show_start(gateway_id: UUID, study_instance_uid: str = "") -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del gateway_id
    return to_page(_PAGE if study_instance_uid else "/staff/gateways")
