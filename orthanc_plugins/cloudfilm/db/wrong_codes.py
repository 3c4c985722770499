# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wrong access codes, counted per network address in windows of a quarter of an hour, by one atomic statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloudfilm.db.database import Cursor, only_value

WINDOW = timedelta(minutes=15)


def window_start(now: datetime) -> datetime:
    """The beginning of the quarter of an hour that ``now`` lies in."""
    seconds = int(now.timestamp()) // int(WINDOW.total_seconds()) * int(WINDOW.total_seconds())
    return datetime.fromtimestamp(seconds, UTC)


def count_attempt(cursor: Cursor, address: str, now: datetime) -> int:
    """Count a try before it is judged, so that parallel guesses cannot slip by; return how many the window has seen with this one."""
    cursor.execute(
        "INSERT INTO wrong_code (address, window_start, attempts) VALUES (%s, %s, 1)"
        " ON CONFLICT (address, window_start) DO UPDATE SET attempts = wrong_code.attempts + 1 RETURNING attempts",
        (address, window_start(now)),
    )
    return int(only_value(cursor))


def forgive_attempt(cursor: Cursor, address: str, now: datetime) -> None:
    """Take back the try that turned out right."""
    cursor.execute(
        "UPDATE wrong_code SET attempts = greatest(attempts - 1, 0) WHERE address = %s AND window_start = %s", (address, window_start(now))
    )


def forget_old_attempts(cursor: Cursor, now: datetime) -> None:
    """Delete windows that are over."""
    cursor.execute("DELETE FROM wrong_code WHERE window_start < %s", (window_start(now),))
