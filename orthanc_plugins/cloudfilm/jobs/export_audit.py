# SPDX-License-Identifier: AGPL-3.0-or-later
"""Send the audit trail to the hospital's syslog server: in order, each event at least once, from where the last delivery ended."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from cloudfilm.access.audit_message import audit_message
from cloudfilm.access.syslog_message import syslog_message
from cloudfilm.db.audit_events import RecordedEvent, events_after
from cloudfilm.db.audit_exports import exported_until, set_exported_until
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.syslog_delivery import deliver

_log = logging.getLogger(__name__)
_PORTION = 500
# Then the next minute goes on: whatever else waits for a worker gets its turn.
_SECONDS = 15.0


def export_audit(context: JobContext) -> None:
    """Send what has not been taken yet, for some seconds. A server that is away is asked again the next minute."""
    server, ca_file = context.settings.audit_syslog, context.settings.audit_syslog_ca_file
    if not server:
        return
    source = str(urlsplit(context.settings.public_url).hostname)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with context.database.transaction() as cursor:
            events = events_after(cursor, exported_until(cursor, server), _PORTION)
        if not events:
            return
        try:
            deliver(server, ca_file, [_message(event, source) for event in events])
        except OSError as error:
            _log.warning("the syslog server did not take the audit trail from event %d on: %s", events[0].sequence, error)
            return
        with context.database.transaction() as cursor:
            set_exported_until(cursor, server, events[-1].sequence)


def _message(recorded: RecordedEvent, source: str) -> bytes:
    xml = audit_message(recorded.event, recorded.sequence, source)
    return syslog_message(xml, recorded.event.happened_at, source, recorded.sequence)
