# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hospital has still to fetch of a report: the two keys and the stamped copy, sealed, for a limited time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sealed with a key that is not in the database; gone after ``expires_at``."""

    report_id: UUID
    sealed_keys: bytes
    sealed_stamped: bytes | None
    expires_at: datetime


def add_delivery(cursor: Cursor, report_id: UUID, sealed_keys: bytes, expires_at: datetime) -> None:
    """Keep the two keys until the stamped copy is made and fetched."""
    cursor.execute("INSERT INTO delivery (report_id, sealed_keys, expires_at) VALUES (%s, %s, %s)", (report_id, sealed_keys, expires_at))


def set_stamped(cursor: Cursor, report_id: UUID, sealed_stamped: bytes) -> None:
    """Add the stamped copy."""
    cursor.execute("UPDATE delivery SET sealed_stamped = %s WHERE report_id = %s", (sealed_stamped, report_id))


def delivery_of_report(cursor: Cursor, report_id: UUID, now: datetime) -> Delivery | None:
    """What can still be fetched."""
    cursor.execute(
        "SELECT report_id, sealed_keys, sealed_stamped, expires_at FROM delivery WHERE report_id = %s AND expires_at > %s", (report_id, now)
    )
    row = cursor.fetchone()
    return Delivery(row[0], bytes(row[1]), bytes(row[2]) if row[2] is not None else None, row[3]) if row else None


def delete_expired_deliveries(cursor: Cursor, now: datetime) -> int:
    """Delete what nobody fetched in time; return how many."""
    cursor.execute("DELETE FROM delivery WHERE expires_at <= %s", (now,))
    return cursor.rowcount
