# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the staff's page of one study shows beside the study itself: its reports, what opens it, who looked, what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.access.grant import GrantKind
from cloudfilm.db.audit_events import RecordedEvent, events_with_sequences
from cloudfilm.db.database import Cursor
from cloudfilm.db.reports import ReportRecord
from cloudfilm.db.set_aside import Reason, SetAside

_REPORT_COLUMNS = ", ".join(f"report.{name}" for name in ReportRecord.__dataclass_fields__)
_SET_ASIDE_COLUMNS = ", ".join(SetAside.__dataclass_fields__)
_REPORTS = """
    SELECT other.report_id FROM report_study JOIN report mine USING (report_id) JOIN report other ON other.version_group = mine.version_group
    WHERE report_study.study_instance_uid = %(study)s AND other.hospital_id = %(hospital)s
"""


@dataclass(frozen=True, slots=True)
class StudyGrant:
    """A grant that reaches the study. ``expires_at`` and ``revoked_at`` are the earlier of its own and of the grant's that it was made from."""

    grant_id: UUID
    kind: GrantKind
    nickname: str
    report_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    openings: int
    last_used_at: datetime | None
    made_for: str
    parent_grant_id: UUID | None


def reports_of_study_page(cursor: Cursor, hospital_id: str, study_instance_uid: str) -> list[ReportRecord]:
    """Every version of every report of a study, the newest first."""
    cursor.execute(
        f"SELECT {_REPORT_COLUMNS} FROM report WHERE report_id IN ({_REPORTS}) ORDER BY received_at DESC, report_id",
        {"study": study_instance_uid, "hospital": hospital_id},
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def grants_of_study(cursor: Cursor, hospital_id: str, study_instance_uid: str, limit: int = 200) -> list[StudyGrant]:
    """Papers, links and viewers of staff that open a study, the newest first."""
    cursor.execute(
        f"""
        WITH reaching AS (
            SELECT grant_id FROM access_grant WHERE report_id IN ({_REPORTS})
            UNION SELECT grant_id FROM grant_study WHERE study_instance_uid = %(study)s
            UNION SELECT grant_id FROM access_grant JOIN report_study USING (report_id) JOIN study one USING (study_instance_uid)
                JOIN study mine ON mine.hospital_id = one.hospital_id AND mine.patient_id = one.patient_id
                    AND mine.patient_birth_date = one.patient_birth_date
                WHERE patient_wide AND one.patient_id <> '' AND mine.study_instance_uid = %(study)s
        )
        SELECT g.grant_id, g.kind, g.nickname, g.report_id, g.created_at, least(g.expires_at, parent.expires_at),
            least(g.revoked_at, parent.revoked_at),
            CASE WHEN g.revoked_at IS NOT NULL THEN g.revoked_by ELSE coalesce(parent.revoked_by, '') END,
            g.openings, g.last_used_at, coalesce(account.full_name, ''), g.parent_grant_id
        FROM reaching JOIN access_grant g USING (grant_id)
            LEFT JOIN access_grant parent ON parent.grant_id = g.parent_grant_id
            LEFT JOIN account ON account.account_id = g.account_id
        WHERE g.hospital_id = %(hospital)s ORDER BY g.created_at DESC, g.grant_id LIMIT %(limit)s
        """,
        {"study": study_instance_uid, "hospital": hospital_id, "limit": limit},
    )
    return [StudyGrant(row[0], GrantKind(row[1]), *row[2:]) for row in cursor.fetchall()]


def events_of_study(
    cursor: Cursor, hospital_id: str, study_instance_uid: str, grant_ids: Sequence[UUID], limit: int = 300
) -> list[RecordedEvent]:
    """What the hospital's trail tells of a study, and of the grants that open it, the newest first."""
    cursor.execute(
        """
        SELECT sequence FROM (
            (SELECT sequence FROM audit_event WHERE study_instance_uid = %(study)s AND study_instance_uid <> '' AND hospital_id = %(hospital)s
                ORDER BY sequence DESC LIMIT %(limit)s)
            UNION
            (SELECT sequence FROM audit_event WHERE grant_id = ANY(%(grants)s) AND grant_id IS NOT NULL AND hospital_id = %(hospital)s
                AND study_instance_uid IN ('', %(study)s) ORDER BY sequence DESC LIMIT %(limit)s)
        ) found ORDER BY sequence DESC LIMIT %(limit)s
        """,
        {"study": study_instance_uid, "hospital": hospital_id, "grants": list(grant_ids), "limit": limit},
    )
    return events_with_sequences(cursor, [row[0] for row in cursor.fetchall()])


def set_aside_of_study(cursor: Cursor, hospital_id: str, study_instance_uid: str, limit: int = 100) -> list[SetAside]:
    """What this hospital has sent for a study and the archive did not take, the newest first."""
    cursor.execute(
        f"SELECT {_SET_ASIDE_COLUMNS} FROM set_aside WHERE hospital_id = %s AND study_instance_uid = %s AND reason <> %s"
        " ORDER BY received_at DESC, set_aside_id LIMIT %s",
        (hospital_id, study_instance_uid, Reason.SAME_DATA_SET, limit),
    )
    return [SetAside(*row) for row in cursor.fetchall()]


def names_of_accounts(cursor: Cursor, hospital_id: str, account_ids: Sequence[str]) -> dict[str, str]:
    """The full names of these accounts of a hospital."""
    cursor.execute(
        "SELECT account_id::text, full_name FROM account WHERE hospital_id = %s AND account_id::text = ANY(%s)",
        (hospital_id, list(account_ids)),
    )
    return dict(cursor.fetchall())
