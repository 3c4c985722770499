# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delete what was only kept for a time: deliveries nobody fetched, counters of past windows, sessions and devices of long ago, text to teach forms from."""

from __future__ import annotations

from datetime import timedelta

from cloudfilm.db.conflicts import decided_before
from cloudfilm.db.deliveries import delete_expired_deliveries
from cloudfilm.db.hl7_messages import forget_old_messages
from cloudfilm.db.report_texts import forget_old_texts
from cloudfilm.db.reservations import forget_old_keys
from cloudfilm.db.set_aside import remove_set_aside
from cloudfilm.db.staff_devices import forget_old_staff_devices
from cloudfilm.db.staff_sessions import delete_old_staff_sessions
from cloudfilm.db.wrong_tries import forget_old_tries
from cloudfilm.jobs.context import JobContext
from cloudfilm.storage.documents import DocumentStore

_SESSIONS_KEPT = timedelta(days=7)
_DEVICES_KEPT = timedelta(days=180)
_SAMPLES_KEPT = timedelta(days=1)
_MESSAGES_KEPT = timedelta(days=90)
_DECISIONS_KEPT = timedelta(days=30)
_AT_ONCE = 500


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
    _forget_decided_conflicts(context)


def _forget_decided_conflicts(context: JobContext) -> None:
    """What was decided so long ago that nobody takes it back: the bytes go with the last row that names them."""
    store = DocumentStore(context.settings.set_aside_directory)
    with context.database.transaction() as cursor:
        for one in decided_before(cursor, context.clock() - _DECISIONS_KEPT, _AT_ONCE):
            if remove_set_aside(cursor, one) and one.bytes_kept:
                store.remove(one.content_sha256)
            for picture in (one.picture_sha256, (one.facts or {}).get("there", {}).get("picture_sha256")):
                if picture:
                    store.remove(picture)
