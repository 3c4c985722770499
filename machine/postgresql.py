# SPDX-License-Identifier: AGPL-3.0-or-later
"""A private PostgreSQL cluster in the data folder: no network, only a unix socket, users known by the operating system (peer)."""

from __future__ import annotations

import os
import subprocess
import time

import psycopg2

from machine.installation import LOG, POSTGRESQL, POSTGRESQL_SOCKETS, CannotStart

_BINARIES = "/usr/lib/postgresql/17/bin"
_HBA = "local all all peer map=cloudfilm\n"
_IDENT = "".join(
    f"cloudfilm {system} {role}\n"
    for system, role in (("postgres", "postgres"), ("root", "postgres"), ("root", "cloudfilm"), ("orthanc", "cloudfilm"))
)
DATABASES = ("orthanc", "cloudfilm")


def database_uri(database: str, user: str = "cloudfilm") -> str:
    """libpq URI of one of our databases."""
    return f"postgresql:///{database}?host={POSTGRESQL_SOCKETS}&user={user}"


def ensure_cluster() -> None:
    """Make the cluster if there is none; made beside its place and renamed, so that an interrupted start leaves no half of one."""
    if (POSTGRESQL / "PG_VERSION").exists():
        return
    command = ["runuser", "-u", "postgres", "--", f"{_BINARIES}/initdb", "-D", str(POSTGRESQL), "--encoding=UTF8", "--locale=C.UTF-8"]
    command += ["--auth=peer", "--username=postgres", "--data-checksums"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, cwd="/"
    )
    if result.returncode != 0:
        last_line = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise CannotStart(f"PostgreSQL's data folder could not be made: {last_line}")
    (POSTGRESQL / "pg_hba.conf").write_text(_HBA, encoding="ascii")
    (POSTGRESQL / "pg_ident.conf").write_text(_IDENT, encoding="ascii")


def ensure_databases(timeout_seconds: float = 60.0) -> None:
    """Wait for the server, then make the role and the databases that are missing."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            connection = psycopg2.connect(database_uri("postgres", "postgres"), connect_timeout=3)
            break
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL does not answer; see {LOG.name}/postgresql.log in the data folder.") from error
            time.sleep(0.1)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'cloudfilm'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE cloudfilm LOGIN")
        for database in DATABASES:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {database} OWNER cloudfilm")
    connection.close()
