# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way into the images: a fresh viewer token, and off to OHIF."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response

from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.access.token import ViewerToken, issue_token
from cloudfilm.errors import NotFound, Unauthenticated
from portal.services import services
from portal.session import require, visitor

viewer = Blueprint("viewer", __name__)


@viewer.get("/images")
def open_viewer() -> Response:
    """303 to OHIF with a token that is limited to this grant's studies."""
    holder = visitor()
    if holder is None:
        raise Unauthenticated("The visit has ended. Scan the QR code or type the access code again.")
    if not holder.study_instance_uids:
        raise NotFound
    for study_instance_uid in holder.study_instance_uids:
        require(AccessRequest(Action.RETRIEVE_IMAGES, hospital_id=holder.hospital_id, study_instance_uid=study_instance_uid))
    parts = services()
    token = issue_token(
        ViewerToken(holder.grant_id, holder.study_instance_uids),
        parts.key_ring,
        parts.clock(),
        timedelta(minutes=parts.settings.viewer_token_minutes),
        UUID(bytes=parts.entropy(16), version=4),
    )
    query = urlencode({"StudyInstanceUIDs": ",".join(sorted(holder.study_instance_uids)), "token": token})
    return Response(status=303, headers={"Location": f"/viewer/viewer?{query}", "Cache-Control": "no-store"})
