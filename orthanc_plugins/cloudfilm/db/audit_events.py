# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail in the database: only ever added to, each event sealed with the one before."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cloudfilm.access.audit import NO_SEAL, ActorKind, AuditEvent, AuditKind, seal_of
from cloudfilm.db.database import Cursor

# One writer at a time: an event must know the seal before it. Held until the transaction ends.
_CHAIN_LOCK = 0x0C1F_A0D1
_COLUMNS = "happened_at, kind, outcome, actor_kind, actor_id, hospital_id, grant_id, study_instance_uid, report_id, address, device, detail"
_PORTION = 5000


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event with its place in the trail."""

    sequence: int
    event: AuditEvent


def append_event(cursor: Cursor, event: AuditEvent, key: bytes) -> int:
    """Add one event as the last step of a transaction; return its place."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_CHAIN_LOCK,))
    cursor.execute("SELECT sequence, chain FROM audit_event ORDER BY sequence DESC LIMIT 1")
    last = cursor.fetchone()
    sequence, previous = (last[0] + 1, bytes(last[1])) if last else (1, NO_SEAL)
    cursor.execute(
        f"INSERT INTO audit_event (sequence, {_COLUMNS}, chain) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            sequence, event.happened_at, event.kind, event.outcome, event.actor_kind, event.actor_id, event.hospital_id, event.grant_id,
            event.study_instance_uid, event.report_id, event.address, event.device, event.detail, seal_of(event, sequence, previous, key),
        ),
    )  # fmt: skip
    return sequence


def events_of_grant(cursor: Cursor, grant_id: UUID, limit: int = 200) -> list[RecordedEvent]:
    """What happened with a grant and with the shares that were made from it, newest first."""
    return _many(
        cursor,
        "grant_id = %s OR grant_id IN (SELECT grant_id FROM access_grant WHERE parent_grant_id = %s) ORDER BY sequence DESC LIMIT %s",
        grant_id, grant_id, limit,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What a search is limited to; None and "" do not limit. ``hospital_id`` None is for operators only and finds what is no hospital's."""

    hospital_id: str | None
    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    outcome: str = ""
    text: str = ""
    before_sequence: int | None = None


def search_events(cursor: Cursor, search: AuditSearch, limit: int = 100) -> list[RecordedEvent]:
    """Events of one hospital, newest first. ``text`` is part of an actor, a study, an address or a detail."""
    conditions, values = ["hospital_id = %s"], [search.hospital_id or ""]
    more: list[tuple[str, Any]] = [
        ("happened_at >= %s", search.since),
        ("happened_at < %s", search.until),
        ("kind = %s", search.kind or None),
        ("outcome = %s", search.outcome or None),
        ("sequence < %s", search.before_sequence),
    ]
    for condition, value in more:
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if search.text:
        conditions.append(
            "strpos(lower(concat_ws(' ', actor_id, study_instance_uid, address, detail, grant_id, report_id)), lower(%s)) > 0"
        )
        values.append(search.text)
    return _many(cursor, " AND ".join(conditions) + " ORDER BY sequence DESC LIMIT %s", *values, limit)


def events_with_sequences(cursor: Cursor, sequences: Collection[int]) -> list[RecordedEvent]:
    """The events at these places, newest first."""
    return _many(cursor, "sequence = ANY(%s) ORDER BY sequence DESC", list(sequences))


def events_after(cursor: Cursor, sequence: int, limit: int) -> list[RecordedEvent]:
    """What came after a place in the trail, in order, of every hospital: for export."""
    return _many(cursor, "sequence > %s ORDER BY sequence LIMIT %s", sequence, limit)


@dataclass(frozen=True, slots=True)
class TrailHead:
    """The last event of the trail at some moment: what was there then must be there for ever."""

    sequence: int
    seal: bytes


def trail_head(cursor: Cursor) -> TrailHead | None:
    """The last event; None while there is none."""
    cursor.execute("SELECT sequence, chain FROM audit_event ORDER BY sequence DESC LIMIT 1")
    row = cursor.fetchone()
    return TrailHead(row[0], bytes(row[1])) if row else None


def broken_places(cursor: Cursor, key: bytes) -> Iterator[int]:
    """Every place where the chain does not hold: a row was changed, put in, or taken out before it."""
    previous, expected = NO_SEAL, 1
    while True:
        cursor.execute(
            f"SELECT sequence, {_COLUMNS}, chain FROM audit_event WHERE sequence >= %s ORDER BY sequence LIMIT %s", (expected, _PORTION)
        )
        rows = cursor.fetchall()
        for row in rows:
            sequence, seal = row[0], bytes(row[-1])
            if sequence != expected or not hmac.compare_digest(seal, seal_of(_event(row[1:-1]), sequence, previous, key)):
                yield sequence
            previous, expected = seal, sequence + 1
        if len(rows) < _PORTION:
            return


def seals_at(cursor: Cursor, sequences: Collection[int]) -> dict[int, bytes]:
    """The seals of the events at some places; a place without an event has none."""
    cursor.execute("SELECT sequence, chain FROM audit_event WHERE sequence = ANY(%s)", (list(sequences),))
    return {sequence: bytes(seal) for sequence, seal in cursor.fetchall()}


def _many(cursor: Cursor, condition: str, *values: object) -> list[RecordedEvent]:
    cursor.execute(f"SELECT sequence, {_COLUMNS} FROM audit_event WHERE {condition}", values)
    return [RecordedEvent(row[0], _event(row[1:])) for row in cursor.fetchall()]


def _event(row: tuple[Any, ...]) -> AuditEvent:
    happened_at, kind, outcome, actor_kind, *rest = row
    return AuditEvent(happened_at, AuditKind(kind), outcome, ActorKind(actor_kind), *rest)
