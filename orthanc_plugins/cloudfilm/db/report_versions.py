# SPDX-License-Identifier: AGPL-3.0-or-later
"""Versions of one report in the database: which belong together, and which of them is the current one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.db.reports import ReportRecord

_COLUMNS = ", ".join(ReportRecord.__dataclass_fields__)


def lock_reports_of_hospital(cursor: Cursor, hospital_id: str) -> None:
    """One transaction at a time decides which reports, studies and versions of a hospital belong together: two at once would miss each other."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('reports of ' || %s, 0))", (hospital_id,))


def possible_siblings(cursor: Cursor, report: ReportRecord) -> list[ReportRecord]:
    """Placed reports of the hospital that share a number or a study with this one."""
    cursor.execute(
        f"""
        SELECT {_COLUMNS} FROM report WHERE hospital_id = %(hospital_id)s AND report_id <> %(report_id)s
            AND status IN ('waiting', 'matched', 'issued', 'amended', 'withdrawn')
            AND (numbers && (SELECT numbers FROM report WHERE report_id = %(report_id)s) OR report_id IN (SELECT other.report_id
                FROM report_study other JOIN report_study mine USING (study_instance_uid) WHERE mine.report_id = %(report_id)s))
        ORDER BY received_at, report_id LIMIT 500 FOR NO KEY UPDATE
        """,
        {"hospital_id": report.hospital_id, "report_id": report.report_id},
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def join_versions(cursor: Cursor, report_id: UUID, version_group: UUID) -> None:
    """A report is one more version of another."""
    cursor.execute("UPDATE report SET version_group = %s WHERE report_id = %s", (version_group, report_id))


def leave_versions(cursor: Cursor, report_id: UUID) -> UUID | None:
    """A report is a report of its own again; return the group that it has left, with a new name if it was called after this one."""
    cursor.execute("SELECT version_group FROM report WHERE report_id = %s", (report_id,))
    ((group,),) = cursor.fetchall()
    cursor.execute("SELECT min(report_id::text) FROM report WHERE version_group = %s AND report_id <> %s", (group, report_id))
    ((heir,),) = cursor.fetchall()
    if heir is None:
        return None
    if group == report_id:
        cursor.execute("UPDATE report SET version_group = %s WHERE version_group = %s AND report_id <> %s", (heir, group, report_id))
        group = UUID(heir)
    cursor.execute(
        "UPDATE report SET version_group = report_id, superseded_by = NULL, superseded_at = NULL WHERE report_id = %s", (report_id,)
    )
    return UUID(str(group))


def versions_of(cursor: Cursor, version_group: UUID | None) -> list[ReportRecord]:
    """All versions of a report that were placed, in the order of their arrival."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE version_group = %s AND status NOT IN ('received', 'read', 'failed') ORDER BY received_at, report_id",
        (version_group,),
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def current_version(cursor: Cursor, report_id: UUID) -> ReportRecord | None:
    """The version of a report that is shown, withdrawn or not."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE report_id = (SELECT coalesce(superseded_by, report_id) FROM report WHERE report_id = %s)",
        (report_id,),
    )
    row = cursor.fetchone()
    return ReportRecord(*row) if row else None


def set_superseded(cursor: Cursor, report_id: UUID, by: UUID | None, now: datetime) -> None:
    """Say which version is shown instead of this one; None for the current one itself."""
    cursor.execute(
        "UPDATE report SET superseded_by = %(by)s, superseded_at = CASE WHEN %(by)s::uuid IS NULL THEN NULL ELSE coalesce(superseded_at, %(now)s) END"
        " WHERE report_id = %(report_id)s AND superseded_by IS DISTINCT FROM %(by)s::uuid",
        {"report_id": report_id, "by": by, "now": now},
    )


def set_amended(cursor: Cursor, report_id: UUID, reason: str) -> None:
    """A newer version has come; the report keeps its studies."""
    cursor.execute("UPDATE report SET status = 'amended', status_reason = %s WHERE report_id = %s", (reason, report_id))


def set_withdrawn(cursor: Cursor, report_id: UUID, reason: str, now: datetime) -> None:
    """It no longer holds; the report keeps its studies."""
    cursor.execute(
        "UPDATE report SET status = 'withdrawn', status_reason = %s, withdrawn_at = %s WHERE report_id = %s", (reason, now, report_id)
    )
