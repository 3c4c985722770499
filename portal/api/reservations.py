# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/reservations: the QR code of an exam number before anything else of the exam exists."""

from __future__ import annotations

import base64
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import ApiHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.grants import grant_with_id
from cloudfilm.errors import BadRequest, NotFound
from cloudfilm.reports.qr_code import qr_png, qr_svg
from cloudfilm.reports.reserving import ReservationWish
from portal.services import services
from portal.session import asker, require

reservations = Blueprint("reservations", __name__, url_prefix="/api/v1/reservations")
_LARGEST_BODY = 16 * 1024


@reservations.post("")
def post_reservation() -> tuple[Response, int]:
    """JSON with ``accession_number``. 201 when it is reserved for good; 200 with the same keys when the same is asked again."""
    wanted = AccessRequest(Action.SUBMIT_REPORT)
    holder = services().doorkeeper.would_allow(wanted, asker()) or require(wanted)  # written down with the reservation, one by one
    if not isinstance(holder, ApiHolder):
        raise NotFound
    if (request.content_length or 0) > _LARGEST_BODY or not request.is_json:
        raise BadRequest('Send a small JSON object, Content-Type: application/json, for example {"accession_number": "A2603050417"}.')
    wish = ReservationWish.from_json(request.get_json(silent=True))
    event = services().audit_trail.event(AuditKind.GRANT_MADE, holder, asker())
    reserved = services().reserving.reserve(holder.hospital_id, wish, event)
    with services().database.transaction() as cursor:
        grant = grant_with_id(cursor, reserved.grant.grant_id) or reserved.grant
    public_url = services().settings.public_url
    qr_url = reserved.keys.qr_url(public_url)
    response = jsonify(
        reservation_id=str(reserved.reservation.reservation_id),
        accession_number=reserved.reservation.accession_number,
        link=reserved.keys.link(public_url),
        qr_text=qr_url,
        access_code=reserved.keys.access_code,
        qr_png=f"data:image/png;base64,{base64.b64encode(qr_png(qr_url)).decode('ascii')}",
        qr_svg=qr_svg(qr_url),
        expires_at=grant.expires_at.isoformat() if grant.expires_at else None,
        keys_shown_until=reserved.reservation.keys_until.isoformat(),
        report_id=str(grant.report_id) if grant.report_id else None,
        study_instance_uid=next(iter(sorted(grant.study_instance_uids)), None),
    )
    response.headers["Cache-Control"] = "no-store"
    return response, HTTPStatus.CREATED if reserved.is_new else HTTPStatus.OK
