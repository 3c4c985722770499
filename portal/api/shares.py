# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/shares: the patient's own links for others. Only the patient's session is taken; whoever came by such a link cannot share on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.grant import Grant, Right
from cloudfilm.access.share import ShareWish, state_of
from portal.exam_record import chosen_report
from portal.services import services
from portal.shares import end_share, own_shares, share_exam, sharing_patient

shares = Blueprint("shares", __name__, url_prefix="/api/v1/shares")


@shares.post("")
def post_share() -> Response:
    """201 with ``share_id`` and ``link``, which is shown this once; 400 says what is allowed.

    JSON: ``nickname``; ``days`` 1 to 90, default 7; ``maximum_openings`` 1 to 1000, default no limit; ``report`` default true; ``download``
    and ``hide_names`` default false; ``studies``, default the exam that is looked at.
    """
    holder = sharing_patient()
    made = share_exam(holder, ShareWish.from_json(request.get_json(silent=True)), chosen_report(holder.grant))
    response = jsonify(_as_json(made.share) | {"link": made.link})
    response.status_code = HTTPStatus.CREATED
    return _uncached(response)


@shares.get("")
def get_shares() -> Response:
    """Every link that was made from the visit's grant, newest first, with its openings and its state."""
    return _uncached(jsonify(shares=[_as_json(share) for share in own_shares(sharing_patient())]))


@shares.delete("/<uuid:share_id>")
def delete_share(share_id: UUID) -> Response:
    """204: the link opens nothing any more, and the visits that it began have ended."""
    end_share(sharing_patient(), share_id)
    return _uncached(Response(status=HTTPStatus.NO_CONTENT))


def _as_json(share: Grant) -> dict[str, Any]:
    return {
        "share_id": str(share.grant_id),
        "nickname": share.nickname,
        "state": state_of(share, services().clock()),
        "created_at": share.created_at.isoformat(),
        "expires_at": share.expires_at.isoformat() if share.expires_at else None,
        "maximum_openings": share.maximum_openings,
        "openings": share.openings,
        "last_used_at": share.last_used_at.isoformat() if share.last_used_at else None,
        "report": Right.REPORT in share.rights,
        "download": Right.DOWNLOAD in share.rights,
        "hide_names": share.hides_names,
        "studies": sorted(share.study_instance_uids),
    }


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
