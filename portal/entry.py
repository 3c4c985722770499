# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening a grant with one of its two keys."""

from __future__ import annotations

from cloudfilm.access.access_code import hash_access_code, normalise_access_code
from cloudfilm.access.secret import hash_secret
from cloudfilm.db.grants import Grant, grant_with_code, grant_with_secret
from cloudfilm.db.wrong_codes import WINDOW, count_attempt, forgive_attempt, window_start
from cloudfilm.errors import TooManyAttempts
from portal.services import services


def open_with_secret(secret: str) -> Grant | None:
    """The open grant that this QR code leads to; unknown, malformed, revoked and expired look the same."""
    secret_hash = hash_secret(secret)
    if secret_hash is None:
        return None
    with services().database.transaction() as cursor:
        grant = grant_with_secret(cursor, secret_hash)
    return grant if grant is not None and grant.is_open(services().clock()) else None


def open_with_code(typed: str, address: str) -> tuple[Grant | None, int]:
    """The open grant for a typed access code, and how many wrong tries this address has left.

    The try is counted and committed before the code is looked at: of many at once, no more than the limit get an answer.

    Raises
    ------
    TooManyAttempts
        The address has used up its tries.
    """
    parts = services()
    limit, now = parts.settings.wrong_codes_per_quarter_hour, parts.clock()
    with parts.database.transaction() as cursor:
        attempts = count_attempt(cursor, address, now)
    if attempts > limit:
        seconds = int((window_start(now) + WINDOW - now).total_seconds()) + 1
        raise TooManyAttempts("Too many wrong access codes. Please try again later.", retry_after_seconds=seconds)
    code = normalise_access_code(typed)
    # What cannot be a code costs the same time as one that could.
    code_hash = hash_access_code(code or "0" * 12, parts.key_ring.hashing)
    with parts.database.transaction() as cursor:
        grant = grant_with_code(cursor, code_hash) if code else None
        if grant is not None and grant.is_open(now):
            forgive_attempt(cursor, address, now)
            return grant, limit - attempts + 1
    return None, limit - attempts
