# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delete what was only kept for a time: deliveries nobody fetched, counters of past windows."""

from __future__ import annotations

from cloudfilm.db.deliveries import delete_expired_deliveries
from cloudfilm.db.wrong_tries import forget_old_tries
from cloudfilm.jobs.context import JobContext


def tidy(context: JobContext) -> None:
    """Run every quarter of an hour."""
    now = context.clock()
    with context.database.transaction() as cursor:
        delete_expired_deliveries(cursor, now)
        forget_old_tries(cursor, now)
