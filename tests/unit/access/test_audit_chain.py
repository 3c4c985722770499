# SPDX-License-Identifier: AGPL-3.0-or-later
"""The chain of seals: whoever can write rows but has no key cannot change, remove, put in or swap one without its showing."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from cloudfilm.access.audit import NO_SEAL, ActorKind, AuditEvent, AuditKind, seal_of

KEY = b"k" * 32
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
texts = st.text(max_size=12)
identifiers = st.none() | st.uuids()
events = st.builds(
    AuditEvent,
    happened_at=st.integers(0, 10**9).map(lambda microseconds: NOW + timedelta(microseconds=microseconds)),
    kind=st.sampled_from(AuditKind),
    outcome=st.sampled_from(["success", "denied"]),
    actor_kind=st.sampled_from(ActorKind),
    actor_id=texts,
    hospital_id=texts,
    grant_id=identifiers,
    study_instance_uid=texts,
    report_id=identifiers,
    address=texts,
    device=texts,
    detail=texts,
)

type Row = tuple[int, AuditEvent, bytes]


def trail_of(happened: list[AuditEvent], key: bytes = KEY) -> list[Row]:
    rows: list[Row] = []
    for sequence, event in enumerate(happened, 1):
        rows.append((sequence, event, seal_of(event, sequence, rows[-1][2] if rows else NO_SEAL, key)))
    return rows


def holds(rows: list[Row]) -> bool:
    previous = NO_SEAL
    for place, (sequence, event, seal) in enumerate(rows, 1):
        if sequence != place or seal != seal_of(event, sequence, previous, KEY):
            return False
        previous = seal
    return True


@given(st.lists(events, max_size=6))
def test_an_untouched_trail_holds(happened: list[AuditEvent]) -> None:
    assert holds(trail_of(happened))


@given(st.lists(events, min_size=1, max_size=6), events, st.data())
def test_a_change_of_any_value_of_any_row_shows(happened: list[AuditEvent], other: AuditEvent, data: st.DataObject) -> None:
    rows = trail_of(happened)
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(AuditEvent)]))
    sequence, event, seal = rows[place]
    changed = replace(event, **{name: getattr(other, name)})
    assume(changed != event)
    rows[place] = (sequence, changed, seal)
    assert not holds(rows)


@given(st.lists(events, min_size=2, max_size=6), st.data(), st.booleans())
def test_a_removed_row_shows_even_when_the_others_are_numbered_anew(
    happened: list[AuditEvent], data: st.DataObject, renumber: bool
) -> None:
    """All but the last: its removal shows against a head that was noted before (`db.audit_events.TrailHead`)."""
    rows = trail_of(happened)
    del rows[data.draw(st.integers(0, len(rows) - 2))]
    if renumber:
        rows = [(number, event, seal) for number, (_, event, seal) in enumerate(rows, 1)]
    assert not holds(rows)


@given(st.lists(events, max_size=6), events, st.data())
def test_a_row_that_was_put_in_shows(happened: list[AuditEvent], forged: AuditEvent, data: st.DataObject) -> None:
    rows = trail_of(happened)
    place = data.draw(st.integers(0, len(rows)))
    seal = data.draw(st.sampled_from([NO_SEAL, *(seal for _, _, seal in rows), seal_of(forged, place + 1, NO_SEAL, b"another key" * 3)]))
    rows.insert(place, (0, forged, seal))
    assert not holds([(number, event, sealed) for number, (_, event, sealed) in enumerate(rows, 1)])


@given(st.lists(events, min_size=2, max_size=6), st.data(), st.booleans())
def test_swapped_rows_show(happened: list[AuditEvent], data: st.DataObject, with_their_seals: bool) -> None:
    rows = trail_of(happened)
    first, second = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True))
    assume(rows[first][1] != rows[second][1])
    (one, event, seal), (two, other, sealed) = rows[first], rows[second]
    rows[first], rows[second] = (one, other, sealed if with_their_seals else seal), (two, event, seal if with_their_seals else sealed)
    assert not holds(rows)


@given(events, texts, texts)
def test_text_cannot_slip_from_one_column_into_the_next(event: AuditEvent, left: str, right: str) -> None:
    assume(right)
    one, other = replace(event, actor_id=left + right, hospital_id=""), replace(event, actor_id=left, hospital_id=right)
    assert seal_of(one, 1, NO_SEAL, KEY) != seal_of(other, 1, NO_SEAL, KEY)


def test_the_same_moment_in_another_time_zone_is_the_same_event() -> None:
    event = AuditEvent(NOW, AuditKind.SEARCHED, "success", ActorKind.PROGRAM, grant_id=UUID(int=1))
    elsewhere = replace(event, happened_at=NOW.astimezone(tz=None))
    assert seal_of(event, 1, NO_SEAL, KEY) == seal_of(elsewhere, 1, NO_SEAL, KEY)
