# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hospital's grants as its staff look for them: with whose exam each opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.access.grant import GrantKind
from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One grant. ``expires_at`` and ``revoked_at`` are the earlier of its own and of the grant's that it was made from."""

    grant_id: UUID
    kind: GrantKind
    nickname: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    openings: int
    last_used_at: datetime | None
    report_id: UUID | None
    accession_number: str
    patient_id: str
    patient_name: str
    made_for: str


def find_grants(cursor: Cursor, hospital_id: str, text: str, limit: int = 100) -> list[GrantLine]:
    """The newest grants. ``text`` is a report's identifier, a grant's, an accession number or a patient's number."""
    cursor.execute(
        """
        SELECT g.grant_id, g.kind, g.nickname, g.created_at, least(g.expires_at, parent.expires_at), least(g.revoked_at, parent.revoked_at),
            CASE WHEN g.revoked_at IS NOT NULL THEN g.revoked_by ELSE coalesce(parent.revoked_by, '') END,
            g.openings, g.last_used_at, report.report_id,
            coalesce(nullif(report.accession_number, ''), study.accession_number, reservation.accession_number, ''),
            coalesce(nullif(report.patient_id, ''), study.patient_id, reservation.patient_id, ''),
            coalesce(report.fields ->> 'patient_name', study.patient_name, reservation.patient_name, ''), coalesce(account.login, '')
        FROM access_grant g
            LEFT JOIN access_grant parent ON parent.grant_id = g.parent_grant_id
            LEFT JOIN report ON report.report_id = g.report_id
            LEFT JOIN LATERAL (SELECT min(study_instance_uid) AS named FROM grant_study WHERE grant_study.grant_id = g.grant_id) one ON true
            LEFT JOIN study ON study.study_instance_uid = coalesce(report.study_instance_uid, one.named)
            LEFT JOIN reservation ON reservation.grant_id = g.grant_id
            LEFT JOIN account ON account.account_id = g.account_id
        WHERE g.hospital_id = %(hospital_id)s AND (%(text)s = '' OR %(text)s IN (g.grant_id::text, report.report_id::text,
            report.accession_number, study.accession_number, report.patient_id, study.patient_id, reservation.accession_number,
            reservation.patient_id))
        ORDER BY g.created_at DESC, g.grant_id LIMIT %(limit)s
        """,
        {"hospital_id": hospital_id, "text": text, "limit": limit},
    )
    return [GrantLine(row[0], GrantKind(row[1]), *row[2:]) for row in cursor.fetchall()]


def hospital_of_grant(cursor: Cursor, grant_id: UUID) -> str | None:
    """Whose grant it is; None when there is no such grant."""
    cursor.execute("SELECT hospital_id FROM access_grant WHERE grant_id = %s", (grant_id,))
    row = cursor.fetchone()
    return row[0] if row else None
