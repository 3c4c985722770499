# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stock Orthanc that can be sent to and started anew: as Debian ships it, or tuned with what its documentation recommends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import requests

from bench.process import free_port, listens, running
from bench.sending import send_folders
from bench.whole.page_cache import put_out_of_memory
from machine.postgresql import database_uri

_PLUGINS = "/usr/share/orthanc/plugins"
AS_IT_COMES = "stock Orthanc as Debian ships it, index in SQLite"
TUNED = "stock Orthanc, index in the same PostgreSQL, TCP_NODELAY, no files opened for searches"


class StockOrthanc:
    """One of them; ``database`` is its index's name in our PostgreSQL server, None for SQLite."""

    def __init__(self, name: str, folder: Path, database: str | None) -> None:
        self.name, self.folder, self.database = name, folder, database
        self.http_port, self.dicom_port = free_port(), free_port()
        self._started = ExitStack()
        folder.mkdir()
        (folder / "orthanc.json").write_text(json.dumps(self._configuration()), encoding="utf-8")

    @property
    def url(self) -> str:
        """Its HTTP server."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self) -> int:
        """Its process."""
        found = subprocess.run(["pgrep", "-f", f"Orthanc {self.folder}/orthanc.json"], capture_output=True, text=True, check=True)
        return int(found.stdout.split()[0])

    def start(self) -> None:
        """Start it, or start it anew: nothing is in its memory then."""
        self.stop()
        command = ["/usr/bin/env", *(["TCP_NODELAY=1"] if self.database else []), "/usr/sbin/Orthanc", str(self.folder / "orthanc.json")]
        up = lambda: listens(self.http_port) and listens(self.dicom_port)  # noqa: E731
        self._started.enter_context(running(self.name, command, self.folder / "orthanc.log", up, timeout_seconds=90))

    def stop(self) -> None:
        """Stop it."""
        self._started.close()

    def forget(self) -> None:
        """Start it anew, with its files out of the operating system's memory too."""
        self.start()
        put_out_of_memory(self.folder / "storage")

    def send(self, folders: list[Path]) -> None:
        """C-STORE each folder by an association of its own, all at once, as `BenchInstallation.send` does."""
        send_folders(folders, self.name, self.dicom_port, "ORTHANC")

    def count(self) -> int:
        """How many instances it has."""
        return int(requests.get(f"{self.url}/statistics", timeout=60).json()["CountInstances"])

    def _configuration(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            # As ours: by default it closes a connection after a second, and what we measure is no connecting.
            "KeepAliveTimeout": 75,
            "Plugins": [f"{_PLUGINS}/libOrthanc{name}.so" for name in ("Gdcm", "DicomWeb")],
        }
        if self.database is None:
            return common
        common["Plugins"].insert(0, f"{_PLUGINS}/libOrthancPostgreSQLIndex.so")
        index = {
            "EnableIndex": True,
            "EnableStorage": False,
            "ConnectionUri": database_uri(self.database),
            "IndexConnectionsCount": 20,
            "Lock": False,
        }
        return {
            **common,
            "PostgreSQL": index,
            "StorageAccessOnFind": "Never",
            "TcpNoDelay": True,
            "HttpThreadsCount": 50,
            "DicomThreadsCount": 8,
        }


@contextmanager
def stock(name: str, folder: Path, database: str | None) -> Iterator[StockOrthanc]:
    """Started; stopped at the end. The cluster of the CloudFilm in this data folder must be up."""
    if database is not None:
        with closing(psycopg2.connect(database_uri("postgres", "postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {database} OWNER cloudfilm")
    one = StockOrthanc(name, folder, database)
    one.start()
    try:
        yield one
    finally:
        one.stop()
