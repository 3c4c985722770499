# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail in the real database: only ever added to, and what a superuser does to it shows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from cloudfilm.db.audit_events import append_event, broken_places
from cloudfilm.storage.key_files import load_key_ring
from tests.support.instance import Instance


@pytest.fixture
def key(instance: Instance) -> bytes:
    return load_key_ring(instance.data / "keys").auditing


@pytest.fixture
def superuser(instance: Instance) -> Iterator[psycopg2.extensions.cursor]:
    """Everything that it does is rolled back."""
    connection = psycopg2.connect(host=str(instance.data / "run/postgresql"), dbname="cloudfilm", user="postgres")
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_event IN EXCLUSIVE MODE")
        yield cursor
    connection.rollback()
    connection.close()


@pytest.fixture(autouse=True)
def some_events(instance: Instance) -> None:
    for number in range(3):
        instance.client().get(f"/dicom-web/studies/1.2.{number}/metadata")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET outcome = 'success'", "DELETE FROM audit_event", "TRUNCATE audit_event", "UPDATE audit_event SET chain = ''",
     "DELETE FROM audit_event WHERE sequence = (SELECT max(sequence) FROM audit_event)"],
)  # fmt: skip
def test_the_database_refuses_to_change_the_trail(instance: Instance, statement: str) -> None:
    before = instance.sql("SELECT count(*) FROM audit_event")
    with pytest.raises(psycopg2.errors.RaiseException, match="only ever added to"):
        instance.sql(statement)
    assert instance.sql("SELECT count(*) FROM audit_event")[0][0] >= before[0][0] >= 3


def test_an_untouched_trail_has_no_broken_place(superuser: psycopg2.extensions.cursor, key: bytes) -> None:
    assert list(broken_places(superuser, key)) == []


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DELETE FROM audit_event WHERE sequence = 2", 3),
        ("UPDATE audit_event SET address = '192.0.2.1' WHERE sequence = 2", 2),
        ("DELETE FROM audit_event WHERE sequence = 2; UPDATE audit_event SET sequence = sequence - 1 WHERE sequence = 3", 2),
        ("INSERT INTO audit_event SELECT (SELECT max(sequence) + 1 FROM audit_event), happened_at, kind, outcome, hospital_id, actor_kind,"
         " actor_id, grant_id, study_instance_uid, report_id, address, device, detail, chain FROM audit_event WHERE sequence = 1", None),
    ],
    ids=["removed", "changed", "removed and renumbered", "put in"],
)  # fmt: skip
def test_what_a_superuser_does_behind_the_trigger_shows(
    superuser: psycopg2.extensions.cursor, key: bytes, statement: str, place: int | None
) -> None:
    superuser.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_append_only")
    superuser.execute(statement)
    if place is None:
        superuser.execute("SELECT max(sequence) FROM audit_event")
        row = superuser.fetchone()
        place = row[0] if row else 0
    assert place in list(broken_places(superuser, key))


def test_an_event_sealed_with_another_key_shows(superuser: psycopg2.extensions.cursor, key: bytes) -> None:
    from datetime import UTC, datetime

    from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind

    forged = append_event(superuser, AuditEvent(datetime.now(UTC), AuditKind.OTHER, "success", ActorKind.NOBODY), b"another key")
    assert list(broken_places(superuser, key)) == [forged]
