# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/gateways: a code pairs a gateway once; from then on it says how it is, and its token is renewed with the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.access_code import hash_access_code, normalise_access_code
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.device import throttled_network
from cloudfilm.access.holder import ApiHolder, Scope
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.access.token import GatewayToken, issue_token
from cloudfilm.db.api_tokens import add_api_token
from cloudfilm.db.gateways import extend_token, give_token, note_heartbeat, take_pairing_code
from cloudfilm.db.wrong_tries import WINDOW, count_try, forgive_try, window_start
from cloudfilm.errors import BadRequest, NotFound, TooManyAttempts
from portal.failures import problem
from portal.services import services
from portal.session import asker, new_id, require

gateways = Blueprint("gateways", __name__, url_prefix="/api/v1/gateways")
TOKEN_LIFETIME = timedelta(days=90)
_RENEWED_BELOW = timedelta(days=60)
_NUMBERS = ("waiting", "waiting_bytes", "sending", "confirmed", "set_aside", "conflicts", "free_bytes", "disk_bytes", "bytes_per_second")
_TEXTS = {"version": 40, "last_error": 300, "disk_state": 20, "oldest_waiting_at": 40}


@gateways.post("/pair")
def pair() -> Response:
    """201 ``{token, gateway_id, hospital_id, name, expires_at}``, once; 401 for a code that is wrong, used or expired; 429 for guessing."""
    body = request.get_json(silent=True)
    typed = body.get("pairing_code") if isinstance(body, dict) else None
    if not isinstance(typed, str) or len(typed) > 100:
        raise BadRequest('The body must be JSON like {"pairing_code": "7K3M-9QXF-2T8B"}.')
    now, trail, key_ring = services().clock(), services().audit_trail, services().key_ring
    subject = f"pairing:{throttled_network(asker().address)}"
    _count(subject, now)
    code = normalise_access_code(typed)
    code_hash = hash_access_code(code or "0" * 12, key_ring.hashing)
    with services().database.transaction() as cursor:
        gateway = take_pairing_code(cursor, code_hash, now) if code else None
        if gateway is not None:
            holder = ApiHolder(new_id(), gateway.hospital_id, frozenset({Scope.STORE, Scope.REPORTS}), now + TOKEN_LIFETIME, None, True)
            add_api_token(cursor, holder, gateway.name, now)
            give_token(cursor, gateway.gateway_id, holder.token_id)
            forgive_try(cursor, subject, window_start(now))
            trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"paired gateway {gateway.gateway_id}"))
        else:
            trail.record_in(cursor, trail.event(AuditKind.WRONG_CODE, None, asker(), outcome="denied", detail="pairing of a gateway"))
    if gateway is None:
        return problem(HTTPStatus.UNAUTHORIZED, "This pairing code opens nothing: it is wrong, used already, or older than a day.")
    response = jsonify(
        token=issue_token(GatewayToken(holder.token_id), key_ring, now, TOKEN_LIFETIME, new_id()),
        gateway_id=str(gateway.gateway_id),
        hospital_id=gateway.hospital_id,
        name=gateway.name,
        expires_at=holder.expires_at.isoformat(),
    )
    response.status_code = HTTPStatus.CREATED
    return _uncached(response)


@gateways.post("/heartbeat")
def take_heartbeat() -> Response:
    """200 ``{}``, or ``{token, expires_at}`` where the gateway is to go on with another; the old one stays good."""
    holder = require(AccessRequest(Action.STORE_IMAGES))
    if not isinstance(holder, ApiHolder) or not holder.is_gateway:
        raise NotFound
    now = services().clock()
    answer: dict[str, str] = {}
    renews = holder.expires_at - now < _RENEWED_BELOW
    with services().database.transaction() as cursor:
        if note_heartbeat(cursor, holder.token_id, _told(request.get_json(silent=True)), now) is None:
            raise NotFound
        if renews and extend_token(cursor, holder.token_id, now + TOKEN_LIFETIME):
            answer["expires_at"] = (now + TOKEN_LIFETIME).isoformat()
    if answer:
        answer["token"] = issue_token(GatewayToken(holder.token_id), services().key_ring, now, TOKEN_LIFETIME, new_id())
    return _uncached(jsonify(answer))


def _told(body: Any) -> dict[str, Any]:
    """Only what we know, in bounds: it is shown to staff."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    told: dict[str, Any] = {}
    for name in _NUMBERS:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
            told[name] = value
    for name, longest in _TEXTS.items():
        if isinstance(body.get(name), str):
            told[name] = body[name].replace("\0", "")[:longest]
    return told


def _count(subject: str, now: datetime) -> None:
    with services().database.transaction() as cursor:
        tries = count_try(cursor, subject, window_start(now))
    if tries > services().settings.wrong_codes_per_quarter_hour:
        seconds = int((window_start(now) + WINDOW - now).total_seconds()) + 1
        raise TooManyAttempts("Too many wrong pairing codes. Please try again later.", retry_after_seconds=seconds)


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
