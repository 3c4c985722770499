# SPDX-License-Identifier: AGPL-3.0-or-later
"""Anchor the end of the audit trail outside the database, each minute."""

from __future__ import annotations

from cloudfilm.db.audit_events import trail_head
from cloudfilm.jobs.context import JobContext
from cloudfilm.storage.audit_heads import AnchoredHead, AuditHeads


def anchor_audit(context: JobContext) -> None:
    """Write down what the last event is now, when that has changed."""
    with context.database.transaction() as cursor:
        head = trail_head(cursor)
    if head is not None:
        AuditHeads(context.settings.audit_heads_file).append(AnchoredHead(head.sequence, head.seal, context.clock()))
