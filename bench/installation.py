# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole CloudFilm on a data folder of its own, so that two of them can be measured side by side."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.failure import BenchFailed
from bench.process import free_port, listening_options, running
from bench.sending import send_folders
from machine.installation import APP

_HOSPITAL_ID, _AET = "bench", "BENCHCT"


@dataclass(frozen=True, slots=True)
class BenchInstallation:
    """Where it is reached, and a token that may read."""

    name: str
    data: Path
    https_port: int
    dicom_port: int
    token: str

    def admin(self, *arguments: str) -> dict[str, Any]:
        """scripts/cloudfilm with --json."""
        return admin_of(self.data, *arguments)

    def send(self, folders: list[Path]) -> None:
        """C-STORE each folder by an association of its own, all at once."""
        send_folders(folders, self.name, self.dicom_port, "CLOUDFILM", _AET)

    def cpu_seconds(self) -> float:
        """Processor time of every process of it until now, of those that have ended too."""
        return sum(map(_ticks, process_tree(self.supervisor_pid))) / os.sysconf("SC_CLK_TCK")

    @property
    def supervisor_pid(self) -> int:
        """The process above all of it."""
        return int((self.data / "run/supervisord.pid").read_text())


def process_tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except OSError:
            continue
    tree, waiting = [], [root]
    while waiting:
        tree.append(waiting.pop())
        waiting += children.get(tree[-1], [])
    return tree


def _ticks(pid: int) -> int:
    """Of a process and of its children that have ended."""
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    except OSError:
        return 0


@contextmanager
def bench_installation(name: str, data: Path, log: Path, *options: str) -> Iterator[BenchInstallation]:
    """Started by scripts/run, with a hospital, a modality and a token; stopped at the end."""
    data.mkdir(exist_ok=True)
    https_port, dicom_port = free_port(), free_port()
    ports = listening_options(https_port, dicom_port)
    command = [str(APP / "scripts/run"), "--data", str(data), *ports, *options]
    with running(name, command, log, lambda: "READY " in log.read_text(errors="replace"), timeout_seconds=300):
        admin_of(data, "hospital", "add", _HOSPITAL_ID, "--name", "Bench")
        admin_of(data, "modality", "add", "--hospital", _HOSPITAL_ID, "--aet", _AET, "--host", "127.0.0.1")
        token = admin_of(data, "token", "issue", "--hospital", _HOSPITAL_ID, "--scope", "retrieve", "--days", "1")["token"]
        yield BenchInstallation(name, data, https_port, dicom_port, token)


def admin_of(data: Path, *arguments: str) -> dict[str, Any]:
    """scripts/cloudfilm with --json on a data folder."""
    command = [str(APP / "scripts/cloudfilm"), "--data", str(data), "--json", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BenchFailed(result.stderr.strip())
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
