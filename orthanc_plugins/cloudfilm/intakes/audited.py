# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the audit trail says of a station that hands something in."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.device import Device
from cloudfilm.db.intake_sources import IntakeSource


def submitted_by(source: IntakeSource, now: datetime, address: str = "") -> AuditEvent:
    """A report was handed in, without saying which."""
    return event_of(source, AuditKind.REPORT_SUBMITTED, now, address)


def event_of(source: IntakeSource, kind: AuditKind, now: datetime, address: str = "", detail: str = "") -> AuditEvent:
    """What a station does now."""
    return AuditEvent(
        now,
        kind,
        "success",
        ActorKind.STATION,
        source.name,
        source.hospital_id,
        address=address,
        device=Device.PROGRAM,
        detail=detail,
    )
