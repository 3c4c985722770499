# SPDX-License-Identifier: AGPL-3.0-or-later
"""What nginx shows when Orthanc's filter said no: 401 to whoever has no valid credential, 404 to everybody else."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from portal.failures import problem
from portal.services import services
from portal.session import asker

denied = Blueprint("denied", __name__)


@denied.get("/denied")
def show_denied() -> Response:
    """Reached only through nginx; asked directly it tells as little."""
    if services().doorkeeper.holders(asker()):
        return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return problem(HTTPStatus.UNAUTHORIZED, "A valid token or session is needed.")
