# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page for staff: who is signed in, what the role offers, times as they are read here."""

from __future__ import annotations

from datetime import datetime

from flask import Response, render_template

from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.conflicts import count_open_conflicts
from cloudfilm.db.gateways import SILENT_AFTER, Gateway, silent_gateways
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.mistakes import count_new
from cloudfilm.db.report_review import count_reports
from cloudfilm.db.report_status import ReportStatus
from portal.services import services
from portal.staff.member import could

_OFFERED = {
    "studies": Action.QUERY,
    "orders": Action.QUERY,
    "review": Action.REVIEW_REPORTS,
    "mistakes": Action.REVIEW_REPORTS,
    "conflicts": Action.SETTLE_CONFLICTS,
    "grants": Action.MANAGE_GRANTS,
    "prints": Action.MANAGE_GRANTS,
    "forms": Action.TEACH_FORMS,
    "users": Action.MANAGE_ACCOUNTS,
    "tokens": Action.MANAGE_TOKENS,
    "gateways": Action.MANAGE_TOKENS,
    "audit": Action.READ_AUDIT,
    "statistics": Action.READ_STATISTICS,
    "hospital": Action.MANAGE_HOSPITAL,
    "operation": Action.OPERATE,
}


def staff_page(template: str, holder: StaffHolder, status: int = 200, **values: object) -> Response:
    """Render a page for whoever is signed in; no browser keeps it."""
    offered = [name for name, action in _OFFERED.items() if could(holder, action)]
    in_review = _in_review(holder) if "review" in offered else 0
    new_mistakes = _new_mistakes(holder) if "mistakes" in offered else 0
    text = render_template(
        template, me=holder, hospital_name=_hospital_name(holder), offered=offered, moment=moment, in_review=in_review,
        new_mistakes=new_mistakes, in_conflict=_in_conflict(holder) if "conflicts" in offered else 0, **values
    )  # fmt: skip
    response = Response(text, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def to_page(location: str) -> Response:
    """On to another page, after a form was taken."""
    return Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def silent_gateways_of(holder: StaffHolder) -> list[Gateway]:
    """Gateways that have fallen silent: of the own hospital, or of all for whoever operates the system."""
    with services().database.transaction() as cursor:
        return silent_gateways(cursor, services().clock() - SILENT_AFTER, holder.hospital_id)


def moment(time: datetime | None) -> str:
    """A time as people here read it, ``2026-03-05 09:30``."""
    return "" if time is None else f"{time.astimezone(services().settings.time_zone):%Y-%m-%d %H:%M}"


def _in_review(holder: StaffHolder) -> int:
    """How many reports people have to look at."""
    with services().database.transaction() as cursor:
        return count_reports(cursor, holder.hospital_id or "", [ReportStatus.REVIEW])[ReportStatus.REVIEW]


def _new_mistakes(holder: StaffHolder) -> int:
    """How many mistakes patients have reported that nobody has looked at."""
    with services().database.transaction() as cursor:
        return count_new(cursor, holder.hospital_id or "")


def _in_conflict(holder: StaffHolder) -> int:
    """How many exams people have to decide on."""
    with services().database.transaction() as cursor:
        return count_open_conflicts(cursor, holder.hospital_id or "")


def _hospital_name(holder: StaffHolder) -> str:
    if holder.hospital_id is None:
        return ""
    with services().database.transaction() as cursor:
        known = hospital_named(cursor, holder.hospital_id)
    return known.name if known else ""
