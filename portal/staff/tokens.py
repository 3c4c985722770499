# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's tokens for programs: issue one, see when each was used last, revoke it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import ApiHolder, Scope, StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.access.token import ApiToken, issue_token
from cloudfilm.db.api_tokens import add_api_token, list_api_tokens, revoke_api_token
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker, new_id
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

tokens = Blueprint("staff_tokens", __name__, url_prefix="/staff/tokens")
_LONGEST_LABEL = 60
_MOST_DAYS = 3650


@tokens.get("")
def show_tokens() -> Response:
    """The tokens, newest first, and a form for another."""
    return _page(member_who_may(Action.MANAGE_TOKENS))


@tokens.post("")
def take_token() -> Response:
    """Issue a token. It is shown this once."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    scopes = frozenset(scope for scope in Scope if scope in request.form.getlist("scope"))
    label, days = request.form.get("label", "").strip()[:_LONGEST_LABEL], request.form.get("days", "")
    if not scopes or not label or not days.isascii() or not days.isdigit() or not 1 <= int(days[:6]) <= _MOST_DAYS:
        return _page(holder, 400, trouble=True, filled={"label": label, "days": days[:6], "scopes": scopes})
    now, lifetime, trail = services().clock(), timedelta(days=int(days)), services().audit_trail
    program = ApiHolder(new_id(), holder.hospital_id or "", scopes, now + lifetime, None)
    with services().database.transaction() as cursor:
        add_api_token(cursor, program, label, now)
        detail = f"issued token {program.token_id} for {','.join(sorted(scopes))}"
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))
    text = issue_token(ApiToken(program.token_id), services().key_ring, now, lifetime, new_id())
    return staff_page("staff/token_issued.html", holder, token=text, label=label)


@tokens.post("/<uuid:token_id>/revoke")
def revoke(token_id: UUID) -> Response:
    """Revoke; effective everywhere within ten seconds."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        if token_id not in {one.holder.token_id for one in list_api_tokens(cursor, holder.hospital_id or "")}:
            raise NotFound
        revoke_api_token(cursor, token_id, services().clock())
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"revoked token {token_id}"))
    return to_page("/staff/tokens")


@tokens.get("/<uuid:token_id>/revoke")
def show_start(token_id: UUID) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del token_id
    return to_page("/staff/tokens")


def _page(holder: StaffHolder, status: int = 200, **values: object) -> Response:
    with services().database.transaction() as cursor:
        issued = list_api_tokens(cursor, holder.hospital_id or "")
    shown = {"tokens": issued, "scopes": list(Scope), "now": services().clock(), "filled": {}, **values}
    return staff_page("staff/tokens.html", holder, status, **shown)
