# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /api/v1/openapi.json and /api/docs: what programs may ask, for programs and for people."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from portal.openapi.description import document, examples, operations
from portal.services import services

description = Blueprint("api_description", __name__)
_CACHED = "public, max-age=300"


@description.get("/api/v1/openapi.json")
def show_document() -> Response:
    """OpenAPI 3.1, with this server's own address."""
    response = jsonify(document() | {"servers": [{"url": services().settings.public_url}]})
    response.headers["Cache-Control"] = _CACHED
    return response


@description.get("/api/docs")
def show_page() -> Response:
    """The same as a page, with examples to copy."""
    shown = render_template(
        "api_docs.html", api=document(), operations=operations(), examples=examples(), address=services().settings.public_url
    )
    response = Response(shown)
    response.headers["Cache-Control"] = "no-cache"
    return response
