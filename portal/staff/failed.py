# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that could not be read, with why, in words that tell a registrar what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response

from cloudfilm.access.policy import Action
from cloudfilm.db.reports import ReportRecord, failed_reports
from portal.services import services
from portal.staff.member import member_who_may
from portal.staff.page import staff_page

failed = Blueprint("staff_failed", __name__, url_prefix="/staff/failed")
# What `DocumentRefused` says, by the beginning of its reason.
_KINDS = (
    ("password", r"the document needs a password"),
    ("pages", r"the document has (\d+) pages"),
    ("size", r"page (\d+) has an impossible size"),
    ("slow", r"reading the document took too long"),
    ("memory", r"the document (?:needs too much memory|is damaged or needs too much memory)"),
    ("large", r"the document is too large"),
    ("no pdf", r"the document is not a PDF"),
    ("damaged", r"the document is damaged"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document was not taken; ``number`` of pages, or of the page, where that matters."""

    kind: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class ShownFailure:
    """A document in the list."""

    report: ReportRecord
    refusal: Refusal


@failed.get("")
def show_failed() -> Response:
    """The newest hundred of the hospital."""
    holder = member_who_may(Action.MANAGE_GRANTS)
    with services().database.transaction() as cursor:
        reports = failed_reports(cursor, holder.hospital_id or "")
    return staff_page("staff/failed.html", holder, lines=[ShownFailure(one, refusal_of(one.status_reason)) for one in reports])


def refusal_of(reason: str) -> Refusal:
    """The kind of a stored reason; ``other`` for one that is not known here."""
    for kind, pattern in _KINDS:
        if found := re.match(pattern, reason):
            return Refusal(kind, found[1] if found.groups() else "")
    return Refusal("other")
