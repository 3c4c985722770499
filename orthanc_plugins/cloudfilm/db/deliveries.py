# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hospital has still to fetch of a report: the two keys and the stamped copy, sealed, for a limited time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sealed with a key that is not in the database; gone after ``expires_at``. ``keys_told``: the sender knows these keys already."""

    report_id: UUID
    sealed_keys: bytes | None
    sealed_stamped: bytes | None
    expires_at: datetime
    keys_told: bool


def add_delivery(cursor: Cursor, report_id: UUID, sealed_keys: bytes, expires_at: datetime, kiosk_until: datetime | None = None) -> None:
    """Keep the two keys until the stamped copy is made and fetched, and the copy alone until a kiosk may no longer print it."""
    cursor.execute(
        "INSERT INTO delivery (report_id, sealed_keys, expires_at, kiosk_until) VALUES (%s, %s, %s, %s)",
        (report_id, sealed_keys, expires_at, kiosk_until),
    )


def set_stamped(cursor: Cursor, report_id: UUID, sealed_stamped: bytes) -> None:
    """Add the stamped copy."""
    cursor.execute("UPDATE delivery SET sealed_stamped = %s WHERE report_id = %s", (sealed_stamped, report_id))


def set_keys(cursor: Cursor, report_id: UUID, sealed_keys: bytes | None) -> None:
    """The paper carries other keys than those that the report came with; None: keys that we do not know."""
    cursor.execute("UPDATE delivery SET sealed_keys = %s WHERE report_id = %s", (sealed_keys, report_id))


def tell_keys(cursor: Cursor, report_id: UUID) -> None:
    """The sender is shown the keys now: they stay good."""
    cursor.execute("UPDATE delivery SET keys_told = true WHERE report_id = %s", (report_id,))


def pass_delivery_on(cursor: Cursor, report_id: UUID, to_report_id: UUID) -> None:
    """What was made of a document that came again takes the place of what was made of the first."""
    cursor.execute("DELETE FROM delivery WHERE report_id = %s", (to_report_id,))
    cursor.execute("UPDATE delivery SET report_id = %s WHERE report_id = %s", (to_report_id, report_id))


def delivery_of_report(cursor: Cursor, report_id: UUID, now: datetime) -> Delivery | None:
    """What can still be fetched."""
    cursor.execute(
        "SELECT report_id, sealed_keys, sealed_stamped, expires_at, keys_told FROM delivery WHERE report_id = %s AND expires_at > %s",
        (report_id, now),
    )
    row = cursor.fetchone()
    return Delivery(row[0], _bytes(row[1]), _bytes(row[2]), row[3], row[4]) if row else None


def stamped_for_kiosk(cursor: Cursor, report_id: UUID, now: datetime) -> bytes | None:
    """The sealed copy that a kiosk may print, None when it is not there (yet, or any more)."""
    cursor.execute("SELECT sealed_stamped FROM delivery WHERE report_id = %s AND kiosk_until > %s", (report_id, now))
    row = cursor.fetchone()
    return _bytes(row[0]) if row else None


def reports_with_stamped(cursor: Cursor, report_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Of these, the reports whose stamped copy is still kept."""
    cursor.execute(
        "SELECT report_id FROM delivery WHERE report_id = ANY(%s::uuid[]) AND sealed_stamped IS NOT NULL AND greatest(expires_at, kiosk_until) > %s",
        ([str(one) for one in report_ids], now),
    )
    return {row[0] for row in cursor.fetchall()}


def stamped_for_staff(cursor: Cursor, report_id: UUID, now: datetime) -> bytes | None:
    """The sealed copy for as long as anybody may print it."""
    cursor.execute("SELECT sealed_stamped FROM delivery WHERE report_id = %s AND greatest(expires_at, kiosk_until) > %s", (report_id, now))
    row = cursor.fetchone()
    return _bytes(row[0]) if row else None


def keep_for_kiosk(cursor: Cursor, hospital_id: str, lifetime: timedelta, now: datetime) -> None:
    """A hospital has its first kiosk: what is still kept may be printed there, as long as if it had been there already."""
    cursor.execute(
        "UPDATE delivery SET kiosk_until = report.received_at + %s FROM report WHERE report.report_id = delivery.report_id"
        " AND report.hospital_id = %s AND delivery.kiosk_until IS NULL AND delivery.expires_at > %s",
        (lifetime, hospital_id, now),
    )


def delete_expired_deliveries(cursor: Cursor, now: datetime) -> int:
    """Delete what nobody fetched in time, of what a kiosk may still print the keys; return how many rows went."""
    cursor.execute("UPDATE delivery SET sealed_keys = NULL WHERE sealed_keys IS NOT NULL AND expires_at <= %s", (now,))
    cursor.execute("DELETE FROM delivery WHERE expires_at <= %(now)s AND (kiosk_until IS NULL OR kiosk_until <= %(now)s)", {"now": now})
    return cursor.rowcount


def _bytes(value: memoryview | None) -> bytes | None:
    return bytes(value) if value is not None else None
