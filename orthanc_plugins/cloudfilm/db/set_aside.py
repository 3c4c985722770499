# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instances that were refused because their study belongs to another hospital, kept aside until people have looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value

_LOCK = 0x5E7A51DE


@dataclass(frozen=True, slots=True)
class SetAside:
    """One row of ``set_aside``. ``bytes_kept`` is False where the quota left no room for its bytes."""

    set_aside_id: UUID
    hospital_id: str
    study_instance_uid: str
    sop_instance_uid: str
    reason: str
    sender: str
    content_sha256: str
    size_bytes: int
    received_at: datetime
    bytes_kept: bool


_COLUMNS = ", ".join(SetAside.__dataclass_fields__)


def bytes_set_aside(cursor: Cursor) -> int:
    """How many bytes are kept, of all hospitals. Until the transaction ends nobody else sets anything aside: the quota holds."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor.execute("SELECT coalesce(sum(size_bytes), 0) FROM set_aside WHERE bytes_kept")
    return int(only_value(cursor))


def is_set_aside(cursor: Cursor, hospital_id: str, content_sha256: str) -> bool:
    """Whether the hospital has sent the same bytes before."""
    cursor.execute("SELECT EXISTS (SELECT FROM set_aside WHERE hospital_id = %s AND content_sha256 = %s)", (hospital_id, content_sha256))
    return bool(only_value(cursor))


def last_set_aside(cursor: Cursor, hospital_id: str, study_instance_uid: str) -> datetime | None:
    """When an instance of this study was last set aside for the hospital."""
    cursor.execute(
        "SELECT max(received_at) FROM set_aside WHERE hospital_id = %s AND study_instance_uid = %s", (hospital_id, study_instance_uid)
    )
    last: datetime | None = only_value(cursor)
    return last


def reasons_set_aside(cursor: Cursor, hospital_id: str, sop_instance_uids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Why the hospital's instances of these are kept aside, by StudyInstanceUID and SOPInstanceUID; those that are not are left out."""
    cursor.execute(
        "SELECT study_instance_uid, sop_instance_uid, reason FROM set_aside WHERE hospital_id = %s AND sop_instance_uid = ANY(%s)",
        (hospital_id, list(sop_instance_uids)),
    )
    return {(study, sop): reason for study, sop, reason in cursor.fetchall()}


def add_set_aside(cursor: Cursor, one: SetAside) -> None:
    """Record an instance."""
    cursor.execute(
        f"INSERT INTO set_aside ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        tuple(getattr(one, name) for name in SetAside.__dataclass_fields__),
    )


def list_set_aside(cursor: Cursor, hospital_id: str | None, limit: int = 1000) -> list[SetAside]:
    """The newest ones, of a hospital or of all."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM set_aside WHERE %s IS NULL OR hospital_id = %s ORDER BY received_at DESC, set_aside_id LIMIT %s",
        (hospital_id, hospital_id, limit),
    )
    return [SetAside(*row) for row in cursor.fetchall()]


def set_aside_with_id(cursor: Cursor, set_aside_id: UUID) -> SetAside | None:
    """One instance."""
    cursor.execute(f"SELECT {_COLUMNS} FROM set_aside WHERE set_aside_id = %s", (set_aside_id,))
    row = cursor.fetchone()
    return SetAside(*row) if row else None


def remove_set_aside(cursor: Cursor, one: SetAside) -> bool:
    """Forget an instance; return whether its bytes are nobody else's and can go too."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor.execute("DELETE FROM set_aside WHERE set_aside_id = %s", (one.set_aside_id,))
    cursor.execute("SELECT NOT EXISTS (SELECT FROM set_aside WHERE content_sha256 = %s AND bytes_kept)", (one.content_sha256,))
    return bool(only_value(cursor))
