# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors as the outside sees them: a problem document (RFC 9457) for programs, a page in the reader's language for people."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from cloudfilm.errors import CloudFilmError, TooManyAttempts

_log = logging.getLogger(__name__)
_FOR_PROGRAMS = ("/api/", "/dicom-web/", "/cleaned/", "/why/", "/wado", "/metrics", "/denied")


def problem(status: HTTPStatus, detail: str, **members: int) -> Response:
    """A problem document; 401 says how to authenticate (RFC 6750)."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **members}
    response = Response(json.dumps(body), status=status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="CloudFilm"'
    return response


def register_failures(app: Flask) -> None:
    """Every exception ends here."""
    app.register_error_handler(CloudFilmError, _our_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _our_error(error: CloudFilmError) -> Response:
    response = _answer(error.status, error.public_message)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    response = _answer(status, {HTTPStatus.NOT_FOUND: "There is nothing at this address."}.get(status, status.description or status.phrase))
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    _log.error("unexpected %s while answering %s %s", type(error).__name__, request.method, request.endpoint, exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side. It has been recorded.")


def _answer(status: HTTPStatus, message: str) -> Response:
    if request.path.startswith(_FOR_PROGRAMS):
        return problem(status, message)
    response = Response(_page(status), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(status: HTTPStatus) -> str:
    """For staff in their words; whoever is not signed in gets the form for it."""
    if f"{request.path}/".startswith("/kiosk/"):
        return render_template("kiosk/pair.html" if status is HTTPStatus.UNAUTHORIZED else "kiosk/failure.html", status=int(status))
    if not f"{request.path}/".startswith("/staff/"):
        return render_template("failure.html", status=int(status))
    if status is HTTPStatus.UNAUTHORIZED:
        return render_template("staff/sign_in.html", next=request.path)
    return render_template("staff/failure.html", status=int(status))
