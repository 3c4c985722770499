# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's gateways: when each was last heard of, what it has waiting, what troubles it."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from cloudfilm.access.policy import Action
from cloudfilm.db.gateways import list_gateways
from portal.services import services
from portal.staff.member import member_who_may
from portal.staff.page import staff_page

gateways = Blueprint("staff_gateways", __name__, url_prefix="/staff/gateways")
# Ten heartbeats.
_SILENT_AFTER = timedelta(minutes=5)


@gateways.get("")
def show_gateways() -> Response:
    """All of them, by name."""
    holder = member_who_may(Action.MANAGE_TOKENS)
    with services().database.transaction() as cursor:
        listed = list_gateways(cursor, holder.hospital_id or "")
    return staff_page("staff/gateways.html", holder, gateways=listed, silent_before=services().clock() - _SILENT_AFTER)
