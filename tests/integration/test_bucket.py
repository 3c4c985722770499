# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bucket of a real S3 server, also behind a proxy that fails: what is acknowledged can be read, what cannot be said to be stored is not acknowledged."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloudfilm.errors import SettingInvalid
from cloudfilm.storage.bucket import Bucket
from cloudfilm.storage.object_faults import ObjectDamaged, ObjectMissing, ObjectStoreUnavailable
from machine.s3_server import S3Server
from tests.support.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from tests.support.s3_server import running_s3_server, s3_settings

CONTENT = random.Random(35001).randbytes(300_000)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


def direct(server: S3Server) -> Bucket:
    return Bucket(s3_settings(server.endpoint, server.credentials_file), "me")


def through(proxy: FaultyProxy, server: S3Server, **changes: object) -> Bucket:
    return Bucket(s3_settings(proxy.endpoint, server.credentials_file, **changes), "me")


def test_objects_are_put_read_listed_and_deleted(server: S3Server) -> None:
    bucket = direct(server)
    bucket.put("a/one.dcm", CONTENT)
    bucket.put("a/empty.unk", b"")
    assert (bucket.get("a/one.dcm"), bucket.get("a/empty.unk")) == (CONTENT, b"")
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert set(bucket.names(before=soon)) >= {"a/one.dcm", "a/empty.unk"}
    assert list(bucket.names(before=soon - timedelta(hours=1))) == []
    assert bucket.is_ours("a/one.dcm")
    assert not Bucket(s3_settings(server.endpoint, server.credentials_file), "somebody else").is_ours("a/one.dcm")
    for name in ("a/one.dcm", "a/one.dcm", "a/empty.unk"):
        bucket.delete(name)
    with pytest.raises(ObjectMissing):
        bucket.get("a/one.dcm")


def test_a_bucket_that_does_not_exist_is_not_a_missing_object(server: S3Server) -> None:
    bucket = Bucket(s3_settings(server.endpoint, server.credentials_file, bucket="nobody-has-this"), "me")
    for attempt in (lambda: bucket.get("x"), lambda: bucket.put("x", b"1")):
        with pytest.raises(ObjectStoreUnavailable, match="NoSuchBucket"):
            attempt()


def test_wrong_credentials_are_told_without_showing_them(server: S3Server, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("[default]\naws_access_key_id = nobody\naws_secret_access_key = secret-of-nobody\n")
    wrong.chmod(0o600)
    with pytest.raises(ObjectStoreUnavailable) as caught:
        Bucket(s3_settings(server.endpoint, wrong), "me").put("x", b"1")
    assert "secret-of-nobody" not in str(caught.value)
    wrong.chmod(0o644)
    with pytest.raises(SettingInvalid, match="chmod 600"):
        Bucket(s3_settings(server.endpoint, wrong), "me")


# Faults of a PUT: until they pass it is not acknowledged; whatever was acknowledged is there.
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANG, Fault.RESET, Fault.ANSWER_LOST])
def test_a_put_that_keeps_failing_is_not_acknowledged_and_ends_in_time(server: S3Server, proxy: FaultyProxy, fault: Fault) -> None:
    proxy.fault = fault
    began = time.monotonic()
    with pytest.raises(ObjectStoreUnavailable):
        through(proxy, server).put(f"never-{fault.name}", CONTENT)
    assert time.monotonic() - began < 4


def test_a_put_that_the_server_did_not_keep_is_not_acknowledged(server: S3Server, proxy: FaultyProxy) -> None:
    proxy.faults = [Fault.LOST]
    with pytest.raises(ObjectDamaged):
        through(proxy, server).put("lost", CONTENT)
    with pytest.raises(ObjectMissing):
        direct(server).get("lost")


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANG, Fault.RESET])
def test_one_fault_is_got_over(server: S3Server, proxy: FaultyProxy, fault: Fault) -> None:
    bucket = through(proxy, server, timeout_seconds=3)
    proxy.faults = [fault]
    try:
        bucket.put(f"once-{fault.name}", CONTENT)
    except ObjectStoreUnavailable:
        # A PUT that hangs or is cut off may have been carried out: obstore leaves it to the sender to repeat.
        assert fault is not Fault.UNAVAILABLE
        bucket.put(f"once-{fault.name}", CONTENT)
    assert direct(server).get(f"once-{fault.name}") == CONTENT
    proxy.faults = [fault]
    if fault is Fault.RESET:
        # obstore goes on behind what it has; radosgw's SQLite back end answers the range with other bytes. The checksum tells (test_storage_area.py).
        assert len(bucket.get(f"once-{fault.name}")) == len(CONTENT)
    else:
        assert bucket.get(f"once-{fault.name}") == CONTENT


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.RESET, Fault.HANG, Fault.UNAVAILABLE])
def test_a_reading_that_keeps_failing_ends_in_time(server: S3Server, proxy: FaultyProxy, fault: Fault) -> None:
    direct(server).put("read", CONTENT)
    proxy.fault = fault
    began = time.monotonic()
    with pytest.raises(ObjectStoreUnavailable):
        through(proxy, server).get("read")
    assert time.monotonic() - began < 4


def test_while_it_is_down_nobody_waits_and_afterwards_it_is_used_again(server: S3Server, proxy: FaultyProxy) -> None:
    bucket = through(proxy, server)
    bucket.put("outage", CONTENT)
    proxy.fault = Fault.UNAVAILABLE
    for _ in range(3):
        with pytest.raises(ObjectStoreUnavailable):
            bucket.get("outage")
    began = time.monotonic()
    with pytest.raises(ObjectStoreUnavailable, match="tried again"):
        bucket.get("outage")
    assert time.monotonic() - began < 0.5
    proxy.fault = Fault.NONE
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert bucket.get("outage") == CONTENT
            break
        except ObjectStoreUnavailable:
            time.sleep(0.1)
    else:
        pytest.fail("it was not used again")


def test_several_parts_are_compared_by_reading_them_back(server: S3Server) -> None:
    """radosgw's SQLite back end answers an upload in parts with success and keeps something else (18.2): that must be noticed."""
    in_parts = Bucket(s3_settings(server.endpoint, server.credentials_file, multipart_bytes=6_000_000, timeout_seconds=20), "me")
    large = random.Random(35002).randbytes(20_000_000)
    try:
        in_parts.put("large", large)
    except ObjectDamaged:
        with pytest.raises(ObjectMissing):
            direct(server).get("large")
    else:
        assert in_parts.get("large") == large


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_what_is_sent_is_what_aliyun_oss_takes(server: S3Server, proxy: FaultyProxy, style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual-hosted addressing on demand; a length and a signed SHA-256, never aws-chunked."""
    # A forward proxy, since no resolver knows cloudfilm.localhost.
    monkeypatch.setenv("http_proxy", proxy.endpoint)
    monkeypatch.setenv("no_proxy", "")
    endpoint = "http://localhost"
    settings = s3_settings(endpoint, server.credentials_file, virtual_hosted=style == "virtual", storage_class="STANDARD")
    bucket = Bucket(settings, "me")
    bucket.put("archive/one.dcm", CONTENT)
    assert bucket.get("archive/one.dcm") == CONTENT
    put, get = proxy.seen
    assert (put.method, get.method) == ("PUT", "GET")
    if style == "virtual":
        assert put.target == "/archive/one.dcm"
        assert put.headers["host"] == "cloudfilm.localhost"
    else:
        assert put.target == "/cloudfilm/archive/one.dcm"
        assert put.headers["host"] == "localhost"
    assert put.body == CONTENT
    assert put.headers["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in put.headers
    assert "aws-chunked" not in put.headers.get("content-encoding", "")
    assert len(put.headers["x-amz-content-sha256"]) == 64
    assert put.headers["x-amz-storage-class"] == "STANDARD"
    assert put.headers["x-amz-meta-cloudfilm-installation"] == "me"
    assert put.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
