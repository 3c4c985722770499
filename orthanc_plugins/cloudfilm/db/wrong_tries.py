# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wrong tries, counted per subject (a network, a device, a code that was typed, everybody) and window by one atomic statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value

WINDOW = timedelta(minutes=15)
EVERYBODY = "everybody"


def window_start(now: datetime) -> datetime:
    """The beginning of the quarter of an hour that ``now`` lies in."""
    seconds = int(now.timestamp()) // int(WINDOW.total_seconds()) * int(WINDOW.total_seconds())
    return datetime.fromtimestamp(seconds, UTC)


def count_try(cursor: Cursor, subject: str, window: datetime) -> int:
    """Count a try before it is judged, so that parallel guesses cannot slip by; return how many the window has seen with this one."""
    cursor.execute(
        "INSERT INTO wrong_try (subject, window_start, attempts) VALUES (%s, %s, 1)"
        " ON CONFLICT (subject, window_start) DO UPDATE SET attempts = wrong_try.attempts + 1 RETURNING attempts",
        (subject, window),
    )
    return int(only_value(cursor))


def forgive_try(cursor: Cursor, subject: str, window: datetime) -> None:
    """Take back a try that turned out right."""
    cursor.execute("UPDATE wrong_try SET attempts = greatest(attempts - 1, 0) WHERE subject = %s AND window_start = %s", (subject, window))


@dataclass(frozen=True, slots=True)
class TriedGrant:
    """A grant whose code somebody has nearly right, and how many wrong tries it has had in its life."""

    grant_id: UUID
    hospital_id: str
    tries: int


def count_wrong_try_on_grant(cursor: Cursor, code_start_hash: bytes) -> TriedGrant | None:
    """Count a wrong try on the grant whose code begins like this; None when there is no such grant."""
    cursor.execute(
        "UPDATE access_grant SET wrong_tries = wrong_tries + 1 WHERE code_start_hash = %s RETURNING grant_id, hospital_id, wrong_tries",
        (code_start_hash,),
    )
    row = cursor.fetchone()
    return TriedGrant(*row) if row else None


def forgive_wrong_try_on_grant(cursor: Cursor, grant_id: UUID) -> None:
    """Take back a try that turned out right."""
    cursor.execute("UPDATE access_grant SET wrong_tries = greatest(wrong_tries - 1, 0) WHERE grant_id = %s", (grant_id,))


def forget_old_tries(cursor: Cursor, now: datetime) -> None:
    """Delete windows that are over."""
    cursor.execute("DELETE FROM wrong_try WHERE window_start < %s", (window_start(now),))
