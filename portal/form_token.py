# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every form carries a token that only our own pages can know (CSRF): a keyed hash of a random cookie, which no other site can read or set.

What is not a form, JSON or DELETE, no other site can send without asking first (CORS), and nothing here answers such a question.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from flask import Flask, Response, g, request
from markupsafe import Markup

from cloudfilm.access.key_ring import SigningKey
from cloudfilm.errors import BadRequest
from portal.services import services

COOKIE = "__Host-form"
FIELD = "form_token"
_COOKIE_BYTES = 16
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")


def register_form_token(app: Flask) -> None:
    """Templates have ``csrf_field()``; every form that comes without it, or with another browser's, is refused."""
    app.before_request(_refuse_foreign_form)
    app.after_request(_remember)
    app.jinja_env.globals["csrf_field"] = csrf_field


def csrf_field() -> Markup:
    """The hidden field of a form."""
    if "form_cookie" not in g:
        g.form_cookie = request.cookies.get(COOKIE) or base64.urlsafe_b64encode(services().entropy(_COOKIE_BYTES)).decode("ascii")
    newest = services().key_ring.signing[-1]
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token_of(g.form_cookie, newest))


def _refuse_foreign_form() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.mimetype not in _FORMS or "Authorization" in request.headers:
        return
    if request.method == "DELETE":
        return
    cookie, sent = request.cookies.get(COOKIE, ""), request.form.get(FIELD, "")
    if cookie and any(hmac.compare_digest(token_of(cookie, key).encode(), sent.encode()) for key in services().key_ring.signing):
        return
    raise BadRequest("The form is out of date or was sent from another site. Please reload the page and send it again.")


def _remember(response: Response) -> Response:
    cookie = g.get("form_cookie")
    if cookie is not None and cookie != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def token_of(cookie: str, key: SigningKey) -> str:
    """The token that belongs to a browser's cookie."""
    digest = hmac.digest(key.for_kind("form"), cookie.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode("ascii")
