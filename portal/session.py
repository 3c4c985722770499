# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who makes this request: the patient's visit and the staff's session are signed cookies, a program brings a bearer token."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Response, request

from cloudfilm.access.holder import GrantHolder, Holder, StaffHolder
from cloudfilm.access.policy import AccessRequest
from cloudfilm.access.token import DeviceToken, KioskToken, SessionToken, StaffToken, Token, issue_token, read_token
from cloudfilm.doors.asker import DEVICE_COOKIE, KIOSK_COOKIE, SESSION_COOKIE, STAFF_COOKIE, Asker
from cloudfilm.errors import NotFound, Unauthenticated
from portal.services import services

_DEVICE_LIFETIME = timedelta(days=180)
# Browsers keep no cookie longer; a kiosk that was used is given a new one.
_KIOSK_LIFETIME = timedelta(days=400)


def asker() -> Asker:
    """Whoever makes this request."""
    return Asker({name.lower(): value for name, value in request.headers.items()}, request.remote_addr or "")


def new_id() -> UUID:
    """A random identifier."""
    return UUID(bytes=services().entropy(16), version=4)


def set_session(response: Response, grant_id: UUID, consented: bool) -> None:
    """Begin or go on with a visit."""
    _set_cookie(response, SESSION_COOKIE, SessionToken(grant_id, consented), timedelta(hours=services().settings.session_hours))


def end_session(response: Response) -> None:
    """Leave: nothing of the visit stays in this browser."""
    _forget_pictures(response)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")


def set_staff_session(response: Response, session_id: UUID) -> None:
    """Somebody has signed in."""
    lifetime = timedelta(hours=services().settings.staff_session_hours)
    _set_cookie(response, STAFF_COOKIE, StaffToken(session_id), lifetime)


def end_staff_session_cookie(response: Response) -> None:
    """Somebody has signed out."""
    _forget_pictures(response)
    response.delete_cookie(STAFF_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")


def remember_device(response: Response, vouched_by: UUID) -> UUID:
    """This device has opened a grant or an account: from now on its wrong tries are not its network's."""
    known = known_device()
    if known is not None:
        return known.device_id
    device_id = new_id()
    _set_cookie(response, DEVICE_COOKIE, DeviceToken(device_id, vouched_by), _DEVICE_LIFETIME)
    return device_id


def set_kiosk(response: Response, kiosk_id: UUID, pairing_id: UUID) -> None:
    """This browser is that kiosk from now on."""
    _set_cookie(response, KIOSK_COOKIE, KioskToken(kiosk_id, pairing_id), _KIOSK_LIFETIME)


def known_device() -> DeviceToken | None:
    """The device that has opened a grant or an account before, None for a new one."""
    text = asker().cookie(DEVICE_COOKIE)
    token = read_token(text, services().key_ring, services().clock()) if text else None
    return token if isinstance(token, DeviceToken) else None


def visitor() -> GrantHolder | None:
    """Whose visit this is, None when there is none or its grant is closed. The disclaimer may not have been accepted yet."""
    now = services().clock()
    for holder in services().doorkeeper.holders(asker()):
        if isinstance(holder, GrantHolder) and holder.is_session and holder.grant.is_open(now):
            return holder
    return None


def member_of_staff() -> StaffHolder | None:
    """Who is signed in, None when nobody is or the session has ended."""
    holders = services().doorkeeper.holders(asker())
    return next((holder for holder in holders if isinstance(holder, StaffHolder) and not holder.closed), None)


def require(wanted: AccessRequest) -> Holder:
    """Whoever may do this; 401 without any valid credential, 404 for one that may not know that it exists."""
    holder = services().doorkeeper.allows(wanted, asker())
    if holder is not None:
        return holder
    if not services().doorkeeper.holders(asker()):
        raise Unauthenticated("A valid token or session is needed.")
    raise NotFound


def _forget_pictures(response: Response) -> None:
    """What the browser kept of pages and pictures goes, for whoever sits down at it next."""
    response.headers["Clear-Site-Data"] = '"cache"'


def _set_cookie(response: Response, name: str, token: Token, lifetime: timedelta) -> None:
    parts = services()
    text = issue_token(token, parts.key_ring, parts.clock(), lifetime, new_id())
    response.set_cookie(name, text, max_age=lifetime, secure=True, httponly=True, samesite="Lax", path="/")
