# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much a hospital's archive is used, by the days of its own time zone. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloudfilm.db.database import Cursor

_COUNTED = {
    "exams": "SELECT claimed_at AS at FROM study WHERE hospital_id = %(hospital)s AND claimed_at >= %(since)s AND instance_count > 0",
    "views": "SELECT happened_at AS at FROM audit_event WHERE hospital_id = %(hospital)s AND happened_at >= %(since)s"
    " AND kind = 'images viewed' AND outcome = 'success'",
    "shares": "SELECT created_at AS at FROM access_grant WHERE hospital_id = %(hospital)s AND created_at >= %(since)s AND kind = 'share'",
    "issued": "SELECT issued_at AS at FROM report WHERE hospital_id = %(hospital)s AND issued_at >= %(since)s",
    # Of these the patient's paper has been opened at least once since.
    "scanned": "SELECT issued_at AS at FROM report WHERE hospital_id = %(hospital)s AND issued_at >= %(since)s AND EXISTS (SELECT FROM access_grant"
    " WHERE access_grant.report_id = report.report_id AND access_grant.kind = 'patient' AND access_grant.openings > 0)",
}
COUNTS = tuple(_COUNTED)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is kept now. ``published_bytes`` is the copy for fast viewing alone."""

    studies: int
    instances: int
    reports: int
    published_bytes: int
    set_aside_bytes: int


def counts_by_day(cursor: Cursor, hospital_id: str, since: datetime, time_zone: str) -> dict[str, dict[str, int]]:
    """For each of `COUNTS`, how many on each day (``2026-03-05``) from ``since`` on; days without any are left out."""
    values = {"hospital": hospital_id, "since": since, "zone": time_zone}
    counted: dict[str, dict[str, int]] = {}
    for name, selection in _COUNTED.items():
        cursor.execute(f"SELECT to_char(at AT TIME ZONE %(zone)s, 'YYYY-MM-DD'), count(*) FROM ({selection}) found GROUP BY 1", values)
        counted[name] = dict(cursor.fetchall())
    return counted


def holdings_of(cursor: Cursor, hospital_id: str) -> Holdings:
    """What is kept of a hospital."""
    cursor.execute(
        """
        SELECT (SELECT count(*) FROM study WHERE hospital_id = %(hospital)s AND instance_count > 0),
            (SELECT coalesce(sum(instance_count), 0) FROM study WHERE hospital_id = %(hospital)s),
            (SELECT count(*) FROM report WHERE hospital_id = %(hospital)s),
            (SELECT coalesce(sum(bytes), 0) FROM published_series JOIN study USING (study_instance_uid) WHERE hospital_id = %(hospital)s),
            (SELECT coalesce(sum(size_bytes), 0) FROM set_aside WHERE hospital_id = %(hospital)s AND bytes_kept)
        """,
        {"hospital": hospital_id},
    )
    row: Any = cursor.fetchone()
    return Holdings(*(int(value) for value in row))
