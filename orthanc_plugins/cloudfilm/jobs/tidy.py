# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delete what was only kept for a time: deliveries nobody fetched, counters of past windows, sessions and devices of long ago, text to teach forms from."""

from __future__ import annotations

from datetime import timedelta

from cloudfilm.db.deliveries import delete_expired_deliveries
from cloudfilm.db.hl7_messages import forget_old_messages
from cloudfilm.db.report_texts import forget_old_texts
from cloudfilm.db.reservations import forget_old_keys
from cloudfilm.db.staff_devices import forget_old_staff_devices
from cloudfilm.db.staff_sessions import delete_old_staff_sessions
from cloudfilm.db.wrong_tries import forget_old_tries
from cloudfilm.jobs.context import JobContext

_SESSIONS_KEPT = timedelta(days=7)
_DEVICES_KEPT = timedelta(days=180)
_SAMPLES_KEPT = timedelta(days=1)
_MESSAGES_KEPT = timedelta(days=90)


def tidy(context: JobContext) -> None:
    """Run every quarter of an hour."""
    now = context.clock()
    with context.database.transaction() as cursor:
        delete_expired_deliveries(cursor, now)
        forget_old_keys(cursor, now)
        forget_old_tries(cursor, now)
        delete_old_staff_sessions(cursor, now - _SESSIONS_KEPT)
        forget_old_staff_devices(cursor, now - _DEVICES_KEPT)
        forget_old_texts(cursor, now - _SAMPLES_KEPT)
        forget_old_messages(cursor, now - _MESSAGES_KEPT)
