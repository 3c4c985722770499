# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which attachments lie in the object store, and the checksum of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class StorageObject:
    """One row of ``storage_object``; ``sha256`` is of the attachment itself, also where the object is encrypted (``key_id`` is set)."""

    attachment_id: UUID
    content_type: int
    object_name: str
    size_bytes: int
    sha256: bytes
    key_id: int | None


_COLUMNS = ", ".join(StorageObject.__dataclass_fields__)


def add_storage_object(cursor: Cursor, one: StorageObject, indexed_at: datetime | None = None) -> None:
    """Record what is in the object store; what is recorded already stays as it is."""
    cursor.execute(
        f"INSERT INTO storage_object ({_COLUMNS}, indexed_at) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (*(getattr(one, name) for name in StorageObject.__dataclass_fields__), indexed_at),
    )


def leave_flushing_to_next_commit(cursor: Cursor) -> None:
    """Let this transaction's commit not wait for the disk.

    Orthanc commits the instance to its index, in the same PostgreSQL, before it answers the sender: that flushes the log up to there, this row
    included. Where the index is elsewhere, a row of the last half second may be lost with the machine's power; the object is then adopted again.
    """
    cursor.execute("SET LOCAL synchronous_commit TO off")


def storage_object(cursor: Cursor, attachment_id: UUID) -> StorageObject | None:
    """One attachment, None when it is not in the object store or was deleted."""
    cursor.execute(f"SELECT {_COLUMNS} FROM storage_object WHERE attachment_id = %s AND removed_at IS NULL", (attachment_id,))
    row = cursor.fetchone()
    return _from_row(row) if row else None


def mark_removed(cursor: Cursor, attachment_id: UUID) -> StorageObject | None:
    """Say that nobody needs it any more; its object is still to be deleted. None when there is no such row."""
    cursor.execute(
        f"UPDATE storage_object SET removed_at = coalesce(removed_at, now()) WHERE attachment_id = %s RETURNING {_COLUMNS}",
        (attachment_id,),
    )
    row = cursor.fetchone()
    return _from_row(row) if row else None


def forget_storage_object(cursor: Cursor, attachment_id: UUID) -> None:
    """Its object is gone."""
    cursor.execute("DELETE FROM storage_object WHERE attachment_id = %s", (attachment_id,))


def removed_objects(cursor: Cursor, limit: int) -> list[StorageObject]:
    """Those whose object is still to be deleted."""
    cursor.execute(f"SELECT {_COLUMNS} FROM storage_object WHERE removed_at IS NOT NULL ORDER BY removed_at LIMIT %s", (limit,))
    return [_from_row(row) for row in cursor.fetchall()]


def unseen_attachments(cursor: Cursor, stored_before: datetime, limit: int) -> list[UUID]:
    """Those that nobody has found in Orthanc's index yet."""
    cursor.execute(
        "SELECT attachment_id FROM storage_object WHERE indexed_at IS NULL AND removed_at IS NULL AND stored_at < %s ORDER BY stored_at LIMIT %s",
        (stored_before, limit),
    )
    return [row[0] for row in cursor.fetchall()]


def mark_indexed(cursor: Cursor, attachment_ids: Sequence[UUID]) -> None:
    """They are in Orthanc's index."""
    cursor.execute("UPDATE storage_object SET indexed_at = now() WHERE attachment_id = ANY(%s)", (list(attachment_ids),))


def recorded_among(cursor: Cursor, attachment_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these have a row, deleted ones included."""
    cursor.execute("SELECT attachment_id FROM storage_object WHERE attachment_id = ANY(%s)", (list(attachment_ids),))
    return {row[0] for row in cursor.fetchall()}


def storage_totals(cursor: Cursor) -> tuple[int, int]:
    """How many objects there are, and how many bytes of attachments."""
    cursor.execute("SELECT count(*), coalesce(sum(size_bytes), 0) FROM storage_object WHERE removed_at IS NULL")
    count, size = cursor.fetchone() or (0, 0)
    return int(count), int(size)


def installation_id(cursor: Cursor) -> str:
    """What the objects of this installation are marked with."""
    cursor.execute("SELECT installation_id FROM storage_installation")
    return str(only_value(cursor))


def _from_row(row: tuple[Any, ...]) -> StorageObject:
    attachment_id, content_type, name, size, sha256, key_id = row
    return StorageObject(attachment_id, content_type, name, size, bytes(sha256), key_id)
