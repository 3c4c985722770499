# SPDX-License-Identifier: AGPL-3.0-or-later
"""Debian's Orthanc as it comes: DICOMweb, the index in the same PostgreSQL server as CloudFilm's, no Python plugin, no filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import requests

from bench.process import free_port, listens, running
from bench.study import BenchStudy
from machine.postgresql import database_uri

_PLUGINS = "/usr/share/orthanc/plugins"


@contextmanager
def stock_orthanc(folder: Path, study: BenchStudy) -> Iterator[int]:
    """Yield its HTTP port, with the study in it."""
    folder.mkdir()
    port = free_port()
    with closing(psycopg2.connect(database_uri("postgres", "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE stock OWNER cloudfilm")
    configuration = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "HttpPort": port,
        "DicomPort": free_port(),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        # As ours: by default it closes a connection after a second, and what we measure is no connecting.
        "KeepAliveTimeout": 75,
        "Plugins": [f"{_PLUGINS}/libOrthanc{name}.so" for name in ("PostgreSQLIndex", "Gdcm", "DicomWeb")],
        "PostgreSQL": {
            "EnableIndex": True,
            "EnableStorage": False,
            "ConnectionUri": database_uri("stock"),
            "IndexConnectionsCount": 20,
            "Lock": False,
        },
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration), encoding="utf-8")
    with running("The stock Orthanc", ["/usr/sbin/Orthanc", str(path)], folder / "orthanc.log", lambda: listens(port), timeout_seconds=60):
        for file in study.files:
            requests.post(f"http://127.0.0.1:{port}/instances", data=file.read_bytes(), timeout=60).raise_for_status()
        yield port
