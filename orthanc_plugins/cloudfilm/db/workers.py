# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which workers are alive, as procrastinate records it."""

from __future__ import annotations

from cloudfilm.db.database import Cursor, only_value


def count_live_workers(cursor: Cursor, silent_seconds: float) -> int:
    """Workers whose heartbeat is not older than that."""
    cursor.execute("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)", (silent_seconds,))
    return int(only_value(cursor))
