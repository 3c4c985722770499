# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bring the database to this version of the code: numbered SQL files, each in its own transaction, forward only."""

from __future__ import annotations

from pathlib import Path

import psycopg2
from procrastinate.schema import SchemaManager

from cloudfilm.db.database import only_value
from cloudfilm.errors import CloudFilmError

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x434C4F55  # "CLOU": two starts at once migrate once


class DatabaseIsNewer(CloudFilmError):
    """The database was written by a later version of CloudFilm."""


def migrations() -> list[tuple[int, Path]]:
    """All migrations, oldest first, as (number, file)."""
    return sorted((int(path.name.split("_")[0]), path) for path in MIGRATIONS.glob("[0-9]*.sql"))


def migrate(database_uri: str) -> int:
    """Apply what is missing and return the version reached.

    Raises
    ------
    DatabaseIsNewer
        The database has a version that this code does not know. Nothing was changed.
    """
    connection = psycopg2.connect(database_uri)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            cursor.execute("SELECT coalesce(max(version), 0) FROM schema_version")
            version = int(only_value(cursor))
        newest = migrations()[-1][0]
        if version > newest:
            raise DatabaseIsNewer(
                f"The data were written by a newer CloudFilm (version {version}); this one knows up to {newest}. Use the newer release."
            )
        for number, path in migrations():
            if number > version:
                with connection, connection.cursor() as cursor:
                    cursor.execute(path.read_text(encoding="utf-8"))
                    cursor.execute("INSERT INTO schema_version (version) VALUES (%s)", (number,))
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('procrastinate_jobs') IS NULL")
            if only_value(cursor):
                # psycopg2 would read the % signs in the schema as placeholders only if arguments were given: none are.
                cursor.execute(SchemaManager.get_schema())
        return newest
    finally:
        connection.close()
