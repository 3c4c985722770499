# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/gateways: a code pairs a gateway once; from then on it says how it is, and its token is renewed with the answer.

With the same answer it hears what it is to send again, and whether to tell at once what it holds (`cloudfilm.transfer.inventory`).
"""

from __future__ import annotations

import re
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
from cloudfilm.db.database import Cursor
from cloudfilm.db.gateway_maintenance import asked_of, consent_ended, take_log
from cloudfilm.db.gateways import Gateway, extend_token, gateway_of_token, give_token, note_heartbeat, note_inventory, take_pairing_code
from cloudfilm.db.job_queue import defer_reconciliation
from cloudfilm.db.reconciliation import last_keeps_since, take_told, untold_studies, wanted_of
from cloudfilm.db.wrong_tries import WINDOW, count_try, forgive_try, window_start
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, NotFound, TooManyAttempts
from cloudfilm.transfer.inventory import MOST_STUDIES
from cloudfilm.transfer.queue_state import State
from portal.failures import problem
from portal.services import services
from portal.session import asker, new_id, require

gateways = Blueprint("gateways", __name__, url_prefix="/api/v1/gateways")
TOKEN_LIFETIME = timedelta(days=90)
_RENEWED_BELOW = timedelta(days=60)
# Rounding: a receipt is given before the gateway notes it, so that what lies closer than this may be forgotten already.
_ROUNDING = timedelta(seconds=5)
# What was told this long before a round began counts as told in it.
_TOLD_BEFORE = timedelta(minutes=10)
_MOST_AGAIN = 1000
_LONGEST_SECONDS = 100 * 366 * 86_400
_INVENTORY = (
    'The body must be JSON like {"forgot_seconds_ago": 86400, "studies": [{"study_instance_uid": "1.2.3", "instances": [["1.2.3.4", "<SHA-256>",'
    f' "confirmed"]]}}]}}, {MOST_STUDIES} studies at most, or {{"began_seconds_ago": 3, "studies": []}} at the end.'
)
_NUMBERS = (
    "waiting", "waiting_bytes", "sending", "confirmed", "set_aside", "conflicts", "free_bytes", "disk_bytes", "bytes_per_second",
    "reports_waiting", "reports_set_aside", "copies_expected", "copies_failed", "keep_days",
)  # fmt: skip
_TEXTS = {
    "version": 40, "orthanc_version": 40, "last_error": 300, "disk_state": 20, "oldest_waiting_at": 40, "oldest_report_waiting_at": 40,
    "speed_limits": 300, "settings_order": 40, "settings_refused": 200,
}  # fmt: skip
_LONGEST_LOG = 600_000


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
    """200 ``{}``, with ``token, expires_at`` where the gateway is to go on with another (the old one stays good), and with what it is to do:
    ``send_again``, the UIDs of study and instance of each, ``compare``, and, where its hospital has consented, ``settings`` and ``log``."""
    holder = _gateways_own_token()
    now, trail = services().clock(), services().audit_trail
    answer: dict[str, Any] = {}
    told = _told(request.get_json(silent=True))
    renews = holder.expires_at - now < _RENEWED_BELOW
    with services().database.transaction() as cursor:
        before = note_heartbeat(cursor, holder.token_id, told, now)
        if before is None:
            raise NotFound
        if wanted := wanted_of(cursor, before.gateway_id, _MOST_AGAIN):
            answer["send_again"] = wanted
        if before.comparison_asked_at is not None:
            answer["compare"] = True
        answer |= _maintenance(cursor, before, told, holder)
        if renews and extend_token(cursor, holder.token_id, now + TOKEN_LIFETIME):
            answer["expires_at"] = (now + TOKEN_LIFETIME).isoformat()
        if before.silent_since is not None:
            trail.record_in(cursor, trail.event(AuditKind.GATEWAY_HEARD, holder, asker(), detail=f"gateway {before.gateway_id}"))
    if "expires_at" in answer:
        answer["token"] = issue_token(GatewayToken(holder.token_id), services().key_ring, now, TOKEN_LIFETIME, new_id())
    return _uncached(jsonify(answer))


def _maintenance(cursor: Cursor, before: Gateway, told: dict[str, Any], holder: ApiHolder) -> dict[str, Any]:
    """What staff ask of a gateway that lets them; that it does, or does not any more, goes into the audit trail."""
    trail, is_allowed, was_allowed = services().audit_trail, told.get("remote_allowed") is True, before.told.get("remote_allowed") is True

    def record(detail: str) -> None:
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"gateway {before.gateway_id}: {detail}"))

    if is_allowed != was_allowed:
        record("remote maintenance allowed by the hospital" if is_allowed else "remote maintenance ended by the hospital")
    if not is_allowed:
        consent_ended(cursor, before.gateway_id)
        return {}
    asked, answer = asked_of(cursor, before.gateway_id), dict[str, Any]()
    answered = told.get("settings_order", "")
    if answered and answered != before.told.get("settings_order"):
        record(
            f"settings of the cloud refused: {told['settings_refused']}"
            if told.get("settings_refused")
            else "took the settings of the cloud"
        )
    if asked.settings_order and asked.settings_order != answered:
        answer["settings"] = {"order": asked.settings_order, "speed_limits": asked.speed_limits, "keep_days": asked.keep_days}
    if asked.log_order:
        answer["log"] = asked.log_order
    return answer


@gateways.post("/log")
def take_log_of_gateway() -> Response:
    """200 ``{}``. The log that staff asked for, ``{asked, text}``; 404 for one that nobody asked for."""
    holder = _gateways_own_token()
    now, body, trail = services().clock(), request.get_json(silent=True), services().audit_trail
    asked, text = (body.get("asked"), body.get("text")) if isinstance(body, dict) else (None, None)
    try:
        order = datetime.fromisoformat(asked) if isinstance(asked, str) else None
    except ValueError:
        order = None
    if order is None or order.tzinfo is None or not isinstance(text, str) or len(text) > _LONGEST_LOG:
        raise BadRequest('The body must be JSON like {"asked": "2026-03-05T01:30:00+00:00", "text": "…"}.')
    with services().database.transaction() as cursor:
        gateway = gateway_of_token(cursor, holder.token_id)
        if gateway is None or not take_log(cursor, gateway.gateway_id, order, text.replace("\0", ""), now):
            raise NotFound
        detail = f"gateway {gateway.gateway_id} handed over its log"
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))
    return _uncached(jsonify({}))


@gateways.post("/inventory")
def take_inventory() -> Response:
    """200 ``{taken}``. What the gateway holds of some studies, or, with ``began_seconds_ago``, that everything was told. A worker compares."""
    holder = _gateways_own_token()
    now, body = services().clock(), request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest(_INVENTORY)
    studies = _studies(body)
    with services().database.transaction() as cursor:
        gateway = gateway_of_token(cursor, holder.token_id)
        if gateway is None:
            raise NotFound
        forgot = _seconds_ago(body, "forgot_seconds_ago", now)
        keeps_since = forgot + _ROUNDING if forgot else None
        for study_instance_uid, told in studies.items():
            take_told(cursor, gateway.gateway_id, study_instance_uid, told, keeps_since, now)
        if (began_at := _seconds_ago(body, "began_seconds_ago", now)) is not None:
            _note_all_told(cursor, gateway, began_at, now)
        defer_reconciliation(cursor)
    return _uncached(jsonify(taken=len(studies)))


def _note_all_told(cursor: Cursor, gateway: Gateway, began_at: datetime, now: datetime) -> None:
    """A study that it should still have, and told nothing of, is told of as empty."""
    note_inventory(cursor, gateway.gateway_id, began_at, now)
    keeps_since = last_keeps_since(cursor, gateway.gateway_id)
    if keeps_since is not None:
        for study_instance_uid in untold_studies(cursor, gateway.gateway_id, keeps_since, began_at - _TOLD_BEFORE):
            take_told(cursor, gateway.gateway_id, study_instance_uid, {}, keeps_since, now)


def _gateways_own_token() -> ApiHolder:
    holder = require(AccessRequest(Action.STORE_IMAGES))
    if not isinstance(holder, ApiHolder) or not holder.is_gateway:
        raise NotFound
    return holder


def _seconds_ago(body: dict[str, Any], name: str, now: datetime) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LONGEST_SECONDS:
        raise BadRequest(_INVENTORY)
    return now - timedelta(seconds=value)


def _studies(body: dict[str, Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """SHA-256 and state by SOPInstanceUID, by StudyInstanceUID."""
    listed = body.get("studies")
    if not isinstance(listed, list) or len(listed) > MOST_STUDIES:
        raise BadRequest(_INVENTORY)
    studies: dict[str, dict[str, tuple[str, str]]] = {}
    for one in listed:
        uid, instances = (one.get("study_instance_uid"), one.get("instances")) if isinstance(one, dict) else (None, None)
        if not isinstance(uid, str) or not is_uid(uid) or not isinstance(instances, list) or not all(map(_is_instance, instances)):
            raise BadRequest(_INVENTORY)
        studies[uid] = {sop: (sha256, state) for sop, sha256, state in instances}
    return studies


def _is_instance(one: Any) -> bool:
    if not isinstance(one, list) or len(one) != 3 or not all(isinstance(part, str) for part in one):
        return False
    sop_instance_uid, sha256, state = one
    return is_uid(sop_instance_uid) and re.fullmatch("([0-9a-f]{64})?", sha256) is not None and state in State


def _told(body: Any) -> dict[str, Any]:
    """Only what we know, in bounds: it is shown to staff."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    told: dict[str, Any] = {}
    for name in _NUMBERS:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
            told[name] = value
    if isinstance(body.get("remote_allowed"), bool):
        told["remote_allowed"] = body["remote_allowed"]
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
