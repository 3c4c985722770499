# SPDX-License-Identifier: AGPL-3.0-or-later
"""A cloud, a line of given rate and delay, and a gateway that is paired over it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.failure import BenchFailed
from bench.installation import BenchInstallation, admin_of, bench_installation
from bench.process import free_port, listening_options, running
from machine.installation import APP, DATA

MODALITY = "BENCHCT"


@dataclass(frozen=True, slots=True)
class BenchGateway:
    """The box in the hospital."""

    data: Path
    dicom_port: int

    @property
    def supervisor_pid(self) -> int:
        """The process above all of it."""
        return int((self.data / "run/supervisord.pid").read_text())

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the queue's file."""
        with closing(sqlite3.connect(f"file:{self.data}/gateway/queue.db?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

    def switch_forwarder(self, order: str) -> None:
        """``stop`` or ``start`` it."""
        command = ["supervisorctl", "-s", f"unix://{self.data}/run/supervisor.sock", order, "forwarder"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            raise BenchFailed(f"the forwarder could not be told to {order}")


@dataclass(frozen=True, slots=True)
class Pair:
    """What is measured. ``line_pid`` is the process that plays the line."""

    cloud: BenchInstallation
    gateway: BenchGateway
    line_pid: int


@contextmanager
def pair(folder: Path, megabits: float, milliseconds: float, publishes: bool) -> Iterator[Pair]:
    """Start all, stop all."""
    if DATA.exists() and any(DATA.iterdir()):
        raise BenchFailed("the data folder is not empty: start the measurement by scripts/bench")
    if not publishes:
        os.environ["CLOUDFILM_PUBLISHED_GIGABYTES"] = "0"
    with bench_installation("the cloud", DATA, folder / "cloud.log") as cloud, _line(cloud, megabits, milliseconds) as (port, line_pid):
        code = cloud.admin("gateway", "add", "--hospital", "bench", "--name", "bench")["pairing_code"]
        data, log, dicom_port = folder / "gateway", folder / "gateway.log", free_port()
        data.mkdir()
        (data / "cloud.pem").write_bytes((DATA / "tls/certificate.pem").read_bytes())
        ports = listening_options(free_port(), dicom_port)
        options = ["--role", "gateway", "--cloud", f"https://localhost:{port}", "--pair", code]
        command = [str(APP / "scripts/run"), "--data", str(data), *ports, *options]
        trust = {"CLOUDFILM_GATEWAY_CA_FILE": "/var/lib/cloudfilm/cloud.pem"}
        with running("the gateway", command, log, lambda: "READY " in log.read_text(errors="replace"), 120, trust):
            admin_of(data, "gateway", "let-in", "--aet", MODALITY, "--host", "127.0.0.1")
            yield Pair(cloud, BenchGateway(data, dicom_port), line_pid)


@contextmanager
def _line(cloud: BenchInstallation, megabits: float, milliseconds: float) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "bench.whole.slow_line", str(cloud.https_port), str(megabits), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=APP) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()
