# SPDX-License-Identifier: AGPL-3.0-or-later
"""The beginning and the end of a member of staff's session, however the person was recognised."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Response

from cloudfilm.access.audit import ActorKind, AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.db.accounts import Account, close_launches
from cloudfilm.db.staff_devices import remember_staff_device
from cloudfilm.db.staff_sessions import begin_staff_session, end_staff_session
from portal.services import services
from portal.session import asker, end_staff_session_cookie, member_of_staff, new_id, remember_device, set_staff_session
from portal.staff.page import to_page

START = "/staff/"
_PAGES = re.compile(r"/staff/(account|users|grants|tokens|audit)?")


def begin_session(account: Account, wanted: str = START) -> Response:
    """303 to the wanted page with a new session; one that this browser had ends."""
    now, session_id, trail = services().clock(), new_id(), services().audit_trail
    before = member_of_staff()
    response = to_page(page_after(wanted))
    device_id = remember_device(response, account.account_id)
    holder = StaffHolder(account.account_id, account.login, account.full_name, account.role, account.hospital_id, session_id, closed=False)
    with services().database.transaction() as cursor:
        if before is not None:
            end_staff_session(cursor, before.session_id, now)
        begin_staff_session(cursor, session_id, account.account_id, now)
        remember_staff_device(cursor, account.account_id, device_id, now)
        trail.record_in(cursor, trail.event(AuditKind.SIGNED_IN, holder, asker()))
    set_staff_session(response, session_id)
    return response


def refuse_session(account: Account | None, reason: str) -> None:
    """Write down that somebody was not let in. A login that nobody has is not written down: people type passwords there."""
    trail = services().audit_trail
    event = trail.event(AuditKind.SIGNED_IN, None, asker(), outcome="denied", detail=reason)
    if account is not None:
        event = replace(event, hospital_id=account.hospital_id or "", detail=f"{reason}, login {account.login}")
    trail.record(replace(event, actor_kind=ActorKind.NOBODY))


def end_session(holder: StaffHolder) -> Response:
    """303 to the form to sign in; the session, and the viewers that it has opened, end everywhere."""
    now, trail = services().clock(), services().audit_trail
    with services().database.transaction() as cursor:
        end_staff_session(cursor, holder.session_id, now)
        close_launches(cursor, holder.account_id, now)
        trail.record_in(cursor, trail.event(AuditKind.SIGNED_OUT, holder, asker()))
    services().doorkeeper.forget_staff_session(holder.session_id)
    response = to_page("/staff/sign-in")
    end_staff_session_cookie(response)
    return response


def page_after(wanted: str) -> str:
    """Where to go after signing in: one of our own pages, whatever was asked for."""
    return wanted if _PAGES.fullmatch(wanted) else START
