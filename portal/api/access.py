# SPDX-License-Identifier: AGPL-3.0-or-later
"""POST /api/v1/access: the typed access code opens a session."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from cloudfilm.errors import BadRequest
from portal.entry import open_with_code
from portal.failures import problem

access = Blueprint("access", __name__)


@access.post("/api/v1/access")
def open_by_code() -> Response:
    """200 ``{"next": "/exam"}`` with the session cookie; 401 with ``remaining_attempts``; 429 with Retry-After."""
    body = request.get_json(silent=True)
    typed = body.get("access_code") if isinstance(body, dict) else None
    if not isinstance(typed, str) or len(typed) > 100:
        raise BadRequest('The body must be JSON like {"access_code": "7K3M-9QXF-2T8B"}.')
    opened, remaining = open_with_code(typed)
    if opened is None:
        return problem(HTTPStatus.UNAUTHORIZED, "This access code opens nothing.", remaining_attempts=remaining)
    response = jsonify(next="/exam")
    response.headers["Cache-Control"] = "no-store"
    opened.begin_visit(response)
    return response
