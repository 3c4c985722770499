# SPDX-License-Identifier: AGPL-3.0-or-later
"""Printers of a hospital that its staff send slips and stamped reports to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class PrintDestination:
    """One printer. ``name`` names its queue, ``title`` is what people call it, ``printer`` its address (``ipp://…``)."""

    destination_id: UUID
    hospital_id: str
    name: str
    title: str
    printer: str
    added_at: datetime

    @property
    def queue(self) -> str:
        """The print server's queue."""
        return f"desk-{self.name}"


_COLUMNS = ", ".join(PrintDestination.__dataclass_fields__)


def add_destination(cursor: Cursor, destination: PrintDestination) -> bool:
    """Insert; False when the name is taken, at whatever hospital."""
    cursor.execute(
        f"INSERT INTO print_destination ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            destination.destination_id, destination.hospital_id, destination.name, destination.title, destination.printer, destination.added_at,
        ),
    )  # fmt: skip
    return cursor.rowcount == 1


def destinations_of(cursor: Cursor, hospital_id: str) -> list[PrintDestination]:
    """The hospital's printers, by their titles."""
    return _all(cursor, "hospital_id = %s", hospital_id)


def all_destinations(cursor: Cursor) -> list[PrintDestination]:
    """Those of all hospitals."""
    return _all(cursor, "%s", True)


def remove_destination(cursor: Cursor, name: str, now: datetime) -> PrintDestination | None:
    """Nothing is sent to it any more; None when there is none of this name."""
    found = _all(cursor, "name = %s", name)
    if found:
        cursor.execute("UPDATE print_destination SET removed_at = %s WHERE destination_id = %s", (now, found[0].destination_id))
        cursor.execute("UPDATE hospital SET default_destination_id = NULL WHERE default_destination_id = %s", (found[0].destination_id,))
    return found[0] if found else None


def set_title(cursor: Cursor, hospital_id: str, destination_id: UUID, title: str) -> bool:
    """What people call it; False when the hospital has no such printer."""
    cursor.execute(
        "UPDATE print_destination SET title = %s WHERE destination_id = %s AND hospital_id = %s AND removed_at IS NULL",
        (title, destination_id, hospital_id),
    )
    return cursor.rowcount == 1


def default_destination(cursor: Cursor, hospital_id: str) -> UUID | None:
    """What the staff's pages offer first; None for the browser's own printer."""
    cursor.execute("SELECT default_destination_id FROM hospital WHERE hospital_id = %s", (hospital_id,))
    row = cursor.fetchone()
    return row[0] if row else None


def set_default_destination(cursor: Cursor, hospital_id: str, destination_id: UUID | None) -> None:
    """Offer this one first."""
    cursor.execute("UPDATE hospital SET default_destination_id = %s WHERE hospital_id = %s", (destination_id, hospital_id))


def _all(cursor: Cursor, condition: str, value: object) -> list[PrintDestination]:
    cursor.execute(f"SELECT {_COLUMNS} FROM print_destination WHERE removed_at IS NULL AND {condition} ORDER BY title, name", (value,))
    return [PrintDestination(*row) for row in cursor.fetchall()]
