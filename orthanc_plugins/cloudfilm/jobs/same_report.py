# SPDX-License-Identifier: AGPL-3.0-or-later
"""A document that says and looks the same as one that was there: one report, however often it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import delivery_of_report, pass_delivery_on
from cloudfilm.db.grants import pass_grants_on
from cloudfilm.db.reports import ReportRecord, report_with_id
from cloudfilm.db.reports_again import ReportAgain, lock_content, replace_by_older, report_with_content
from cloudfilm.jobs.bind_arrived import bind_to_its_study_in
from cloudfilm.reports.binding import restate_in


@dataclass(frozen=True, slots=True)
class SameReport:
    """The report that was there. ``takes_new_copy``: what was stamped now takes the place of its own copy."""

    report_id: UUID
    takes_new_copy: bool


def make_one_of_same(
    cursor: Cursor, report: ReportRecord, content_sha256: str, now: datetime, key_ring: KeyRing, zone: tzinfo
) -> SameReport | None:
    """Make one report of two where the hospital has one with the same content; return which it is, None for a new one.

    The copy of the older one goes out again with its keys as long as they are kept; after that the new copy takes its place: a paper that is
    printed again carries a code that opens the report. A sender that was shown the new keys keeps them. What its sender says now of the
    version holds, and where it came with a study it is bound to that.
    """
    lock_content(cursor, report.hospital_id, content_sha256)
    older = report_with_content(cursor, report.hospital_id, content_sha256, but=report.report_id)
    if older is None:
        return None
    kept, own = delivery_of_report(cursor, older, now), delivery_of_report(cursor, report.report_id, now)
    takes_new_copy = kept is None or kept.sealed_stamped is None or kept.sealed_keys is None or bool(own and own.keys_told)
    if takes_new_copy:
        pass_grants_on(cursor, report.report_id, older)
        pass_delivery_on(cursor, report.report_id, older)
    replace_by_older(
        cursor,
        ReportAgain(
            report.report_id, older, report.hospital_id, report.document_sha256, report.origin, report.source_name, report.title,
            report.received_at,
        ),
    )  # fmt: skip
    event = AuditEvent(
        now, AuditKind.REPORT_SUBMITTED, "success", ActorKind.STATION if report.source_name else ActorKind.PROGRAM, report.source_name or "",
        report.hospital_id, report_id=older, detail=f"the same content again, received as {report.report_id}",
    )  # fmt: skip
    append_event(cursor, event, key_ring.auditing)
    if (said := (report.given_fields or {}).get("report_status")) is not None:
        restate_in(cursor, older, said, now, zone)
    placed = report_with_id(cursor, older, for_update=True)
    if placed is not None and placed.status in ("waiting", "review"):
        bind_to_its_study_in(cursor, placed, None, now)
    return SameReport(older, takes_new_copy)
