# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hashes of the archive's attachments, read once in a while: an attachment never changes, and one that is stored anew has another identifier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


def known_hashes(cursor: Cursor, attachment_ids: Sequence[UUID], read_after: datetime) -> dict[UUID, str]:
    """SHA-256 in hexadecimal of those that were read since."""
    cursor.execute(
        "SELECT attachment_id, encode(sha256, 'hex') FROM archive_hash WHERE attachment_id = ANY(%s::uuid[]) AND read_at >= %s",
        ([str(one) for one in attachment_ids], read_after),
    )
    return {UUID(str(row[0])): row[1] for row in cursor.fetchall()}


def note_hash(cursor: Cursor, attachment_id: UUID, sha256: str, now: datetime) -> None:
    """Remember what was read."""
    cursor.execute(
        "INSERT INTO archive_hash (attachment_id, sha256, read_at) VALUES (%s, decode(%s, 'hex'), %s)"
        " ON CONFLICT (attachment_id) DO UPDATE SET sha256 = excluded.sha256, read_at = excluded.read_at",
        (str(attachment_id), sha256, now),
    )


def forget_hashes(cursor: Cursor, before: datetime) -> None:
    """Delete what is too old to be of use."""
    cursor.execute("DELETE FROM archive_hash WHERE read_at < %s", (before,))
