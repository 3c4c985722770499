# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/gateways: what stations at a gateway handed in, and where the stamped copies are that they wait for.

A gateway's token is its hospital's, and so is everything that comes with it, whatever the gateway says.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.holder import ApiHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.deliveries import delivery_of_report
from cloudfilm.db.gateways import gateway_of_token
from cloudfilm.db.intake_sources import IntakeSource, note_use, source_at_gateway
from cloudfilm.db.origin import Origin, Way
from cloudfilm.db.reports import report_known_as
from cloudfilm.errors import BadRequest, Conflict, NotFound
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.message_door import bring_message
from portal.services import services
from portal.session import asker, require

gateway_reports = Blueprint("gateway_reports", __name__, url_prefix="/api/v1/gateways")
_KINDS = (Way.PRINTER, Way.FOLDER, Way.HL7)
_STATION = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_LONGEST_SECONDS = 100 * 366 * 86_400
# As much as nginx lets through.
_LARGEST_BODY = 64 * 1024 * 1024
_MOST_COPIES = 200
_FACTS = (
    'The body must be multipart/form-data with a part "facts" (JSON like {"station": "ct-room", "kind": "printer", "title": "", "peer": "",'
    ' "came_seconds_ago": 3.5}; kind: printer, folder or hl7), a file "content" and, for hl7, perhaps a file "named_file".'
)
_REPORT_IDS = f'The body must be JSON like {{"report_ids": ["0b6f…"]}}, {_MOST_COPIES} at most.'


@dataclass(frozen=True, slots=True)
class _Facts:
    station: str
    kind: Way
    title: str
    peer: str
    came_at: datetime


@gateway_reports.post("/arrivals")
def take_arrival() -> Response:
    """200 ``{verdict, reason, report_id, sha256}``: taken (stored for good), refused (never), or later.

    A document's SHA-256 is that of what is read back. An HL7 message goes to the intake, which handles it as one of its own stations'.
    """
    request.max_content_length = request.max_form_memory_size = _LARGEST_BODY
    source, facts = _source_and_facts()
    upload, named = request.files.get("content"), request.files.get("named_file")
    if upload is None or (named is not None and facts.kind is not Way.HL7):
        raise BadRequest(_FACTS)
    content = upload.read()
    if facts.kind is not Way.HL7:
        return _uncached(jsonify(_take_document(source, facts, content)))
    peer = facts.peer or asker().address
    named_file = named.read() if named is not None else None
    verdict, report_id = bring_message(services().settings.message_socket, source, peer, content, named_file, facts.came_at)
    said = {"AA": "taken", "AR": "refused"}.get(verdict.code, "later")
    return _uncached(jsonify(verdict=said, reason=verdict.reason, report_id=report_id))


@gateway_reports.post("/copies")
def tell_copies() -> Response:
    """200 ``{copies: [{report_id, state, reason}]}``: ready, waiting (it was not read yet), failed (it cannot be read), or gone."""
    holder = _gateway()
    body = request.get_json(silent=True)
    listed = body.get("report_ids") if isinstance(body, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_COPIES:
        raise BadRequest(_REPORT_IDS)
    try:
        report_ids = [UUID(one) for one in listed]
    except (ValueError, TypeError, AttributeError) as error:
        raise BadRequest(_REPORT_IDS) from error
    return _uncached(jsonify(copies=[_copy(holder, report_id) for report_id in report_ids]))


def _gateway() -> ApiHolder:
    holder = require(AccessRequest(Action.SUBMIT_REPORT))
    if not isinstance(holder, ApiHolder) or not holder.is_gateway:
        raise NotFound
    return holder


def _source_and_facts() -> tuple[IntakeSource, _Facts]:
    holder, now = _gateway(), services().clock()
    facts = _facts(request.form.get("facts", ""), now)
    with services().database.transaction() as cursor:
        gateway = gateway_of_token(cursor, holder.token_id)
        if gateway is None or gateway.hospital_id != holder.hospital_id:
            raise NotFound
        return source_at_gateway(cursor, gateway, facts.station, facts.kind, now), facts


def _facts(text: str, now: datetime) -> _Facts:
    try:
        told: Any = json.loads(text)
        station, kind, title, peer = (told[name] for name in ("station", "kind", "title", "peer"))
        seconds = told["came_seconds_ago"]
        if not all(isinstance(one, str) for one in (station, title, peer)) or not _STATION.fullmatch(station) or kind not in _KINDS:
            raise BadRequest(_FACTS)
        if isinstance(seconds, bool) or not 0 <= float(seconds) < _LONGEST_SECONDS:
            raise BadRequest(_FACTS)
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(_FACTS) from error
    return _Facts(station, Way(kind), title.replace("\0", "")[:200], peer.replace("\0", "")[:60], now - timedelta(seconds=float(seconds)))


def _take_document(source: IntakeSource, facts: _Facts, document: bytes) -> dict[str, Any]:
    submitted = submitted_by(source, services().clock(), asker().address)
    try:
        report_id = (
            services().intake.receive(source.hospital_id, document, submitted, Origin(facts.kind, source.name, facts.title)).report_id
        )
    except Conflict:
        report_id = None  # it came before, and its copy is no longer kept
    sha256 = hashlib.sha256(document).hexdigest()
    with services().database.transaction() as cursor:
        note_use(cursor, source.name, services().clock())
    # What is read back, and not what came: the gateway forgets its own by this.
    services().documents.get(sha256)
    return {"verdict": "taken", "reason": "", "report_id": report_id, "sha256": sha256}


def _copy(holder: ApiHolder, report_id: UUID) -> dict[str, Any]:
    with services().database.transaction() as cursor:
        report = report_known_as(cursor, report_id)
        delivery = delivery_of_report(cursor, report.report_id, services().clock()) if report is not None else None
    state, reason = "waiting", ""
    if report is None or report.hospital_id != holder.hospital_id:
        state, reason = "gone", "The cloud does not know the report."
    elif report.status == "failed":
        state, reason = "failed", report.status_reason
    elif delivery is None:
        state, reason = "gone", "The stamped copy is no longer kept."
    elif delivery.sealed_stamped is not None:
        state = "ready"
    return {"report_id": str(report_id), "state": state, "reason": reason}


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
