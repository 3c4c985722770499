# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways in for people: the QR code's link, and the form for the access code."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request

from cloudfilm.errors import NotFound, TooManyAttempts
from portal.entry import open_with_code, open_with_secret
from portal.pages.exam import exam_page
from portal.session import set_session, visitor

entrance = Blueprint("entrance", __name__)


@entrance.get("/")
def show_code_form() -> Response:
    """The form for the access code that is printed under the QR code."""
    return _form(status=200)


@entrance.post("/")
def take_code_form() -> Response:
    """The same without JavaScript: the form sends the code itself."""
    try:
        grant, remaining = open_with_code(request.form.get("access_code", "")[:100], request.remote_addr or "")
    except TooManyAttempts as error:
        # To people the page matters, not the number; a 429 would be answered by nginx without it.
        response = _form(status=400, minutes=-(-error.retry_after_seconds // 60))
        response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response
    if grant is None:
        return _form(status=401, remaining=remaining)
    response = Response(redirect("/exam", 303).get_data(), status=303, headers={"Location": "/exam"})
    set_session(response, grant.grant_id, consented=False)
    return response


@entrance.get("/q/<secret>")
@entrance.get("/Q/<secret>")
def open_by_qr(secret: str) -> Response:
    """What the QR code leads to: opens a session and shows the exam, after the disclaimer."""
    grant = open_with_secret(secret)
    if grant is None:
        raise NotFound
    known = visitor()
    consented = known is not None and known.grant_id == grant.grant_id and known.consented
    response = exam_page(grant, consented)
    set_session(response, grant.grant_id, consented)
    return response


def _form(status: int, **shown: int) -> Response:
    response = Response(render_template("code_form.html", **shown), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
