# SPDX-License-Identifier: AGPL-3.0-or-later
"""Devices that an account has signed in from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


def has_signed_in_from(cursor: Cursor, account_id: UUID, device_id: UUID) -> bool:
    """Whether this account has signed in from this device."""
    cursor.execute("SELECT 1 FROM staff_device WHERE account_id = %s AND device_id = %s", (account_id, device_id))
    return cursor.fetchone() is not None


def remember_staff_device(cursor: Cursor, account_id: UUID, device_id: UUID, now: datetime) -> None:
    """This account signs in from this device."""
    cursor.execute(
        "INSERT INTO staff_device (account_id, device_id, last_used_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (account_id, device_id) DO UPDATE SET last_used_at = excluded.last_used_at",
        (account_id, device_id, now),
    )


def forget_devices_of_account(cursor: Cursor, account_id: UUID) -> None:
    """Every device is new again: the password was reset."""
    cursor.execute("DELETE FROM staff_device WHERE account_id = %s", (account_id,))


def forget_old_staff_devices(cursor: Cursor, unused_since: datetime) -> None:
    """Forget devices that nobody has used for long."""
    cursor.execute("DELETE FROM staff_device WHERE last_used_at < %s", (unused_since,))
