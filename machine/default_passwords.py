# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refuse to start with a password that everybody knows, wherever one can be set: nobody else's default becomes ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn

from cloudfilm.access.password import is_known_default
from cloudfilm.settings import SECTION, load_configuration
from machine.installation import CannotStart

_VARIABLES = ("CLOUDFILM_DATABASE_URI", "CLOUDFILM_INDEX_URI")


def check_passwords(environment: Mapping[str, str], orthanc_json: Path) -> None:
    """Look at PostgreSQL's URIs in the environment and in orthanc.json, and at Orthanc's own users.

    Raises
    ------
    CannotStart
        Names where the password stands, never the password.
    """
    for place, user, password in _passwords(environment, load_configuration(orthanc_json, environment)):
        if is_known_default(password, user):
            raise CannotStart(f"{place} holds a default password that everybody knows: replace it by one of your own, then start again.")


def _passwords(environment: Mapping[str, str], configuration: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Where, for which user, and what."""
    if environment.get("PGPASSWORD"):
        yield "The environment variable PGPASSWORD", environment.get("PGUSER", ""), environment["PGPASSWORD"]
    postgresql = configuration.get("PostgreSQL", {})
    places = [
        *((f"The environment variable {name}", environment.get(name, "")) for name in _VARIABLES),
        ('The setting "ConnectionUri" of orthanc.json, section "PostgreSQL",', str(postgresql.get("ConnectionUri", ""))),
        (f'The setting "DatabaseUri" of orthanc.json, section "{SECTION}",', str(configuration.get(SECTION, {}).get("DatabaseUri", ""))),
    ]
    for place, uri in places:
        if found := _password_in(uri):
            yield place, *found
    if postgresql.get("Password"):
        yield (
            'The setting "Password" of orthanc.json, section "PostgreSQL",',
            str(postgresql.get("Username", "")),
            str(postgresql["Password"]),
        )
    for user, password in configuration.get("RegisteredUsers", {}).items():
        yield f'The user {user!r} in "RegisteredUsers" of orthanc.json', str(user), str(password)


def _password_in(uri: str) -> tuple[str, str] | None:
    """The user and the password of a libpq URI or key=value string; what is wrong with one is said when it is used."""
    try:
        parts = parse_dsn(uri) if uri else {}
    except psycopg2.ProgrammingError:
        return None
    return (str(parts.get("user", "")), str(parts["password"])) if parts.get("password") else None
