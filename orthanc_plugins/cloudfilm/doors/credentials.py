# SPDX-License-Identifier: AGPL-3.0-or-later
"""The credentials that a request carries: a bearer token (RFC 6750) and the session cookie. Pure: header values in, token texts out."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.http import parse_cookie

SESSION_COOKIE = "__Host-session"
# nginx sets it on every request and overwrites what a client sends: whoever comes with it came through the public door.
PUBLIC_DOOR_HEADER = "x-cloudfilm-door"


def presented_tokens(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Every token presented, the bearer first. Either suffices: the cookie carries on when the viewer's token has expired or a reload lost it.

    Parameters
    ----------
    headers : Mapping
        Names in lower case.
    """
    found: list[str] = []
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        found.append(value.strip())
    session = parse_cookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    if session:
        found.append(session)
    return tuple(text for text in found if len(text) <= 8192)


def came_through_public_door(headers: Mapping[str, str]) -> bool:
    """Whether nginx passed the request on."""
    return PUBLIC_DOOR_HEADER in headers
