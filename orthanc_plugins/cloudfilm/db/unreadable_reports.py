# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents of a station that were taken and then could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One such document: what the station called it, its content, and why it could not be read."""

    title: str
    document_sha256: str
    reason: str


def unreadable_since(cursor: Cursor, hospital_id: str, source_name: str, since: datetime) -> list[Unreadable]:
    """Those that arrived since then; what staff set aside after it had been read is none of them."""
    cursor.execute(
        "SELECT title, document_sha256, status_reason FROM report"
        " WHERE hospital_id = %s AND source_name = %s AND status = 'failed' AND read_at IS NULL AND received_at >= %s ORDER BY received_at",
        (hospital_id, source_name, since),
    )
    return [Unreadable(*row) for row in cursor.fetchall()]
