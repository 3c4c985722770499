# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms of other sites are refused: what a browser says of a request's origin, which no page can forge (CSRF)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from cloudfilm.doors.asker import KIOSK_COOKIE, SESSION_COOKIE, STAFF_COOKIE
from cloudfilm.errors import BadRequest


def refuse_foreign_origin() -> None:
    """Before every request: one that changes something on the strength of the cookie must come from our own pages."""
    has_session = any(name in request.cookies for name in (SESSION_COOKIE, STAFF_COOKIE, KIOSK_COOKIE))
    if request.method in ("GET", "HEAD", "OPTIONS") or not has_session or "Authorization" in request.headers:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise BadRequest("The form was sent from another site.")
        return
    # A browser too old for Sec-Fetch-Site. Our pages say no-referrer, so it writes "null" for our own forms too: there SameSite=Lax, which it
    # knows, has kept the cookie away from other sites' forms.
    origin = request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc != request.host:
        raise BadRequest("The form was sent from another site.")
