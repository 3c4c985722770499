# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trail reaches a syslog server whole and in order, and shows when somebody has tampered with it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.audit_exports import exported_until
from cloudfilm.db.database import Database
from cloudfilm.jobs.anchor_audit import anchor_audit
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.export_audit import export_audit
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import load_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import load_key_ring
from tests.support.audit_schema import schema_faults
from tests.support.instance import APP, Instance, wait_for
from tests.support.syslog_receiver import SyslogReceiver, make_certificate


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> SyslogReceiver:
    return SyslogReceiver("tls")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, receiver: SyslogReceiver) -> Iterator[Instance]:
    """An installation whose trail may be damaged, and whose worker sends it to the receiver."""
    data = tmp_path_factory.mktemp("audited")
    receiver.certificate = make_certificate(data / "syslog.pem")
    environment = {"CLOUDFILM_AUDIT_SYSLOG": receiver.url, "CLOUDFILM_AUDIT_SYSLOG_CA_FILE": "/var/lib/cloudfilm/syslog.pem"}
    mine = Instance(data, environment=environment)
    mine.start()
    mine.admin("hospital", "add", "jia", "--name", "甲医院")
    yield mine
    mine.stop()


@pytest.fixture(scope="module")
def context(own: Instance) -> JobContext:
    """What a worker's job gets, for an installation whose data folder is elsewhere from here."""
    here = own.settings | {"CLOUDFILM_AUDIT_SYSLOG_CA_FILE": str(own.data / "syslog.pem")}
    settings = replace(load_settings(APP / "orthanc.json", here), data_directory=own.data)
    key_ring = load_key_ring(settings.keys_directory)
    return JobContext(
        settings=settings,
        database=Database(f"postgresql:///cloudfilm?host={own.data}/run/postgresql&user=cloudfilm"),
        keys=lambda: key_ring,
        documents=DocumentStore(settings.documents_directory),
        orthanc=OrthancClient(settings.orthanc_url, lambda: key_ring, "worker", lambda: datetime.now(UTC)),
        clock=lambda: datetime.now(UTC),
    )


def add_events(context: JobContext, number: int) -> None:
    with context.database.transaction() as cursor:
        for place in range(number):
            event = AuditEvent(datetime.now(UTC), AuditKind.IMAGES_VIEWED, "success", ActorKind.PATIENT, f"grant {place}", "jia")
            append_event(cursor, event, context.key_ring.auditing)


def last_event(own: Instance) -> int:
    return int(own.sql("SELECT max(sequence) FROM audit_event")[0][0])


def test_the_worker_sends_the_trail_and_anchors_its_end_each_minute(own: Instance, receiver: SyslogReceiver) -> None:
    last = last_event(own)
    with receiver.listening():
        wait_for(lambda: receiver.sequences == list(range(1, last + 1)), timeout_seconds=75)
    assert [schema_faults(one.xml) for one in receiver.received] == [[]] * last
    assert receiver.received[0].event_id == "110113"
    wait_for(lambda: own.admin("audit", "verify")["anchors"] >= 1, timeout_seconds=75)
    heads = own.data / "audit/heads.log"
    assert heads.stat().st_mode & 0o777 == 0o600


def test_an_outage_loses_nothing_and_blocks_nobody(own: Instance, context: JobContext, receiver: SyslogReceiver) -> None:
    add_events(context, 700)
    export_audit(context)  # nobody listens
    with context.database.transaction() as cursor:
        before = exported_until(cursor, receiver.url)
    receiver.received.clear()
    receiver.resets_after = 200
    with receiver.listening():
        export_audit(context)  # dies while it reads
        assert len(receiver.received) == 200
        with context.database.transaction() as cursor:
            assert exported_until(cursor, receiver.url) == before
        export_audit(context)
    last = last_event(own)
    assert receiver.sequences == [*range(before + 1, before + 201), *range(before + 1, last + 1)]
    with context.database.transaction() as cursor:
        assert exported_until(cursor, receiver.url) == last


@contextmanager
def tampering(own: Instance) -> Iterator[None]:
    """Whoever owns the database can do what the application cannot; set right again at the end."""
    own.sql("ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_append_only")
    own.sql("CREATE TABLE untouched AS SELECT * FROM audit_event")
    try:
        yield
    finally:
        own.sql("DELETE FROM audit_event")
        own.sql("INSERT INTO audit_event SELECT * FROM untouched")
        own.sql("DROP TABLE untouched")
        own.sql("ALTER TABLE audit_event ENABLE TRIGGER audit_event_is_append_only")


def verify(own: Instance) -> tuple[int, list[str]]:
    result = own.admin("audit", "verify", check=False)
    return result.returncode, json.loads(result.stdout)["faults"]


def test_a_whole_trail_is_said_to_be_whole(own: Instance, context: JobContext) -> None:
    add_events(context, 20)
    anchor_audit(context)
    assert verify(own) == (0, [])


def test_a_changed_row_shows(own: Instance) -> None:
    with tampering(own):
        own.sql("UPDATE audit_event SET actor_id = 'somebody else' WHERE sequence = 3")
        assert verify(own) == (1, ["event 3 was changed, or what was before it was taken out"])
    assert verify(own)[0] == 0


def test_a_removed_row_shows(own: Instance) -> None:
    with tampering(own):
        own.sql("DELETE FROM audit_event WHERE sequence = 5")
        assert verify(own) == (1, ["event 6 was changed, or what was before it was taken out"])


def test_a_truncated_tail_shows_though_the_chain_holds(own: Instance, context: JobContext) -> None:
    anchor_audit(context)
    last = last_event(own)
    with tampering(own):
        own.sql("DELETE FROM audit_event WHERE sequence > %s", last - 2)
        status, (fault,) = verify(own)
        assert status == 1
        assert fault.startswith(f"event {last}, which was there at ")
        assert fault.endswith("is gone")
        # And for good, when new events have taken the places of those that are gone.
        add_events(context, 2)
        status, (fault,) = verify(own)
        assert (status, fault.partition(" at ")[0]) == (1, f"event {last} is not what it was")


def test_the_database_refuses_to_change_the_trail(own: Instance) -> None:
    for statement in ("UPDATE audit_event SET detail = ''", "DELETE FROM audit_event", "TRUNCATE audit_event"):
        with pytest.raises(Exception, match="only ever added to"):
            own.sql(statement)


def exported(own: Instance, form: str, after: int) -> str:
    command = [APP / "scripts/cloudfilm", "--data", str(own.data), "audit", "export", "--format", form, "--after", str(after)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout


def test_the_console_exports_the_trail(own: Instance, tmp_path: Path) -> None:
    last = last_event(own)
    lines = [json.loads(line) for line in exported(own, "json", last - 3).splitlines()]
    assert [line["sequence"] for line in lines] == [last - 2, last - 1, last, last + 1]
    assert (lines[-1]["kind"], lines[-1]["actor_kind"]) == ("log read", "console")
    document = fromstring(exported(own, "xml", 0))
    assert len(document) == last + 2
    assert [fault for message in document for fault in schema_faults(message)] == []
