# SPDX-License-Identifier: AGPL-3.0-or-later
"""Staff sign in at the hospital's identity provider: off to it with a state in a cookie, and back with a code that answers to it."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta

from flask import Blueprint, Response, render_template, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.device import throttled_network
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.openid import OpenIdToken
from cloudfilm.access.token import OidcToken, issue_token, read_token
from cloudfilm.db.database import Cursor
from cloudfilm.db.oidc_accounts import account_of_subject, link_account_by_login, use_state
from cloudfilm.db.staff_sessions import begin_staff_session
from cloudfilm.db.wrong_tries import WINDOW, count_try, forgive_try, window_start
from cloudfilm.doors.staff_sign_in import StaffSignIn
from cloudfilm.errors import NotFound, TooManyAttempts
from portal.services import services
from portal.session import asker, new_id, set_staff_session

staff_oidc = Blueprint("staff_oidc", __name__)
SIGN_IN_COOKIE = "__Host-oidc"
_LIFETIME = timedelta(minutes=10)
_LONGEST = 4096
# Sign-ins that fail, from one network in a quarter of an hour: each costs the provider a question.
_FAILURES = 30


@staff_oidc.get("/staff/oidc/start")
def start() -> Response:
    """Off to the provider."""
    parts, pending = services(), OidcToken(_random(), _random(), _random())
    response = Response(status=303, headers={"Location": _sign_in().address(pending), "Cache-Control": "no-store"})
    text = issue_token(pending, parts.key_ring, parts.clock(), _LIFETIME, new_id())
    response.set_cookie(SIGN_IN_COOKIE, text, max_age=_LIFETIME, secure=True, httponly=True, samesite="Lax", path="/")
    return response


@staff_oidc.get("/staff/oidc/callback")
def callback() -> Response:
    """Back from the provider (OpenID Connect Core §3.1.2.5)."""
    if "state" not in request.args:
        # Nobody comes back like this from the provider: the page again, in the other language.
        return _page(subject="")
    sign_in, subject, window = _sign_in(), f"oidc:{throttled_network(asker().address)}", window_start(services().clock())
    with services().database.transaction() as cursor:
        tries = count_try(cursor, subject, window)
    if tries > _FAILURES:
        raise TooManyAttempts("Too many sign-ins from here have failed. Please try again later.", int(WINDOW.total_seconds()))
    pending = _pending()
    token = _token(sign_in, pending) if pending is not None else None
    if token is None:
        return _refused("the answer of the identity provider was not to this browser's question")
    with services().database.transaction() as cursor:
        holder = _account(cursor, token)
        if holder is not None:
            forgive_try(cursor, subject, window)
            begin_staff_session(cursor, holder.session_id, holder.account_id, services().clock())
            event = services().audit_trail.event(AuditKind.SIGNED_IN, holder, asker(), detail="at the identity provider")
            services().audit_trail.record_in(cursor, event)
    if holder is None:
        return _refused("no account is linked to whom the identity provider names", subject=token.account)
    response = Response(status=303, headers={"Location": "/staff/", "Cache-Control": "no-store"})
    set_staff_session(response, holder.session_id)
    _forget(response)
    return response


def _sign_in() -> StaffSignIn:
    found = services().staff_sign_in
    if found is None:
        raise NotFound
    return found


def _random() -> str:
    """256 bits, in the 43 characters that PKCE asks for at least (RFC 7636 §4.1)."""
    return urlsafe_b64encode(services().entropy(32)).decode("ascii").rstrip("=")


def _pending() -> OidcToken | None:
    """The sign-in that this browser has begun and that the answer is to; it works once."""
    text, state = asker().cookie(SIGN_IN_COOKIE), request.args.get("state", "")
    pending = read_token(text, services().key_ring, services().clock()) if text else None
    if not isinstance(pending, OidcToken) or pending.state != state:
        return None
    with services().database.transaction() as cursor:
        is_first = use_state(cursor, hashlib.sha256(state.encode("ascii")).digest(), services().clock())
    return pending if is_first else None


def _token(sign_in: StaffSignIn, pending: OidcToken) -> OpenIdToken | None:
    code = request.args.get("code", "")
    return sign_in.finish(code, pending, services().clock()) if 0 < len(code) <= _LONGEST else None


def _account(cursor: Cursor, token: OpenIdToken) -> StaffHolder | None:
    session_id, login = new_id(), token.text("preferred_username")
    found = account_of_subject(cursor, token.account, session_id)
    if found is None and services().settings.oidc_link_by_login and login:
        found = link_account_by_login(cursor, login, token.account, session_id)
    return found


def _refused(why: str, subject: str = "") -> Response:
    """A page that says what to do; ``subject`` is shown to the very person whom the provider has just named."""
    services().audit_trail.record(services().audit_trail.event(AuditKind.SIGNED_IN, None, asker(), outcome="denied", detail=why))
    response = _page(subject)
    _forget(response)
    return response


def _page(subject: str) -> Response:
    response = Response(render_template("staff_oidc_refused.html", subject=subject), status=401 if subject else 400)
    response.headers["Cache-Control"] = "no-store"
    return response


def _forget(response: Response) -> None:
    response.delete_cookie(SIGN_IN_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
