# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far the audit trail has been sent, for each place that it is sent to."""

from __future__ import annotations

from cloudfilm.db.database import Cursor


def exported_until(cursor: Cursor, destination: str) -> int:
    """The place in the trail of the last event that was taken there; 0 when none was."""
    cursor.execute("SELECT sequence FROM audit_export WHERE destination = %s", (destination,))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def set_exported_until(cursor: Cursor, destination: str, sequence: int) -> None:
    """Remember it; never goes back."""
    cursor.execute(
        "INSERT INTO audit_export (destination, sequence) VALUES (%s, %s)"
        " ON CONFLICT (destination) DO UPDATE SET sequence = greatest(audit_export.sequence, excluded.sequence)",
        (destination, sequence),
    )
