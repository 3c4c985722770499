# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /api/v1/access-log: who used the patient's paper and the links made from it, when, with what sort of device."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from portal.access_log import LogEntry, own_log

access_log = Blueprint("access_log", __name__)


@access_log.get("/api/v1/access-log")
def get_access_log() -> Response:
    """The newest 500 events, newest first. Addresses are shortened to their network; no place is guessed from them."""
    response = jsonify(events=[_as_json(entry) for entry in own_log()])
    response.headers["Cache-Control"] = "no-store"
    return response


def _as_json(entry: LogEntry) -> dict[str, str]:
    return {
        "happened_at": entry.happened_at.isoformat(),
        "who": entry.who,
        "link": entry.link,
        "what": entry.what,
        "about": entry.about,
        "device": entry.device,
        "address": entry.address,
        "outcome": entry.outcome,
    }
