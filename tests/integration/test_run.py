# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/run: stops cleanly, continues, heals, and says in one sentence why it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import APP, Instance, NotReady, wait_for
from tests.support.samples import ct_study, study_uid


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation that a test may stop and damage."""
    mine = Instance(tmp_path_factory.mktemp("own"))
    mine.start()
    mine.admin("hospital", "add", "jia", "--name", "甲医院")
    mine.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
    yield mine
    if mine.process is not None and mine.process.poll() is None:
        mine.stop()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_all_and_a_second_start_continues(own: Instance, tmp_path: Path, how: signal.Signals) -> None:
    seed = f"kept {how.name}"
    assert own.dcmtk("storescu", *map(str, ct_study(tmp_path, seed, slices=1))).returncode == 0
    pids = [own.part_pid(part) for part in ("postgresql", "orthanc", "worker", "nginx")]
    assert own.stop(how) == 0
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert "SIGKILL" not in (own.data / "log/supervisord.log").read_text(), "each part ended by itself"
    own.start()
    client = own.client(own.token("jia", "query"))
    wait_for(lambda: client.get("/dicom-web/studies", params={"StudyInstanceUID": study_uid(seed)}).status_code == 200)


@pytest.mark.parametrize("part", ["orthanc", "worker", "nginx", "postgresql"])
def test_a_part_that_is_killed_comes_back(own: Instance, part: str) -> None:
    killed = wait_for(lambda: own.part_pid(part))
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: own.part_pid(part) not in (0, killed), timeout_seconds=30, what=f"a new {part}")

    def is_up() -> bool:
        try:
            return own.client().get("/api/v1/health").status_code == 200
        except OSError:
            return False

    wait_for(is_up, timeout_seconds=60, what="health")


def test_a_second_instance_on_the_same_data_is_refused(own: Instance) -> None:
    other = Instance(own.data)
    with pytest.raises(NotReady, match="already running on this data folder"):
        other.start()
    assert other.process is not None
    assert other.process.wait(10) == 1


def test_a_taken_port_is_named_with_the_option_that_changes_it(tmp_path: Path) -> None:
    refused = Instance(tmp_path / "data")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", refused.https_port))
        taken.listen()
        with pytest.raises(NotReady, match=rf"cloudfilm: Port {refused.https_port} cannot be used .*--https-port"):
            refused.start()


def test_data_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("999\n")
    with pytest.raises(NotReady, match="written by a newer CloudFilm"):
        Instance(tmp_path).start()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["VERSION", "run"]


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="make room"):
        Instance(tmp_path, environment={"CLOUDFILM_MINIMUM_FREE_BYTES": str(1 << 60)}).start()


def test_without_root_it_says_so(tmp_path: Path) -> None:
    command = ["setpriv", "--reuid=65534", "--clear-groups", str(APP / "scripts/run"), "--data", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "must be run as root" in result.stderr


def test_http_redirects_to_https(own: Instance) -> None:
    answer = own.client().get(f"http://127.0.0.1:{own.http_port}/q/x?y=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{own.url}/q/x?y=1")
