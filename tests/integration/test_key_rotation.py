# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys that sign tokens change while everything runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation of its own: its keys end."""
    running = Instance(tmp_path_factory.mktemp("rotation"))
    running.start()
    running.admin("hospital", "add", "jia", "--name", "甲医院")
    yield running
    running.stop()


def is_good(instance: Instance, token: str) -> bool:
    status = instance.client(token).get("/dicom-web/studies").status_code
    assert status in (200, 204, 401)
    return status != 401


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_a_key_is_rotated_and_retired_without_a_restart(instance: Instance, tmp_path: Path) -> None:
    [first] = instance.admin("key", "list")["keys"]
    old = instance.token("jia", "query")
    assert (key_of(old), is_good(instance, old)) == (first["key_id"], True)
    orthanc, worker, file = instance.part_pid("orthanc"), instance.part_pid("worker"), instance.data / "keys/signing.keys"
    owner = file.stat().st_uid
    refused = instance.admin("key", "retire", first["key_id"], check=False)
    assert (refused.returncode, "newest" in refused.stderr) == (1, True)

    made = instance.admin("key", "rotate")["key_id"]
    assert (file.stat().st_mode & 0o777, file.stat().st_uid) == (0o600, owner)
    new = instance.token("jia", "query")
    assert key_of(new) == made != first["key_id"]
    assert (is_good(instance, old), is_good(instance, new)) == (True, True)
    # Cookies are signed with the new key, and a worker's own token is taken: what arrives is recorded.
    instance.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "rotation"))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("rotation")))

    listed = instance.admin("key", "list")["keys"]
    assert [(one["key_id"], one["signs"], one["open_tokens"]) for one in listed] == [(first["key_id"], False, 1), (made, True, 1)]
    assert instance.admin("key", "retire", first["key_id"])["ended_tokens"] == 1
    began = time.monotonic()
    wait_for(lambda: not is_good(instance, old), timeout_seconds=10, what="the end of the old key's token")
    assert time.monotonic() - began < 10
    assert is_good(instance, new)
    assert instance.admin("key", "retire", first["key_id"], check=False).returncode == 1
    assert (instance.part_pid("orthanc"), instance.part_pid("worker")) == (orthanc, worker)
    details = [row[0] for row in instance.sql("SELECT detail FROM audit_event WHERE detail LIKE '%%signing key%%' ORDER BY sequence")]
    assert details == [f"made signing key {made}", f"retired signing key {first['key_id']}"]


def test_no_command_shows_a_key(instance: Instance) -> None:
    printed = "".join(instance.admin(*command, check=False).stdout for command in (["key", "list"], ["key", "rotate"], ["key", "list"]))
    for line in (instance.data / "keys/signing.keys").read_text().splitlines():
        assert line.split()[0] in printed
        assert line.split()[1] not in printed
