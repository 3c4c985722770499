# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 messages that were taken, so that one that is sent again has no second effect."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.db.database import Cursor


def note_message(cursor: Cursor, source_name: str, control_id: str, content_sha256: bytes, now: datetime) -> bool:
    """Remember a message (MSH-10) of a station; return whether it is new.

    A control ID that comes back with other content is another message: systems begin to count anew, and what is acknowledged must not be lost.
    """
    cursor.execute(
        "INSERT INTO hl7_message (source_name, control_id, content_sha256, received_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (source_name, control_id, content_sha256, now),
    )
    return cursor.rowcount == 1


def forget_old_messages(cursor: Cursor, before: datetime) -> None:
    """Nobody sends a message again after so long."""
    cursor.execute("DELETE FROM hl7_message WHERE received_at < %s", (before,))
