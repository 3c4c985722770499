# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /api/v1/health: which parts are up. No data, no credential."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint

from cloudfilm.db.gateways import SILENT_AFTER, silent_gateways
from cloudfilm.db.workers import count_live_workers
from cloudfilm.errors import Unavailable
from portal.services import services

health = Blueprint("health", __name__)
_WORKER_SILENT_SECONDS = 30


@health.get("/api/v1/health")
def show_health() -> tuple[dict[str, Any], int, dict[str, str]]:
    """200 when every part is up, 503 with the same body otherwise."""
    parts = {"portal": "up", "database": "down", "worker": "unknown"}
    silent: int | None = None
    try:
        with services().database.transaction() as cursor:
            parts["database"] = "up"
            parts["worker"] = "up" if count_live_workers(cursor, _WORKER_SILENT_SECONDS) else "down"
            silent = len(silent_gateways(cursor, services().clock() - SILENT_AFTER))
    except Unavailable:
        pass
    is_up = all(state == "up" for state in parts.values())
    status = HTTPStatus.OK if is_up else HTTPStatus.SERVICE_UNAVAILABLE
    # A gateway that is silent is trouble in its hospital, not here: it is told, and this installation is well.
    return {"status": "up" if is_up else "down", "parts": parts, "gateways": {"silent": silent}}, status, {"Cache-Control": "no-store"}
