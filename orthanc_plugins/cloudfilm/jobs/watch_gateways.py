# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notice when a gateway falls silent: it is written into the audit trail and the log, once, and shown to staff until it is heard again."""

from __future__ import annotations

import logging

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.db.gateways import SILENT_AFTER, note_silent_gateways
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.jobs.context import JobContext

_log = logging.getLogger(__name__)


def watch_gateways(context: JobContext) -> None:
    """Run every minute."""
    now = context.clock()
    with context.database.transaction() as cursor:
        silent = note_silent_gateways(cursor, now - SILENT_AFTER)
        for one in silent:
            _log.warning("gateway %s (%s) has not been heard of since %s", one.gateway_id, one.hospital_id, one.last_seen_at)
            event = AuditEvent(
                now, AuditKind.GATEWAY_SILENT, "success", ActorKind.PROGRAM, actor_id=str(one.token_id), hospital_id=one.hospital_id,
                detail=f"gateway {one.gateway_id} fell silent",
            )  # fmt: skip
            trail = AuditTrail.over(context.database, context.key_ring.auditing, context.clock)
            trail.record_in(cursor, event)
