# SPDX-License-Identifier: AGPL-3.0-or-later
"""A CloudFilm of the measurement's own, with the study in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.failure import BenchFailed
from bench.process import free_port, listening_options, running
from bench.study import BenchStudy
from machine.installation import APP, DATA, ENVIRONMENT_FILE

_HOSPITAL_ID, _AET = "bench", "BENCHCT"


@dataclass(frozen=True, slots=True)
class CloudFilm:
    """Where it is reached, and the token that may read the study."""

    https_port: int
    orthanc_port: int
    token: str


@contextmanager
def cloudfilm(log: Path, study: BenchStudy) -> Iterator[CloudFilm]:
    """Started as scripts/run does it, on the data folder that scripts/bench has made."""
    if DATA.exists() and any(DATA.iterdir()):
        raise BenchFailed("the data folder is not empty: start the measurement by scripts/bench")
    https_port, dicom_port = free_port(), free_port()
    ports = listening_options(https_port, dicom_port)
    command = [sys.executable, "-m", "machine.launch", *ports]
    with running("CloudFilm", command, log, lambda: "READY " in log.read_text(errors="replace"), timeout_seconds=120):
        _admin("hospital", "add", _HOSPITAL_ID, "--name", "Bench")
        _admin("modality", "add", "--hospital", _HOSPITAL_ID, "--aet", _AET, "--host", "127.0.0.1")
        token = _admin("token", "issue", "--hospital", _HOSPITAL_ID, "--scope", "retrieve", "--days", "1")["token"]
        _send(dicom_port, study)
        settings = dict(line.split("=", 1) for line in ENVIRONMENT_FILE.read_text(encoding="utf-8").splitlines())
        yield CloudFilm(https_port, int(settings["CLOUDFILM_ORTHANC_HTTP_PORT"]), token)


def _admin(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "admin.cli", "--json", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=APP)
    if result.returncode != 0:
        raise BenchFailed(result.stderr.strip())
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _send(dicom_port: int, study: BenchStudy) -> None:
    command = ["dcmsend", "-aet", _AET, "-aec", "CLOUDFILM", "127.0.0.1", str(dicom_port), *map(str, study.files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TCP_NODELAY": "1"})
    if result.returncode != 0:
        raise BenchFailed(f"the study could not be sent: {(result.stderr or result.stdout).strip()}")
