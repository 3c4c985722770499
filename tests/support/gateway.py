# SPDX-License-Identifier: AGPL-3.0-or-later
"""A gateway of the tests' own, paired with an instance."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.instance import Instance


@dataclass
class Gateway(Instance):
    """scripts/run --role gateway on free ports with its own data folder. ``raw_port`` is that of a station, if a test has given it one."""

    raw_port: int = 0

    def let_in(self, aet: str) -> None:
        """A modality on the loopback may send."""
        self.admin("gateway", "let-in", "--aet", aet, "--host", "127.0.0.1")

    def told(self) -> dict[str, Any]:
        """What the status page says, as numbers."""
        session = requests.Session()
        session.trust_env = False
        told: dict[str, Any] = session.get(f"http://127.0.0.1:{self.http_port}/gateway/status.json", timeout=10).json()
        return told

    def answers(self) -> bool:
        """Whether the status page is there."""
        try:
            return bool(self.told())
        except requests.ConnectionError:
            return False

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the queue's file."""
        return self._ask("queue.db", statement)

    def arrivals(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the file of what stations handed in."""
        return self._ask("reports.db", statement)

    def try_again(self) -> None:
        """Press the status page's button."""
        session = requests.Session()
        session.trust_env = False
        answer = session.post(f"http://127.0.0.1:{self.http_port}/gateway/retry", timeout=10, allow_redirects=False)
        assert answer.status_code == 303

    def page(self, language: str) -> str:
        """The status page."""
        session = requests.Session()
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{self.http_port}/gateway", params={"lang": language}, timeout=10).text

    def _ask(self, name: str, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.data}/gateway/{name}?mode=ro", uri=True)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


def paired_gateway(cloud: Instance, folder: Path, hospital_id: str, url: str = "", **environment: str) -> Gateway:
    """A gateway that runs, paired, with CT1 let in. ``url`` is where it finds the cloud, its own address where that is left out."""
    code = cloud.admin("gateway", "add", "--hospital", hospital_id, "--name", "放射科机房")["pairing_code"]
    trust = {"CLOUDFILM_GATEWAY_CA_FILE": "/var/lib/cloudfilm/cloud.pem", "CLOUDFILM_GATEWAY_RESERVE_MEGABYTES": "1"}
    gateway = Gateway(folder, ("--role", "gateway", "--cloud", url or cloud.url, "--pair", code), environment={**trust, **environment})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloud.pem").write_bytes((cloud.data / "tls/certificate.pem").read_bytes())
    gateway.start()
    gateway.options = ("--role", "gateway")
    gateway.let_in("CT1")
    return gateway
