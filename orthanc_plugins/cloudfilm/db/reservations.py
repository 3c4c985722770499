# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reservations: exam numbers whose QR code was given out before anything else exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reserved exam number. ``sealed_keys`` is None after ``keys_until``: then only the paper knows them."""

    reservation_id: UUID
    hospital_id: str
    accession_number: str
    grant_id: UUID
    patient_id: str
    patient_name: str
    patient_birth_date: date | None
    sealed_keys: bytes | None
    keys_until: datetime
    reserved_at: datetime


_COLUMNS = ", ".join(Reservation.__dataclass_fields__)


def add_reservation(cursor: Cursor, reservation: Reservation) -> None:
    """Insert a reservation whose grant is there already."""
    values = tuple(getattr(reservation, name) for name in Reservation.__dataclass_fields__)
    cursor.execute(f"INSERT INTO reservation ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))})", values)


def lock_number(cursor: Cursor, hospital_id: str, accession_number: str) -> None:
    """Whoever else wants to reserve this number waits until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 33))", (f"{hospital_id}\n{accession_number}",))


def reservation_of_number(cursor: Cursor, hospital_id: str, accession_number: str) -> Reservation | None:
    """The reservation of a hospital's exam number that counts."""
    return _one(cursor, "hospital_id = %s AND accession_number = %s AND superseded_at IS NULL", hospital_id, accession_number)


def reservation_of_grant(cursor: Cursor, grant_id: UUID) -> Reservation | None:
    """What a grant was reserved for, None for a grant that came with a report."""
    return _one(cursor, "grant_id = %s", grant_id)


def supersede(cursor: Cursor, reservation_id: UUID, now: datetime) -> None:
    """The number may be reserved anew: what was reserved opens nothing any more."""
    cursor.execute("UPDATE reservation SET superseded_at = %s, sealed_keys = NULL WHERE reservation_id = %s", (now, reservation_id))


def forget_old_keys(cursor: Cursor, now: datetime) -> None:
    """Delete sealed keys whose time is over; the reservations stay."""
    cursor.execute("UPDATE reservation SET sealed_keys = NULL WHERE sealed_keys IS NOT NULL AND keys_until <= %s", (now,))


def _one(cursor: Cursor, condition: str, *values: object) -> Reservation | None:
    cursor.execute(f"SELECT {_COLUMNS} FROM reservation WHERE {condition}", values)
    row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        return None
    facts = dict(zip(Reservation.__dataclass_fields__, row, strict=True))
    return Reservation(**{**facts, "sealed_keys": bytes(facts["sealed_keys"]) if facts["sealed_keys"] is not None else None})
