# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that people have to look at, and what they decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value
from cloudfilm.db.reports import ReportRecord

_COLUMNS = ", ".join(ReportRecord.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ReportDecision:
    """One decision: by whom, and what was before it."""

    decision_id: UUID
    report_id: UUID
    decided_at: datetime
    account_id: UUID
    decision: str
    before_status: str
    before_reason: str
    before_studies: list[str]
    undone_at: datetime | None
    full_name: str = ""


def reports_with_status(cursor: Cursor, hospital_id: str, status: str, limit: int = 200) -> list[ReportRecord]:
    """The hospital's reports of one status, the longest waiting first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE hospital_id = %s AND status = %s ORDER BY received_at, report_id LIMIT %s",
        (hospital_id, status, limit),
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def find_reports(cursor: Cursor, hospital_id: str, text: str, limit: int = 100) -> list[ReportRecord]:
    """The hospital's reports with this number on them, or this identifier, the newest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE hospital_id = %s AND (numbers @> ARRAY[%s] OR report_id::text = %s)"
        " ORDER BY received_at DESC, report_id LIMIT %s",
        (hospital_id, text, text, limit),
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def count_reports(cursor: Cursor, hospital_id: str, statuses: Sequence[str]) -> dict[str, int]:
    """How many reports of the hospital have each of these statuses."""
    cursor.execute(
        "SELECT status, count(*) FROM report WHERE hospital_id = %s AND status = ANY(%s) GROUP BY status", (hospital_id, list(statuses))
    )
    return {**dict.fromkeys(statuses, 0), **dict(cursor.fetchall())}


def next_in_review(cursor: Cursor, hospital_id: str, after: UUID) -> UUID | None:
    """The report that people look at after this one; after the last comes the first again."""
    cursor.execute(
        """
        SELECT report_id FROM report, (SELECT received_at, report_id FROM report WHERE report_id = %(after)s) this (received_at, id)
        WHERE hospital_id = %(hospital_id)s AND status = 'review' AND report_id <> %(after)s
        ORDER BY (report.received_at, report_id) <= (this.received_at, this.id), report.received_at, report_id LIMIT 1
        """,
        {"hospital_id": hospital_id, "after": after},
    )
    row = cursor.fetchone()
    return row[0] if row else None


def count_steps(cursor: Cursor, report_id: UUID) -> int:
    """How many changes of its status a report has gone through: whoever decides says which they have seen."""
    cursor.execute("SELECT count(*) FROM report_transition WHERE report_id = %s", (report_id,))
    return int(only_value(cursor))


def add_decision(cursor: Cursor, decision: ReportDecision) -> None:
    """Keep what somebody decides, and what was before."""
    cursor.execute(
        "INSERT INTO report_decision (decision_id, report_id, decided_at, account_id, decision, before_status, before_reason, before_studies)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            decision.decision_id, decision.report_id, decision.decided_at, decision.account_id, decision.decision, decision.before_status,
            decision.before_reason, decision.before_studies,
        ),
    )  # fmt: skip


def decisions_of_report(cursor: Cursor, report_id: UUID) -> list[ReportDecision]:
    """What was decided about a report, the last first."""
    cursor.execute(
        "SELECT decision_id, report_id, decided_at, account_id, decision, before_status, before_reason, before_studies, undone_at, full_name"
        " FROM report_decision JOIN account USING (account_id) WHERE report_id = %s ORDER BY decided_at DESC, decision_id",
        (report_id,),
    )
    return [ReportDecision(*row) for row in cursor.fetchall()]


def note_undone(cursor: Cursor, decision_id: UUID, now: datetime) -> None:
    """A decision was taken back."""
    cursor.execute("UPDATE report_decision SET undone_at = %s WHERE decision_id = %s", (now, decision_id))
