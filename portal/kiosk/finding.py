# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which reports somebody at a kiosk may print: by the paper's own keys, or by a number and what proves that it is theirs.

A number that does not exist looks like one whose proof is wrong, and every try is counted before it is looked at.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from cloudfilm.access.access_code import hash_access_code, normalise_access_code, start_of
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.grant import Grant, GrantKind
from cloudfilm.access.holder import KioskHolder
from cloudfilm.access.kiosk_proof import KioskProof, proves
from cloudfilm.access.secret import hash_secret
from cloudfilm.db.database import Cursor
from cloudfilm.db.grants import grant_with_code, grant_with_secret
from cloudfilm.db.kiosk_reports import printable_reports, reports_with_number
from cloudfilm.db.kiosks import Kiosk, kiosk_proof
from cloudfilm.db.wrong_tries import count_try, count_wrong_try_on_grant, forgive_try, forgive_wrong_try_on_grant, window_start
from portal.entry import WRONG_TRIES_OF_A_GRANT
from portal.services import services
from portal.session import asker

# In a quarter of an hour: at one kiosk, whoever stands there; and at one number, at whatever kiosk.
TRIES_AT_A_KIOSK = 40
TRIES_AT_A_NUMBER = 5


class UsedUp(Exception):
    """Too many tries: staff help."""


def find_by_key(kiosk: Kiosk, typed: str) -> list[UUID] | None:
    """What the QR code or the access code of a paper opens; None when this is neither, but perhaps a number.

    Raises
    ------
    UsedUp
        Too many tries at this kiosk.
    """
    secret = typed.upper().rstrip("/").rpartition("/Q/")[2] if "/Q/" in typed.upper() else ""
    code = None if secret else normalise_access_code(typed)
    if not secret and code is None:
        return None
    kept = _count(kiosk, None)
    with services().database.transaction() as cursor:
        grant = _grant_with_secret(cursor, secret) if secret else _grant_with_code(cursor, code or "")
        if (
            grant is not None
            and grant.kind is GrantKind.PATIENT
            and grant.hospital_id == kiosk.hospital_id
            and grant.is_open(services().clock())
        ):
            _forgive(cursor, kept)
            found = printable_reports(cursor, kiosk.hospital_id, grant.reached_reports, services().clock())
            return [one.report_id for one in found]
        if code is not None:
            _forgive(cursor, kept)  # it may be an exam number of twelve characters: that is counted when it is proven
            return None
    return []


def find_by_number(kiosk: Kiosk, number: str, proof: str) -> list[UUID]:
    """The reports with this number that the proof fits; nothing when there is no such number, or it is another's.

    Raises
    ------
    UsedUp
        Too many tries at this number or at this kiosk.
    """
    kept = _count(kiosk, number)
    parts = services()
    with parts.database.transaction() as cursor:
        wanted = KioskProof(kiosk_proof(cursor, kiosk.hospital_id))
        found = [
            one.report_id
            for one in reports_with_number(cursor, kiosk.hospital_id, number, parts.clock())
            if proves(wanted, proof, number, one.numbers, one.birth_dates)
        ]
        if found:
            _forgive(cursor, kept)
            return found
        event = parts.audit_trail.event(
            AuditKind.WRONG_CODE,
            KioskHolder(kiosk.kiosk_id, kiosk.hospital_id, closed=False),
            asker(),
            outcome="denied",
            detail=f"kiosk {kiosk.name}",
        )
        parts.audit_trail.record_in(cursor, event)
    return []


def _grant_with_secret(cursor: Cursor, secret: str) -> Grant | None:
    secret_hash = hash_secret(secret)
    return grant_with_secret(cursor, secret_hash) if secret_hash else None


def _grant_with_code(cursor: Cursor, code: str) -> Grant | None:
    """The same ten wrong tries in a grant's life as everywhere."""
    hashing = services().key_ring.hashing
    tried = count_wrong_try_on_grant(cursor, hash_access_code(start_of(code), hashing))
    if tried is not None and tried.tries > WRONG_TRIES_OF_A_GRANT:
        return None
    grant = grant_with_code(cursor, hash_access_code(code, hashing))
    if grant is not None:
        forgive_wrong_try_on_grant(cursor, grant.grant_id)
    return grant


def _count(kiosk: Kiosk, number: str | None) -> list[str]:
    """Count a try, committed before anything is looked at; return what it was counted on."""
    key = services().key_ring.hashing
    subjects = [f"kiosk:{kiosk.kiosk_id}"]
    if number is not None:
        named = hmac.digest(key, f"kiosk number: {kiosk.hospital_id} {number}".encode(), hashlib.sha256).hex()
        subjects.append(f"kiosk number:{named}")
    window = window_start(services().clock())
    with services().database.transaction() as cursor:
        tries = [count_try(cursor, subject, window) for subject in subjects]
    if any(tried > limit for tried, limit in zip(tries, (TRIES_AT_A_KIOSK, TRIES_AT_A_NUMBER), strict=False)):
        raise UsedUp
    return subjects


def _forgive(cursor: Cursor, subjects: list[str]) -> None:
    for subject in subjects:
        forgive_try(cursor, subject, window_start(services().clock()))
