# SPDX-License-Identifier: AGPL-3.0-or-later
"""A private PostgreSQL cluster in the data folder: no network, only a unix socket, users known by the operating system (peer)."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import psycopg2

from cloudfilm.storage.whole_file import write_whole
from machine.installation import LOG, POSTGRESQL, POSTGRESQL_SOCKETS, CannotStart

_BINARIES = "/usr/lib/postgresql/17/bin"
_HBA = "local all all peer map=cloudfilm\n"
_IDENT = "".join(
    f"cloudfilm {system} {role}\n"
    for system, role in (("postgres", "postgres"), ("root", "postgres"), ("root", "cloudfilm"), ("orthanc", "cloudfilm"))
)
# What differs from PostgreSQL's own defaults, which are for a small machine with turning disks. ALTER SYSTEM still overrides it.
_SETTINGS_FILE, _INCLUDE = "cloudfilm.conf", "include_if_exists = 'cloudfilm.conf'"
_SETTINGS = """\
# Written by CloudFilm at each start. ALTER SYSTEM overrides it.
shared_buffers = 512MB
# Each stored image writes a page of a dozen indexes anew after a checkpoint: fewer checkpoints, smaller pages.
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = lz4
random_page_cost = 1.1
# Our questions take milliseconds: compiling one, or starting helpers for it, takes longer than answering it.
jit = off
max_parallel_workers_per_gather = 0
"""
DATABASES = ("orthanc", "cloudfilm")


def database_uri(database: str, user: str = "cloudfilm") -> str:
    """libpq URI of one of our databases."""
    return f"postgresql:///{database}?host={POSTGRESQL_SOCKETS}&user={user}"


def ensure_cluster() -> None:
    """Make the cluster if there is none, and write our settings."""
    if not (POSTGRESQL / "PG_VERSION").exists():
        _make_cluster()
    _write_settings()


def _make_cluster() -> None:
    """Made beside its place and renamed, so that an interrupted start leaves no half of one."""
    making = POSTGRESQL.with_name(f"{POSTGRESQL.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    shutil.chown(making, "postgres", "postgres")
    command = ["runuser", "-u", "postgres", "--", f"{_BINARIES}/initdb", "-D", str(making), "--encoding=UTF8", "--locale=C.UTF-8"]
    command += ["--auth=peer", "--username=postgres", "--data-checksums"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, cwd="/"
    )
    if result.returncode != 0:
        last_line = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise CannotStart(f"PostgreSQL's data folder could not be made: {last_line}")
    (making / "pg_hba.conf").write_text(_HBA, encoding="ascii")
    (making / "pg_ident.conf").write_text(_IDENT, encoding="ascii")
    try:
        making.replace(POSTGRESQL)
    except OSError as error:
        raise CannotStart(f"{POSTGRESQL} is not empty, and no PostgreSQL cluster: move it away.") from error


def _write_settings() -> None:
    """Ours, and a line that includes them in the cluster's own file, which is left as whoever runs it wants it."""
    write_whole(POSTGRESQL / _SETTINGS_FILE, _SETTINGS.encode("ascii"), mode=0o644)
    own = POSTGRESQL / "postgresql.conf"
    text = own.read_text(encoding="utf-8")
    if _INCLUDE not in text:
        write_whole(own, f"{text.rstrip()}\n{_INCLUDE}\n".encode())


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
