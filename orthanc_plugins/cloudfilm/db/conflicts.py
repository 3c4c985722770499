# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instances that were kept aside, as decisions: one per study and reason, over all its instances; what is decided, a worker does in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value
from cloudfilm.db.set_aside import Reason, SetAside, SetAsideState

_COLUMNS = ", ".join(SetAside.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ConflictGroup:
    """A study that something was kept aside of, for one reason."""

    study_instance_uid: str
    reason: str
    instances: int
    open: int
    senders: list[str]
    first_at: datetime
    last_at: datetime
    facts: dict[str, Any] | None


def conflict_groups(cursor: Cursor, hospital_id: str, is_open: bool, limit: int) -> list[ConflictGroup]:
    """What waits for a decision, or what was decided; the newest first."""
    cursor.execute(
        "SELECT study_instance_uid, reason, count(*), count(*) FILTER (WHERE state = 'open'), array_agg(DISTINCT sender), min(received_at),"
        " max(received_at), (array_agg(facts ORDER BY received_at) FILTER (WHERE facts->>'name' IS NOT NULL))[1] FROM set_aside"
        " WHERE hospital_id = %s AND reason <> %s GROUP BY study_instance_uid, reason"
        " HAVING (count(*) FILTER (WHERE state = 'open') > 0) = %s ORDER BY max(received_at) DESC LIMIT %s",
        (hospital_id, Reason.SAME_DATA_SET, is_open, limit),
    )
    return [ConflictGroup(*row) for row in cursor.fetchall()]


def count_open_conflicts(cursor: Cursor, hospital_id: str) -> int:
    """How many studies somebody has to decide on."""
    cursor.execute(
        "SELECT count(DISTINCT (study_instance_uid, reason)) FROM set_aside WHERE hospital_id = %s AND state = 'open' AND reason = ANY(%s)",
        (hospital_id, [Reason.OTHER_CONTENT, Reason.OTHER_PATIENT]),
    )
    return int(only_value(cursor))


def set_aside_for(cursor: Cursor, hospital_id: str, study_instance_uid: str, reason: str) -> list[SetAside]:
    """All of a group, in the order of their arrival."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM set_aside WHERE hospital_id = %s AND study_instance_uid = %s AND reason = %s ORDER BY received_at, sop_instance_uid",
        (hospital_id, study_instance_uid, reason),
    )
    return [SetAside(*row) for row in cursor.fetchall()]


def note_facts(cursor: Cursor, set_aside_id: UUID, facts: dict[str, Any], picture_sha256: str | None) -> None:
    """What a worker read in the file."""
    cursor.execute(
        "UPDATE set_aside SET facts = %s, picture_sha256 = %s WHERE set_aside_id = %s", (Json(facts), picture_sha256, str(set_aside_id))
    )


def keep_out(cursor: Cursor, hospital_id: str, study_instance_uid: str, reason: str, by: str, decision_id: UUID, now: datetime) -> int:
    """What is there stays; return how many instances that settles."""
    cursor.execute(
        "UPDATE set_aside SET state = 'kept out', decided_at = %s, decided_by = %s, decision_id = %s"
        " WHERE hospital_id = %s AND study_instance_uid = %s AND reason = %s AND state = 'open'",
        (now, by, str(decision_id), hospital_id, study_instance_uid, reason),
    )
    return cursor.rowcount


def reopen(cursor: Cursor, hospital_id: str, study_instance_uid: str, reason: str) -> int:
    """Whatever was kept out waits again."""
    cursor.execute(
        "UPDATE set_aside SET state = 'open', decided_at = NULL, decided_by = '', decision_id = NULL"
        " WHERE hospital_id = %s AND study_instance_uid = %s AND reason = %s AND state = 'kept out'",
        (hospital_id, study_instance_uid, reason),
    )
    return cursor.rowcount


def take(cursor: Cursor, set_aside_ids: Sequence[UUID], by: str, decision_id: UUID, now: datetime) -> int:
    """These are to be in the archive; a worker does it."""
    cursor.execute(
        "UPDATE set_aside SET state = 'taken', decided_at = %s, decided_by = %s, decision_id = %s, is_pending = true"
        " WHERE set_aside_id = ANY(%s::uuid[]) AND bytes_kept AND NOT is_pending AND state <> 'taken'",
        (now, by, str(decision_id), [str(one) for one in set_aside_ids]),
    )
    return cursor.rowcount


def pending_of(cursor: Cursor, decision_id: UUID) -> list[SetAside]:
    """What is still to be taken."""
    cursor.execute(f"SELECT {_COLUMNS} FROM set_aside WHERE decision_id = %s AND is_pending ORDER BY received_at", (str(decision_id),))
    return [SetAside(*row) for row in cursor.fetchall()]


def is_study_being_settled(cursor: Cursor, study_instance_uid: str) -> bool:
    """Whether instances of the study are about to be replaced, or fetched again: it is not deleted, whatever Orthanc says meanwhile."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM set_aside WHERE study_instance_uid = %s AND is_pending)"
        " OR EXISTS (SELECT FROM reconciliation WHERE study_instance_uid = %s AND wanted_by <> '')",
        (study_instance_uid, study_instance_uid),
    )
    return bool(only_value(cursor))


def note_replaced(cursor: Cursor, one: SetAside) -> None:
    """What was in the archive, and is kept aside from now on; its bytes are."""
    cursor.execute(
        "INSERT INTO set_aside (set_aside_id, hospital_id, study_instance_uid, sop_instance_uid, series_instance_uid, reason, sender, content_sha256,"
        " size_bytes, received_at, state, facts, decided_at, decided_by, decision_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'replaced', '{\"was_in_archive\": true}', %s, %s, %s)"
        " ON CONFLICT (hospital_id, content_sha256) DO UPDATE SET state = 'replaced', reason = excluded.reason, decided_at = excluded.decided_at,"
        " decided_by = excluded.decided_by, decision_id = excluded.decision_id, bytes_kept = true, is_pending = false",
        (
            str(one.set_aside_id), one.hospital_id, one.study_instance_uid, one.sop_instance_uid, one.series_instance_uid, one.reason, one.sender,
            one.content_sha256, one.size_bytes, one.received_at, one.decided_at, one.decided_by, str(one.decision_id),
        ),
    )  # fmt: skip


def note_taken(cursor: Cursor, set_aside_ids: Sequence[UUID]) -> None:
    """They are in the archive."""
    cursor.execute("UPDATE set_aside SET is_pending = false WHERE set_aside_id = ANY(%s::uuid[])", ([str(one) for one in set_aside_ids],))


def pending_decisions(cursor: Cursor) -> list[UUID]:
    """Decisions that a worker has not done yet."""
    cursor.execute("SELECT DISTINCT decision_id FROM set_aside WHERE is_pending AND decision_id IS NOT NULL")
    return [UUID(str(row[0])) for row in cursor.fetchall()]


def hashes_aside(cursor: Cursor, hospital_id: str, instances: Sequence[tuple[str, str]]) -> list[tuple[str, str, str, str, bool]]:
    """Of these instances (UIDs of study and instance): the UIDs, SHA-256 and state of each content that is aside, and whether its bytes are kept."""
    cursor.execute(
        "SELECT study_instance_uid, sop_instance_uid, content_sha256, state, bytes_kept FROM set_aside WHERE hospital_id = %s"
        " AND study_instance_uid = ANY(%s) AND sop_instance_uid = ANY(%s) AND reason = ANY(%s)",
        (hospital_id, [study for study, _ in instances], [sop for _, sop in instances], list(Reason)),
    )
    return list(cursor.fetchall())


def decided_against(cursor: Cursor, hospital_id: str, study_instance_uid: str) -> set[tuple[str, str]]:
    """SOPInstanceUID and SHA-256 of what people decided to keep out of a study."""
    cursor.execute(
        "SELECT sop_instance_uid, content_sha256 FROM set_aside WHERE hospital_id = %s AND study_instance_uid = %s"
        " AND state IN ('kept out', 'replaced') AND reason = ANY(%s)",
        (hospital_id, study_instance_uid, list(Reason)),
    )
    return {(row[0], row[1]) for row in cursor.fetchall()}


def decided_before(cursor: Cursor, moment: datetime, limit: int) -> list[SetAside]:
    """What was decided long ago."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM set_aside WHERE state <> '{SetAsideState.OPEN}' AND decided_at < %s AND NOT is_pending ORDER BY decided_at LIMIT %s",
        (moment, limit),
    )
    return [SetAside(*row) for row in cursor.fetchall()]
