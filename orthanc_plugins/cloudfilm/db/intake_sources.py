# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stations that hand reports in: queues of the virtual printer, watched folders, HL7 senders. Each belongs to one hospital."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloudfilm.db.database import Cursor

OWN_FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class IntakeSource:
    """One station.

    ``sender`` is an HL7 station's ``ADDRESS|APPLICATION``.
    ``return_to`` says where the stamped copy goes: "" (it is fetched by REST), `OWN_FOLDER` (the station's folder ``out``), or a printer's URI.
    """

    name: str
    kind: str
    hospital_id: str
    return_to: str
    sender: str
    created_at: datetime
    last_used_at: datetime | None = None


_COLUMNS = ", ".join(IntakeSource.__dataclass_fields__)


def add_source(cursor: Cursor, source: IntakeSource) -> IntakeSource:
    """Insert a station, or change where its copies go; return what is stored under its name: another hospital's or kind's, if that was first."""
    cursor.execute(
        "INSERT INTO intake_source (name, kind, hospital_id, return_to, sender, created_at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET return_to = excluded.return_to, sender = excluded.sender"
        " WHERE intake_source.hospital_id = excluded.hospital_id AND intake_source.kind = excluded.kind",
        (source.name, source.kind, source.hospital_id, source.return_to, source.sender, source.created_at),
    )
    found = source_named(cursor, source.name)
    if found is None:
        raise AssertionError("a source that was just stored is not there")
    return found


def source_named(cursor: Cursor, name: str) -> IntakeSource | None:
    """The station with this name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM intake_source WHERE name = %s", (name,))
    row = cursor.fetchone()
    return IntakeSource(*row) if row else None


def list_sources(cursor: Cursor, kind: str | None = None) -> list[IntakeSource]:
    """All stations, or those of one kind, by name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM intake_source WHERE %s IS NULL OR kind = %s ORDER BY name", (kind, kind))
    return [IntakeSource(*row) for row in cursor.fetchall()]


def note_use(cursor: Cursor, name: str, now: datetime) -> None:
    """Something came from this station."""
    cursor.execute("UPDATE intake_source SET last_used_at = %s WHERE name = %s", (now, name))
