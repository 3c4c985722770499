# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instances that were not taken into the archive, or were taken out of it by a decision, kept aside until people have looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value

_LOCK = 0x5E7A51DE


class Reason(StrEnum):
    """Why, where people can decide for the newcomer; other reasons are sentences."""

    OTHER_CONTENT = "other content under the same SOPInstanceUID"
    OTHER_PATIENT = "the study is another patient's"
    SAME_DATA_SET = "the same data set in a file with another header"


class SetAsideState(StrEnum):
    """What was decided."""

    OPEN = "open"
    KEPT_OUT = "kept out"
    TAKEN = "taken"  # it is in the archive
    REPLACED = "replaced"  # it was in the archive, before another was taken


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
    series_instance_uid: str = ""
    state: str = SetAsideState.OPEN
    facts: dict[str, Any] | None = None
    picture_sha256: str | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    decision_id: UUID | None = None
    is_pending: bool = False


_COLUMNS = ", ".join(SetAside.__dataclass_fields__)
_WRITTEN = [name for name in SetAside.__dataclass_fields__ if name != "facts"]


def bytes_set_aside(cursor: Cursor) -> int:
    """How many bytes are kept, of all hospitals. Until the transaction ends nobody else sets anything aside: the quota holds."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor.execute("SELECT coalesce(sum(size_bytes), 0) FROM set_aside WHERE bytes_kept")
    return int(only_value(cursor))


def has_bytes_aside(cursor: Cursor, hospital_id: str, content_sha256: str) -> bool | None:
    """Of bytes that the hospital has sent before: whether they are kept. None for those that it has not."""
    cursor.execute("SELECT bytes_kept FROM set_aside WHERE hospital_id = %s AND content_sha256 = %s", (hospital_id, content_sha256))
    row = cursor.fetchone()
    return bool(row[0]) if row else None


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
        f"INSERT INTO set_aside ({', '.join(_WRITTEN)}) VALUES ({', '.join(['%s'] * len(_WRITTEN))})",
        tuple(getattr(one, name) for name in _WRITTEN),
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
