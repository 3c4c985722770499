# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reserving the QR code of an exam number before its images or its report exist, for systems that put it on the page themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from cloudfilm.access.audit import AuditEvent
from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.grants import add_grant, grant_with_id
from cloudfilm.db.hospitals import grants_reach_all_exams
from cloudfilm.db.reservations import Reservation, add_reservation, lock_number, reservation_of_number, supersede
from cloudfilm.errors import BadRequest, Conflict
from cloudfilm.reports.grant_keys import GrantKeys
from cloudfilm.reports.new_keys import hashes_of, new_keys
from cloudfilm.storage.sealing import seal, unseal

LONGEST = 64  # VR SH has 16 characters, LO 64: RIS numbers are longer than the first now and then
MOST_DAYS = 3650
_KNOWN = ("accession_number", "patient_id", "patient_name", "patient_birth_date", "valid_days")


@dataclass(frozen=True, slots=True)
class ReservationWish:
    """What is to be reserved. What is said of the patient must not contradict what arrives later; nothing need be said."""

    accession_number: str
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: date | None = None
    valid_days: int | None = None

    @classmethod
    def from_json(cls, body: object) -> ReservationWish:
        """
        Raises
        ------
        BadRequest
            Says what is wrong with it and what is allowed.
        """
        if not isinstance(body, Mapping):
            raise BadRequest('Send a JSON object with "accession_number", and what is known of: ' + ", ".join(_KNOWN[1:]) + ".")
        unknown = sorted(str(name) for name in body if name not in _KNOWN)
        if unknown:
            raise BadRequest(f"{', '.join(unknown[:5])} is not known here. Allowed are: {', '.join(_KNOWN)}.")
        accession_number = _text(body, "accession_number")
        if not accession_number:
            raise BadRequest(f'"accession_number" is missing: the exam number as the images will carry it, 1 to {LONGEST} characters.')
        return cls(
            accession_number, _text(body, "patient_id"), _text(body, "patient_name"), _birth_date(body), _days(body.get("valid_days"))
        )


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation with its keys. ``is_new`` is False when the same had been asked before."""

    reservation: Reservation
    grant: Grant
    keys: GrantKeys
    is_new: bool


@dataclass(frozen=True, slots=True)
class Reserving:
    """Reserves exam numbers; ``entropy`` gives that many random bytes."""

    database: Database
    key_ring: KeyRing
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    keys_lifetime: timedelta

    def reserve(self, hospital_id: str, wish: ReservationWish, asked: AuditEvent) -> Reserved:
        """Reserve a number of a hospital, or return what is reserved for it. When this returns, all of it is committed.

        Raises
        ------
        Conflict
            It is reserved for another patient or another time, or the keys can no longer be shown.
        """
        now = self.clock()
        with self.database.transaction() as cursor:
            lock_number(cursor, hospital_id, wish.accession_number)
            known = reservation_of_number(cursor, hospital_id, wish.accession_number)
            grant = grant_with_id(cursor, known.grant_id) if known else None
            if known is not None and (grant is None or not grant.is_open(now)):
                supersede(cursor, known.reservation_id, now)
                known = None
            if known is not None and grant is not None:
                return self._again(known, grant, wish, now)
            return self._reserve(cursor, hospital_id, wish, asked, now)

    def _again(self, known: Reservation, grant: Grant, wish: ReservationWish, now: datetime) -> Reserved:
        said = {"patient_id": wish.patient_id, "patient_name": wish.patient_name, "patient_birth_date": wish.patient_birth_date}
        differing = [name for name, value in said.items() if value != getattr(known, name)]
        if grant.expires_at != _expiry(known.reserved_at, wish):
            differing.append("valid_days")
        if differing:
            raise Conflict(
                f"This exam number is reserved already, with another {' and '.join(differing)}. Repeat the reservation exactly as it was, or"
                " have its link revoked on the page for staff and reserve anew."
            )
        if known.sealed_keys is None or known.keys_until <= now:
            raise Conflict(
                "This exam number is reserved already, and its link and access code can no longer be shown: they are on paper. Have the link"
                " revoked on the page for staff and reserve anew, if that paper was lost."
            )
        return Reserved(known, grant, GrantKeys.from_bytes(unseal(known.sealed_keys, self.key_ring)), is_new=False)

    def _reserve(self, cursor: Cursor, hospital_id: str, wish: ReservationWish, asked: AuditEvent, now: datetime) -> Reserved:
        keys = new_keys(self.entropy)
        grant = Grant(
            self._new_id(), hospital_id, GrantKind.PATIENT, ALL_RIGHTS, now, expires_at=_expiry(now, wish),
            patient_wide=grants_reach_all_exams(cursor, hospital_id),
        )  # fmt: skip
        add_grant(cursor, grant, *hashes_of(keys, self.key_ring))
        reservation = Reservation(
            self._new_id(), hospital_id, wish.accession_number, grant.grant_id, wish.patient_id, wish.patient_name,
            wish.patient_birth_date, seal(keys.to_bytes(), self.key_ring), now + self.keys_lifetime, now,
        )  # fmt: skip
        add_reservation(cursor, reservation)
        event = replace(asked, grant_id=grant.grant_id, detail=f"reservation {reservation.reservation_id}")
        append_event(cursor, event, self.key_ring.auditing)
        return Reserved(reservation, grant, keys, is_new=True)

    def _new_id(self) -> UUID:
        return UUID(bytes=self.entropy(16), version=4)


def _expiry(reserved_at: datetime, wish: ReservationWish) -> datetime | None:
    return reserved_at + timedelta(days=wish.valid_days) if wish.valid_days is not None else None


def _text(body: Mapping[object, object], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    allowed = f"a string of at most {LONGEST} characters, without control characters"
    if not isinstance(value, str) or len(value) > LONGEST or any(unicodedata.category(one).startswith("C") for one in value):
        raise BadRequest(f'"{name}" must be {allowed}.')
    return value.strip()


def _birth_date(body: Mapping[object, object]) -> date | None:
    text = _text(body, "patient_birth_date")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest('"patient_birth_date" must be a date like 1980-05-01.') from error


def _days(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_DAYS:
        raise BadRequest(
            f'"valid_days" must be a whole number from 1 to {MOST_DAYS}, or left out: then the link opens until it is revoked.'
        )
    return value
