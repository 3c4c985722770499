# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways in for people: the QR code's link, and the form for the access code."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from cloudfilm.access.grant import GrantKind
from cloudfilm.errors import NotFound, TooManyAttempts
from portal.entry import Opened, open_with_code, open_with_secret

entrance = Blueprint("entrance", __name__)


@entrance.get("/")
def show_code_form() -> Response:
    """The form for the access code that is printed under the QR code."""
    return _form(status=200)


@entrance.post("/")
def take_code_form() -> Response:
    """The same without JavaScript: the form sends the code itself."""
    try:
        opened, remaining = open_with_code(request.form.get("access_code", "")[:100])
    except TooManyAttempts as error:
        # To people the page matters, not the number; a 429 would be answered by nginx without it.
        response = _form(status=400, minutes=-(-error.retry_after_seconds // 60))
        response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response
    if opened is None:
        return _form(status=401, remaining=remaining)
    return _to_exam(opened)


@entrance.get("/q/<secret>")
@entrance.get("/Q/<secret>")
def open_by_qr(secret: str) -> Response:
    """What the QR code leads to: opens a session, and off to the exam, so that the secret leaves the address bar."""
    opened = open_with_secret(secret, GrantKind.PATIENT)
    if opened is None:
        raise NotFound
    return _to_exam(opened)


@entrance.get("/s/<secret>")
@entrance.get("/S/<secret>")
def open_by_shared_link(secret: str) -> Response:
    """What a patient passed on: the same for a specialist."""
    opened = open_with_secret(secret, GrantKind.SHARE)
    if opened is None:
        raise NotFound
    return _to_exam(opened)


def _to_exam(opened: Opened) -> Response:
    response = Response(status=303, headers={"Location": "/exam", "Cache-Control": "no-store"})
    opened.begin_visit(response)
    return response


def _form(status: int, **shown: int) -> Response:
    response = Response(render_template("code_form.html", **shown), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
