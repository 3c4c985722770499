# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening a grant with one of its keys: the QR code's secret, the typed access code, or a shared link.

Every try at a code is counted and committed before the code is looked at, so of many at once no more than the limit get an answer. Wrong
tries count on the network they come from, or, from a device that has opened a grant before, on that grant's paper: a guesser next door does
not lock out a patient who has. A QR code's secret cannot be guessed and always opens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response

from cloudfilm.access.access_code import hash_access_code, normalise_access_code, start_of
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.device import throttled_network
from cloudfilm.access.grant import Grant, GrantKind
from cloudfilm.access.secret import hash_secret
from cloudfilm.db.database import Cursor
from cloudfilm.db.grants import count_opening, grant_with_code, grant_with_secret
from cloudfilm.db.reports import note_issued
from cloudfilm.db.wrong_tries import (
    EVERYBODY,
    WINDOW,
    count_try,
    count_wrong_try_on_grant,
    forgive_try,
    forgive_wrong_try_on_grant,
    window_start,
)
from cloudfilm.errors import TooManyAttempts
from portal.services import services
from portal.session import asker, known_device, remember_device, set_session, visitor

# Wrong tries that a grant takes in its life, from people who have two of the three groups of its code right.
WRONG_TRIES_OF_A_GRANT = 10
# Tries at one code, whoever types it, in a quarter of an hour.
_TRIES_AT_ONE_CODE = 10


@dataclass(frozen=True, slots=True)
class Opened:
    """A grant that has just been opened, or is open in this browser already."""

    grant: Grant
    consented: bool

    def begin_visit(self, response: Response) -> None:
        """Give the browser its session."""
        set_session(response, self.grant.grant_id, self.consented)
        paper = list(self.grant.line())[-1]
        remember_device(response, paper.grant_id)


def open_with_secret(secret: str, kind: GrantKind) -> Opened | None:
    """What this QR code or shared link opens; unknown, malformed, revoked, expired and used up look the same."""
    secret_hash = hash_secret(secret)
    if secret_hash is None:
        return None
    known = visitor()
    with services().database.transaction() as cursor:
        grant = grant_with_secret(cursor, secret_hash)
        if grant is None or grant.kind is not kind:
            return None
        why_not = grant.why_closed(services().clock())
        if why_not is None:
            if known is not None and known.grant.grant_id == grant.grant_id:
                return Opened(grant, known.consented)
            if _count_opening(cursor, grant):
                return Opened(grant, consented=False)
    trail = services().audit_trail
    trail.denied(
        replace(trail.grant_event(AuditKind.GRANT_OPENED, grant, asker(), why_not or "opened as often as it may be"), outcome="denied")
    )
    return None


def open_with_code(typed: str) -> tuple[Opened | None, int]:
    """What a typed access code opens, and how many wrong tries are left.

    Raises
    ------
    TooManyAttempts
        The tries are used up.
    """
    now, window = services().clock(), window_start(services().clock())
    device = known_device()
    subject = f"devices of:{device.vouched_by}" if device else f"network:{throttled_network(asker().address)}"
    left = _count(subject, is_known_device=device is not None, now=now)
    hashing, code = services().key_ring.hashing, normalise_access_code(typed)
    # What cannot be a code costs the same time as one that could.
    normalised = code or "0" * 12
    code_hash, code_start_hash = hash_access_code(normalised, hashing), hash_access_code(start_of(normalised), hashing)
    with services().database.transaction() as cursor:
        tried = count_wrong_try_on_grant(cursor, code_start_hash)
        on_grant = tried.tries if tried else None
        if on_grant is None or on_grant <= WRONG_TRIES_OF_A_GRANT:
            grant = grant_with_code(cursor, code_hash) if code else None
            if grant is not None and grant.is_open(now) and _count_opening(cursor, grant):
                forgive_try(cursor, subject, window)
                forgive_try(cursor, EVERYBODY, window)
                forgive_wrong_try_on_grant(cursor, grant.grant_id)
                return Opened(grant, consented=False), left + 1
        at_this_code = count_try(cursor, f"code:{code_hash.hex()}", window)
        event = services().audit_trail.event(AuditKind.WRONG_CODE, None, asker(), outcome="denied")
        if tried is not None:
            # The patient sees it in their log.
            event = replace(event, grant_id=tried.grant_id, hospital_id=tried.hospital_id)
        services().audit_trail.record_in(cursor, event)
    if at_this_code > _TRIES_AT_ONE_CODE or (on_grant or 0) > WRONG_TRIES_OF_A_GRANT:
        raise _too_many(now)
    return None, left if on_grant is None else min(left, WRONG_TRIES_OF_A_GRANT - on_grant)


def _count(subject: str, is_known_device: bool, now: datetime) -> int:
    """Count a try, committed before anything is looked at; return how many are left after it."""
    settings, window = services().settings, window_start(now)
    limit = settings.wrong_codes_per_quarter_hour
    with services().database.transaction() as cursor:
        tries = count_try(cursor, subject, window)
        # What is refused here costs nobody else anything: one network cannot use up what all have.
        in_all = count_try(cursor, EVERYBODY, window) if tries <= limit else 0
    if in_all > settings.wrong_codes_per_quarter_hour_in_all and not is_known_device:
        # Many are guessing from many places: whoever is new gets one try, which is all that somebody with the paper in hand needs.
        limit = 1
    if tries > limit:
        raise _too_many(now)
    return limit - tries


def _count_opening(cursor: Cursor, grant: Grant) -> bool:
    now, trail = services().clock(), services().audit_trail
    if not count_opening(cursor, grant.grant_id, now):
        return False
    if grant.kind is GrantKind.PATIENT and grant.report_id is not None:
        note_issued(cursor, grant.report_id, now)
    trail.record_in(cursor, trail.grant_event(AuditKind.GRANT_OPENED, grant, asker()))
    return True


def _too_many(now: datetime) -> TooManyAttempts:
    seconds = int((window_start(now) + WINDOW - now).total_seconds()) + 1
    return TooManyAttempts("Too many wrong access codes. Please try again later.", retry_after_seconds=seconds)
