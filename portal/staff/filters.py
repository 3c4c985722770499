# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searches of the study list that an account keeps: kept, removed, and taken back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.policy import Action
from cloudfilm.db.staff_filters import MOST, StaffFilter, add_filter, set_removed
from cloudfilm.errors import BadRequest, Conflict
from portal.services import services
from portal.session import new_id
from portal.staff.member import member, member_who_may
from portal.staff.page import to_page
from portal.staff.study_search import FIELDS, place_of, search_from

filters = Blueprint("staff_filters", __name__, url_prefix="/staff/filters")
_LONGEST_NAME = 40


@filters.post("")
def take_filter() -> Response:
    """Keep the search that the form holds under a name."""
    holder = member_who_may(Action.QUERY)
    name = " ".join(request.form.get("name", "").replace("\0", "").split())[:_LONGEST_NAME]
    asked = {field: request.form.get(field, "").strip().replace("\0", "")[:100] for field in FIELDS}
    if not name or search_from(asked).is_empty:
        raise BadRequest("A search is kept under a name of 1 to 40 characters, and looks for something.")
    kept = StaffFilter(new_id(), name, {field: value for field, value in asked.items() if value})
    with services().database.transaction() as cursor:
        if not add_filter(cursor, holder.account_id, kept, services().clock()):
            raise Conflict(f"{MOST} searches are kept already. Remove one first.")
    return to_page(place_of(kept.search))


@filters.post("/<uuid:filter_id>/<any(remove, restore):what>")
def change(filter_id: UUID, what: str) -> Response:
    """Remove a kept search, or take that back; of one that is not (any more) the own, nothing happens."""
    holder = member_who_may(Action.QUERY)
    with services().database.transaction() as cursor:
        removed_at = services().clock() if what == "remove" else None
        set_removed(cursor, holder.account_id, filter_id, removed_at)
    return to_page(f"/staff/?removed={filter_id}" if what == "remove" else "/staff/")


@filters.get("")
@filters.get("/<uuid:filter_id>/<any(remove, restore):_what>")
def show_start(filter_id: UUID | None = None, _what: str = "") -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del filter_id
    member()
    return to_page("/staff/")
