# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole CloudFilm of the tests' own: scripts/run on free ports with its own data folder."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import requests

from portal.form_token import FIELD

APP = Path(__file__).resolve().parents[2]


class NotReady(Exception):
    """The instance ended, or did not get ready in time; holds what it printed."""


def free_ports(number: int) -> list[int]:
    """Ports that nobody uses now."""
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Instance:
    """One installation on one data folder, started and stopped at will."""

    data: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    printed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.https_port, self.http_port, self.dicom_port, self.ipp_port, self.hl7_port, self.print_port = free_ports(6)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https_port}"

    def launch(self) -> subprocess.Popen[str]:
        """Start without waiting."""
        self.data.mkdir(parents=True, exist_ok=True)
        ports = ["--https-port", str(self.https_port), "--http-port", str(self.http_port), "--dicom-port", str(self.dicom_port)]
        ports += ["--ipp-port", str(self.ipp_port), "--hl7-port", str(self.hl7_port), "--print-port", str(self.print_port)]
        self.process = subprocess.Popen(
            [APP / "scripts/run", "--data", str(self.data), *ports, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "CLOUDFILM_STABLE_AGE": "2", "CLOUDFILM_REPORT_WAIT_SECONDS": "60", **self.environment},
        )
        return self.process

    def start(self, timeout_seconds: float = 120.0) -> float:
        """Start, wait for READY, return how many seconds that took."""
        started = time.monotonic()
        process = self.launch()
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_pump, args=(process, lines, self.printed), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=max(0.1, started + timeout_seconds - time.monotonic()))
            except queue.Empty:
                self.stop()
                raise NotReady("no READY in time: " + "".join(self.printed)) from None
            if line is None:
                raise NotReady("".join(self.printed))
            if line.startswith("READY "):
                return time.monotonic() - started

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop as Ctrl-C or a service manager does; return the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=90)

    def admin(self, *arguments: str, check: bool = True) -> Any:
        """scripts/cloudfilm with --json."""
        command = [APP / "scripts/cloudfilm", "--data", str(self.data), "--json", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if check:
            assert result.returncode == 0, result.stderr
            return json.loads(result.stdout)
        return result

    def dcmtk(self, tool: str, *arguments: str, aet: str = "CT1") -> subprocess.CompletedProcess[str]:
        """A DICOM client of DCMTK, calling us from the loopback."""
        command = [tool, "-aet", aet, "-aec", "CLOUDFILM", "127.0.0.1", str(self.dicom_port), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TCP_NODELAY": "1"})

    def token(self, hospital_id: str, *scopes: str) -> str:
        """An API token."""
        return str(self.admin("token", "issue", "--hospital", hospital_id, "--scope", ",".join(scopes))["token"])

    def client(self, token: str | None = None) -> requests.Session:
        """An HTTP client with its own cookies; trusts our self-signed certificate and follows no redirect by itself."""
        session = _Session(self.url)
        session.verify = str(self.data / "tls/certificate.pem")
        session.trust_env = False
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        return session

    @property
    def settings(self) -> dict[str, str]:
        """What scripts/run left to orthanc.json."""
        return dict(line.split("=", 1) for line in (self.data / "run/environment").read_text().splitlines())

    @property
    def orthanc_url(self) -> str:
        """Orthanc behind nginx."""
        return self.settings["CLOUDFILM_ORTHANC_URL"]

    def sql(self, statement: str, *values: Any, database: str = "cloudfilm") -> list[tuple[Any, ...]]:
        """Ask the instance's PostgreSQL."""
        connection = psycopg2.connect(host=str(self.data / "run/postgresql"), dbname=database, user="cloudfilm")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def part_pid(self, part: str) -> int:
        """The process number of a supervised part, 0 while it is down."""
        command = ["supervisorctl", "-s", f"unix://{self.data}/run/supervisor.sock", "pid", part]
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return int(answer) if answer.isdigit() else 0

    def parts_running(self) -> set[str]:
        """The supervised parts that are up."""
        command = ["supervisorctl", "-s", f"unix://{self.data}/run/supervisor.sock", "status"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return {line.split()[0] for line in answer.splitlines() if line.split()[1:2] == ["RUNNING"]}

    def switch_part(self, part: str, order: str) -> None:
        """``stop`` or ``start`` a supervised part."""
        command = ["supervisorctl", "-s", f"unix://{self.data}/run/supervisor.sock", order, part]
        subprocess.run(command, capture_output=True, check=True)


class _Session(requests.Session):
    """Paths instead of addresses; forms carry the token of the page that they stand on, as a browser's do."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs["allow_redirects"] = False
        kwargs.setdefault("timeout", 60)
        form = kwargs.get("data")
        if method.upper() == "POST" and isinstance(form, dict) and "Authorization" not in self.headers:
            kwargs["data"] = {FIELD: self.form_token(), **form}
        return super().request(method, url if url.startswith("http") else self._base + url, *args, **kwargs)

    def form_token(self) -> str:
        """The hidden field of our forms: it belongs to a cookie, so any page of this browser has it."""
        page = super().request("GET", self._base + "/", timeout=60).text
        found = re.search(rf'name="{FIELD}" value="([^"]+)"', page)
        assert found, "the page with the form for the access code has no token"
        return found[1]


def wait_for[T](condition: Callable[[], T], timeout_seconds: float = 120.0, what: str = "the condition") -> T:
    """Wait until the condition gives something true, and return that."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {timeout_seconds:.0f} s; last: {value!r}")
        time.sleep(0.1)


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None], printed: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        printed.append(line)
        lines.put(line)
    lines.put(None)
