# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hospital's papers and links open: look one up, revoke it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.grant_list import GrantLine, find_grants, hospital_of_grant
from cloudfilm.db.grants import revoke_grant
from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, NotFound
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

grants = Blueprint("staff_grants", __name__, url_prefix="/staff/grants")
# Chosen, not typed: what is written into the audit trail holds no patient's name.
REASONS = ("lost paper", "wrong person", "wrong report", "patient's wish", "other")


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """A grant in the list; ``state`` is ``open``, ``revoked`` or ``expired``."""

    grant: GrantLine
    patient_name: str
    state: str


@grants.get("")
def show_grants() -> Response:
    """The newest hundred, or those of ``?text=``: a report, an accession number, a patient's number."""
    holder = member_who_may(Action.MANAGE_GRANTS)
    text = request.args.get("text", "").strip()[:100]
    with services().database.transaction() as cursor:
        found = find_grants(cursor, holder.hospital_id or "", text)
    now = services().clock()
    lines = [ShownGrant(one, display_name(one.patient_name), state_of(one.revoked_at, one.expires_at, now)) for one in found]
    return staff_page("staff/grants.html", holder, lines=lines, text=text, reasons=REASONS)


@grants.post("/<uuid:grant_id>/revoke")
def revoke(grant_id: UUID) -> Response:
    """Revoke for one of the reasons; effective everywhere within ten seconds, for what was shared from it too."""
    holder = member_who_may(Action.MANAGE_GRANTS)
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        raise BadRequest("Choose one of the reasons.")
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        if hospital_of_grant(cursor, grant_id) != holder.hospital_id:
            raise NotFound
        revoke_grant(cursor, grant_id, services().clock(), by=holder.login)
        event = trail.event(AuditKind.GRANT_REVOKED, holder, asker(), detail=reason)
        trail.record_in(cursor, replace(event, grant_id=grant_id))
    services().doorkeeper.forget_grant(grant_id)
    return to_page(_place())


@grants.get("/<uuid:grant_id>/revoke")
def show_start(grant_id: UUID) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del grant_id
    return to_page("/staff/grants")


def state_of(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> str:
    """``open``, ``revoked`` or ``expired``."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and now >= expires_at else "open"


def _place() -> str:
    """Back to the study's page, where the form stood there."""
    study_instance_uid = request.form.get("study", "")
    return f"/staff/studies/{study_instance_uid}#grants-title" if is_uid(study_instance_uid) else "/staff/grants"
