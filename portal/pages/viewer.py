# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way into the images on a large screen: a fresh viewer token, and off to OHIF. On small ones it is `portal.pages.images`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.access.token import ViewerToken, issue_token
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.errors import NotFound
from portal.pages.exam import consented_visit, visited
from portal.publication import ask_for_publication
from portal.services import services
from portal.session import new_id, require, set_session

viewer = Blueprint("viewer", __name__)


@viewer.get("/images/desktop")
def open_viewer() -> Response:
    """303 to OHIF with a token that is limited to this grant's studies, or to those that ``?study=`` names."""
    holder = visited()
    asked = request.args.getlist("study")
    shown = [uid for uid in dict.fromkeys(asked) if uid in holder.study_instance_uids] if asked else sorted(holder.study_instance_uids)
    if not shown:
        raise NotFound
    for study_instance_uid in shown:
        require(AccessRequest(Action.VIEW_IMAGES, hospital_id=holder.hospital_id, study_instance_uid=study_instance_uid))
    return to_viewer(holder.grant.grant_id, shown)


@viewer.get("/images/renewal")
def renew_visit() -> Response:
    """Keep the visit going while somebody reads in OHIF: its cookie lives on from now. 401 once the grant has ended or was revoked."""
    holder = consented_visit()
    name = ""
    if holder.grant.shows_names:
        with services().database.transaction() as cursor:
            hospital = hospital_named(cursor, holder.hospital_id)
        name = hospital.name if hospital else ""
    response = jsonify(hospital_name=name)
    set_session(response, holder.grant.grant_id, consented=True)
    response.headers["Cache-Control"] = "no-store"
    return response


def to_viewer(grant_id: UUID, study_instance_uids: Collection[str], hanging_protocol: str = "") -> Response:
    """303 to OHIF, which shows these studies of a grant, two of them side by side in this order."""
    parts = services()
    ask_for_publication(study_instance_uids)
    lifetime = timedelta(minutes=parts.settings.viewer_token_minutes)
    token = issue_token(ViewerToken(grant_id, frozenset(study_instance_uids)), parts.key_ring, parts.clock(), lifetime, new_id())
    protocol = {"hangingProtocolId": hanging_protocol} if hanging_protocol else {}
    query = urlencode({"StudyInstanceUIDs": ",".join(study_instance_uids), **protocol, "token": token})
    return Response(status=303, headers={"Location": f"/viewer/viewer?{query}", "Cache-Control": "no-store"})
