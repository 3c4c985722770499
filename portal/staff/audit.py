# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who saw what: the hospital's audit trail, searched by time, kind, outcome and text."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.accounts import list_accounts
from cloudfilm.db.audit_events import AuditSearch, search_events
from portal.services import services
from portal.staff.member import member_who_may
from portal.staff.page import staff_page

audit = Blueprint("staff_audit", __name__, url_prefix="/staff/audit")
_A_PAGE = 50
_FILTERS = ("since", "until", "kind", "outcome", "text")


@audit.get("")
def show_events() -> Response:
    """Fifty events, newest first; ``?before=`` goes on from a place in the trail."""
    holder = member_who_may(Action.READ_AUDIT)
    asked = {name: request.args.get(name, "").strip()[:100] for name in _FILTERS}
    before = request.args.get("before", "")
    until = _day(asked["until"])
    search = AuditSearch(
        holder.hospital_id,
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until else None,
        kind=asked["kind"] if asked["kind"] in set(AuditKind) else "",
        outcome=asked["outcome"] if asked["outcome"] in ("success", "denied") else "",
        text=asked["text"],
        before_sequence=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    with services().database.transaction() as cursor:
        found = search_events(cursor, search, _A_PAGE + 1)
        logins = {str(one.account_id): one.login for one in list_accounts(cursor, hospital_id=holder.hospital_id)}
    older = urlencode({**{name: value for name, value in asked.items() if value}, "before": found[_A_PAGE - 1].sequence}) if (
        len(found) > _A_PAGE
    ) else ""  # fmt: skip
    return staff_page(
        "staff/audit.html", holder, events=found[:_A_PAGE], logins=logins, asked=asked, kinds=list(AuditKind), older=older, before=before
    )


def _day(text: str) -> datetime | None:
    """The beginning of a day here, None for what is no date."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=services().settings.time_zone)
    except ValueError:
        return None
