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
from bench.process import free_port, running
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
        return _admin(self.data, *arguments)

    def send(self, folders: list[Path]) -> None:
        """C-STORE each folder by an association of its own, all at once."""
        command = ["dcmsend", "-aet", _AET, "-aec", "CLOUDFILM", "127.0.0.1", str(self.dicom_port), "+sd"]
        environment = {**os.environ, "TCP_NODELAY": "1"}
        senders = [
            subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
            for folder in folders
        ]
        for sender in senders:
            _out, problem = sender.communicate(timeout=600)
            if sender.returncode != 0:
                raise BenchFailed(f"{self.name}: the study could not be sent: {problem.decode(errors='replace').strip()}")

    def cpu_seconds(self) -> float:
        """Processor time of every process of it until now."""
        supervisor = int((self.data / "run/supervisord.pid").read_text())
        ticks = 0
        parents: dict[int, int] = {}
        times: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                columns = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pid = int(path.parent.name)
            parents[pid], times[pid] = int(columns[1]), sum(map(int, columns[11:15]))
        for pid, used in times.items():
            ancestor = pid
            while ancestor not in (supervisor, 0, 1) and ancestor in parents:
                ancestor = parents[ancestor]
            ticks += used if ancestor == supervisor else 0
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def bench_installation(name: str, data: Path, log: Path, *options: str) -> Iterator[BenchInstallation]:
    """Started by scripts/run, with a hospital, a modality and a token; stopped at the end."""
    data.mkdir(exist_ok=True)
    https_port, dicom_port = free_port(), free_port()
    ports = ["--https-port", str(https_port), "--http-port", str(free_port()), "--dicom-port", str(dicom_port)]
    ports += ["--ipp-port", str(free_port()), "--hl7-port", str(free_port()), "--print-port", str(free_port())]
    command = [str(APP / "scripts/run"), "--data", str(data), *ports, *options]
    with running(name, command, log, lambda: "READY " in log.read_text(errors="replace"), timeout_seconds=180):
        _admin(data, "hospital", "add", _HOSPITAL_ID, "--name", "Bench")
        _admin(data, "modality", "add", "--hospital", _HOSPITAL_ID, "--aet", _AET, "--host", "127.0.0.1")
        token = _admin(data, "token", "issue", "--hospital", _HOSPITAL_ID, "--scope", "retrieve", "--days", "1")["token"]
        yield BenchInstallation(name, data, https_port, dicom_port, token)


def _admin(data: Path, *arguments: str) -> dict[str, Any]:
    command = [str(APP / "scripts/cloudfilm"), "--data", str(data), "--json", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BenchFailed(result.stderr.strip())
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
