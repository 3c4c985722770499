# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's visit: a signed cookie that names the grant and whether the disclaimer was accepted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Response, request

from cloudfilm.access.holder import ApiHolder, GrantHolder
from cloudfilm.access.policy import AccessRequest
from cloudfilm.access.token import SessionToken, issue_token
from cloudfilm.doors.credentials import SESSION_COOKIE
from cloudfilm.errors import NotFound, Unauthenticated
from portal.services import services


def headers() -> dict[str, str]:
    """The request's headers, names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def set_session(response: Response, grant_id: UUID, consented: bool) -> None:
    """Begin or go on with a visit."""
    parts = services()
    lifetime = timedelta(hours=parts.settings.session_hours)
    jti = UUID(bytes=parts.entropy(16), version=4)
    token = issue_token(SessionToken(grant_id, consented), parts.key_ring, parts.clock(), lifetime, jti)
    response.set_cookie(SESSION_COOKIE, token, max_age=lifetime, secure=True, httponly=True, samesite="Lax", path="/")


def visitor() -> GrantHolder | None:
    """Whose visit this is, None when there is none or its grant is revoked or expired. The disclaimer may not have been accepted yet."""
    now = services().clock()
    for holder in services().doorkeeper.holders(headers()):
        if isinstance(holder, GrantHolder) and holder.sees_report and holder.is_open(now):
            return holder
    return None


def require(wanted: AccessRequest) -> ApiHolder | GrantHolder:
    """Whoever may do this; 401 without any valid credential, 404 for one that may not know that it exists."""
    holder = services().doorkeeper.allows(wanted, headers())
    if isinstance(holder, ApiHolder | GrantHolder):
        return holder
    if not services().doorkeeper.holders(headers()):
        raise Unauthenticated("A valid token or session is needed.")
    raise NotFound
