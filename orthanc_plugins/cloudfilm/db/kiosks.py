# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kiosks: touch screens of a hospital where people print their stamped report, and who stands before each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One kiosk. ``printer`` is a printer's URI, "" where the kiosk's browser prints. ``pairing_id`` stands in the cookie of its one browser."""

    kiosk_id: UUID
    hospital_id: str
    name: str
    printer: str
    created_at: datetime
    pairing_id: UUID | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def queue(self) -> str:
        """Its queue at the print server."""
        return f"kiosk-{self.name}"


@dataclass(frozen=True, slots=True)
class KioskVisit:
    """Who stands before a kiosk: ``step`` is "" (nobody), ``proof`` (a number was entered), ``found``, or what became of a print."""

    step: str = ""
    sealed_number: bytes | None = None
    report_ids: tuple[UUID, ...] = ()
    until: datetime | None = None


_COLUMNS = ", ".join(Kiosk.__dataclass_fields__)


def add_kiosk(cursor: Cursor, kiosk: Kiosk) -> Kiosk:
    """Insert a kiosk, or change its printer; return what is stored under its name: another hospital's, if that was first."""
    cursor.execute(
        "INSERT INTO kiosk (kiosk_id, hospital_id, name, printer, created_at) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET printer = excluded.printer, revoked_at = NULL WHERE kiosk.hospital_id = excluded.hospital_id",
        (kiosk.kiosk_id, kiosk.hospital_id, kiosk.name, kiosk.printer, kiosk.created_at),
    )
    found = kiosk_named(cursor, kiosk.name)
    if found is None:
        raise AssertionError("a kiosk that was just stored is not there")
    return found


def kiosk_named(cursor: Cursor, name: str) -> Kiosk | None:
    """The kiosk with this name."""
    return _one(cursor, "name = %s", name)


def kiosk_with_id(cursor: Cursor, kiosk_id: UUID) -> Kiosk | None:
    """One kiosk."""
    return _one(cursor, "kiosk_id = %s", kiosk_id)


def list_kiosks(cursor: Cursor) -> list[Kiosk]:
    """All kiosks by name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM kiosk ORDER BY name")
    return [Kiosk(*row) for row in cursor.fetchall()]


def offer_pairing(cursor: Cursor, kiosk_id: UUID, code_hash: bytes, until: datetime) -> None:
    """Let one browser become this kiosk; the one that was it no longer is."""
    cursor.execute(
        "UPDATE kiosk SET pairing_hash = %s, pairing_until = %s, pairing_id = NULL, revoked_at = NULL WHERE kiosk_id = %s",
        (code_hash, until, kiosk_id),
    )


def take_pairing(cursor: Cursor, code_hash: bytes, pairing_id: UUID, now: datetime) -> Kiosk | None:
    """Become the kiosk that this code was made for; a code works once. None for a code that is not known, used or late."""
    cursor.execute(
        "UPDATE kiosk SET pairing_hash = NULL, pairing_until = NULL, pairing_id = %s, visit_step = '', visit_until = NULL"
        f" WHERE pairing_hash = %s AND pairing_until > %s AND revoked_at IS NULL RETURNING {_COLUMNS}",
        (pairing_id, code_hash, now),
    )
    row = cursor.fetchone()
    return Kiosk(*row) if row else None


def revoke_kiosk(cursor: Cursor, name: str, now: datetime) -> Kiosk | None:
    """The kiosk prints nothing any more; None when there is none of that name."""
    cursor.execute(
        "UPDATE kiosk SET revoked_at = coalesce(revoked_at, %s), pairing_hash = NULL, pairing_id = NULL WHERE name = %s"
        f" RETURNING {_COLUMNS}",
        (now, name),
    )
    row = cursor.fetchone()
    return Kiosk(*row) if row else None


def visit_at(cursor: Cursor, kiosk_id: UUID, now: datetime) -> KioskVisit:
    """Who stands before it, nobody when the time is over. Locks the row: one screen does one thing at a time."""
    cursor.execute(
        "SELECT visit_step, visit_number, visit_reports, visit_until FROM kiosk WHERE kiosk_id = %s AND visit_until > %s FOR UPDATE",
        (kiosk_id, now),
    )
    row = cursor.fetchone()
    if row is None:
        return KioskVisit()
    return KioskVisit(row[0], bytes(row[1]) if row[1] is not None else None, tuple(map(UUID, _texts(row[2]))), row[3])


def set_visit(cursor: Cursor, kiosk_id: UUID, visit: KioskVisit, now: datetime) -> None:
    """On to the next step."""
    cursor.execute(
        "UPDATE kiosk SET visit_step = %s, visit_number = %s, visit_reports = %s::uuid[], visit_until = %s, last_used_at = %s"
        " WHERE kiosk_id = %s",
        (visit.step, visit.sealed_number, [str(one) for one in visit.report_ids], visit.until, now, kiosk_id),
    )


def kiosk_lifetime(cursor: Cursor, hospital_id: str, wanted: timedelta) -> timedelta:
    """How long a stamped copy of this hospital is kept for kiosks: not at all where it has none."""
    cursor.execute("SELECT EXISTS (SELECT FROM kiosk WHERE hospital_id = %s AND revoked_at IS NULL)", (hospital_id,))
    return wanted if only_value(cursor) else timedelta(0)


def kiosk_proof(cursor: Cursor, hospital_id: str) -> str:
    """What beside a number tells whose report it is: ``birth-date`` or ``number-end``."""
    cursor.execute("SELECT kiosk_proof FROM hospital WHERE hospital_id = %s", (hospital_id,))
    return str(only_value(cursor))


def set_kiosk_proof(cursor: Cursor, hospital_id: str, proof: str) -> None:
    """Decide that for all kiosks of a hospital."""
    cursor.execute("UPDATE hospital SET kiosk_proof = %s WHERE hospital_id = %s", (proof, hospital_id))


def _one(cursor: Cursor, condition: str, value: object) -> Kiosk | None:
    cursor.execute(f"SELECT {_COLUMNS} FROM kiosk WHERE {condition}", (value,))
    row = cursor.fetchone()
    return Kiosk(*row) if row else None


def _texts(array: object) -> list[str]:
    """An array of uuid, which psycopg2 gives as its text."""
    if isinstance(array, str):
        return [one for one in array.strip("{}").split(",") if one]
    return [str(one) for one in array] if isinstance(array, list | tuple) else []
