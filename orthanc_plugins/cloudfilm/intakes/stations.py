# SPDX-License-Identifier: AGPL-3.0-or-later
"""The stations of the machine that an intake runs on: the cloud keeps them in its database, a gateway in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, list_sources, note_use
from cloudfilm.db.origin import Way


class Stations(Protocol):
    """Who may hand something in here."""

    def of_kind(self, kind: Way) -> list[IntakeSource]:
        """The stations of one kind, by name; raises Unavailable when they cannot be read now."""


@dataclass(frozen=True, slots=True)
class DatabaseStations:
    """The cloud's."""

    database: Database
    clock: Callable[[], datetime]

    def of_kind(self, kind: Way) -> list[IntakeSource]:
        """The stations of one kind, by name."""
        with self.database.transaction() as cursor:
            return list_sources(cursor, kind)

    def note_use(self, source: IntakeSource) -> None:
        """Something came from this station."""
        with self.database.transaction() as cursor:
            note_use(cursor, source.name, self.clock())
