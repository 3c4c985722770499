# SPDX-License-Identifier: AGPL-3.0-or-later
"""nginx's subrequest before it serves what is below a study: may this asker see it, and whole or cleaned?"""

from __future__ import annotations

from flask import Blueprint, Response, request

from cloudfilm.access.holder import ApiHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.dicom.values import is_uid
from portal.services import services
from portal.session import asker

authorise = Blueprint("authorise", __name__)
# What is asked for, and what may be answered instead, the best first.
_ACTIONS = {
    "pixels": {"whole": Action.VIEW_IMAGES},
    "metadata": {"whole": Action.READ_METADATA, "cleaned": Action.READ_CLEANED_METADATA},
}


@authorise.get("/authorise")
def judge() -> Response:
    """204 with ``X-CloudFilm-View: whole|cleaned``; 401 without a valid credential, else 403. Reached only from nginx, which remembers it."""
    if request.args.get("for") == "store":
        return _judge_store()
    study_instance_uid, actions = request.args.get("study", ""), _ACTIONS.get(request.args.get("for", ""), {})
    doorkeeper, who = services().doorkeeper, asker()
    if is_uid(study_instance_uid):
        for view, action in actions.items():
            wanted = AccessRequest(action, study_instance_uid=study_instance_uid)
            if doorkeeper.would_allow(wanted, who) and doorkeeper.allows(wanted, who):
                return Response(status=204, headers={"X-CloudFilm-View": view})
        for action in list(actions.values())[:1]:
            doorkeeper.allows(AccessRequest(action, study_instance_uid=study_instance_uid), who)  # writes the denial down
    return Response(status=403 if doorkeeper.holders(who) else 401)


def _judge_store() -> Response:
    """May this program store? The answer names its hospital, for the door that the instances come to."""
    doorkeeper, who = services().doorkeeper, asker()
    holder = doorkeeper.would_allow(AccessRequest(Action.STORE_IMAGES), who)  # what is stored is written down when it is
    if isinstance(holder, ApiHolder):
        return Response(status=204, headers={"X-CloudFilm-Hospital": holder.hospital_id})
    doorkeeper.allows(AccessRequest(Action.STORE_IMAGES), who)  # writes the denial down
    return Response(status=403 if doorkeeper.holders(who) else 401)
