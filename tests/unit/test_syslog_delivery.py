# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delivery to a real syslog server over each transport; what was not surely taken raises."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.audit_message import audit_message
from cloudfilm.access.syslog_message import syslog_message
from cloudfilm.jobs.syslog_delivery import deliver
from tests.support.instance import wait_for
from tests.support.syslog_receiver import SyslogReceiver, make_certificate

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def messages(number: int) -> list[bytes]:
    event = AuditEvent(NOW, AuditKind.SHARE_MADE, "success", ActorKind.PATIENT, detail="李医生")
    return [syslog_message(audit_message(event, place, "film"), NOW, "film", place) for place in range(1, number + 1)]


def test_tcp() -> None:
    with SyslogReceiver("tcp").listening() as receiver:
        deliver(receiver.url, "", messages(500))
        assert receiver.sequences == list(range(1, 501))


def test_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "certificate.pem")
    with SyslogReceiver("tls", certificate).listening() as receiver:
        deliver(receiver.url, str(certificate), messages(500))
        assert receiver.sequences == list(range(1, 501))


def test_udp() -> None:
    with SyslogReceiver("udp").listening() as receiver:
        deliver(receiver.url, "", messages(50))
        wait_for(lambda: receiver.sequences == list(range(1, 51)))


def test_a_tls_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "certificate.pem")
    with SyslogReceiver("tls", certificate).listening() as receiver:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            deliver(receiver.url, "", messages(1))
        assert receiver.received == []


@pytest.mark.parametrize("scheme", ["tcp", "udp", "tls"])
def test_a_server_that_is_away_raises(scheme: str) -> None:
    with pytest.raises(OSError, match="refused"):
        deliver(SyslogReceiver(scheme).url, "", messages(3))


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_a_server_that_dies_while_it_reads_raises(tmp_path: Path, scheme: str) -> None:
    certificate = make_certificate(tmp_path / "certificate.pem")
    with SyslogReceiver(scheme, certificate if scheme == "tls" else None, resets_after=2).listening() as receiver:
        with pytest.raises(OSError, match=r"."):
            deliver(receiver.url, str(certificate), messages(500))
        assert receiver.sequences == [1, 2]
