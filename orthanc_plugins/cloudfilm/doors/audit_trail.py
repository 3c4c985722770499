# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes down who did what. The same holder doing the same with the same study again within some minutes is one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cloudfilm.access.audit import KIND_OF_ACTION, ActorKind, AuditEvent, AuditKind
from cloudfilm.access.device import device_of
from cloudfilm.access.grant import Grant, GrantKind
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder, KioskHolder, StaffHolder
from cloudfilm.access.policy import AccessRequest
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.hospitals import Modality
from cloudfilm.doors.asker import Asker
from cloudfilm.doors.short_memory import ShortMemory

_ONE_VISIT_SECONDS = 300.0
_ONE_DENIAL_SECONDS = 30.0
_ACTOR_OF_GRANT = {GrantKind.PATIENT: ActorKind.PATIENT, GrantKind.SHARE: ActorKind.SHARE, GrantKind.STAFF: ActorKind.STAFF}


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The trail, for every door.

    An event that cannot be written raises: what cannot be recorded does not happen.
    """

    database: Database
    key: bytes
    clock: Callable[[], datetime]
    _visits: ShortMemory[AuditEvent, None]
    _denials: ShortMemory[AuditEvent, None]

    @classmethod
    def over(cls, database: Database, key: bytes, clock: Callable[[], datetime]) -> AuditTrail:
        """A trail in this database, sealed with this key."""
        return cls(database, key, clock, ShortMemory(_ONE_VISIT_SECONDS), ShortMemory(_ONE_DENIAL_SECONDS))

    def record(self, event: AuditEvent) -> None:
        """Write one event in a transaction of its own."""
        with self.database.transaction() as cursor:
            append_event(cursor, event, self.key)

    def record_in(self, cursor: Cursor, event: AuditEvent) -> None:
        """Write one event as the last step of the transaction that it tells of."""
        append_event(cursor, event, self.key)

    def decided(self, request: AccessRequest, holder: Holder | None, asker: Asker, denied: str | None) -> None:
        """Write down a decision: once for a visit, however many pictures it fetches."""
        if isinstance(holder, InternalHolder):
            return
        event = self.event(KIND_OF_ACTION[request.action], holder, asker, outcome="denied" if denied else "success", detail=denied or "")
        event = replace(
            event,
            hospital_id=event.hospital_id or request.hospital_id or "",
            study_instance_uid=request.study_instance_uid or "",
            report_id=request.report_id,
        )
        if denied:
            self.denied(event)
        else:
            self.visited(event)

    def denied(self, event: AuditEvent) -> None:
        """Write down a try that failed: once for a while, however often it is repeated."""
        self._denials.get(replace(event, happened_at=datetime.min), lambda: self.record(event))

    def visited(self, event: AuditEvent) -> None:
        """Write down what is one thing to whoever does it, however many requests or instances it takes."""
        self._visits.get(replace(event, happened_at=datetime.min), lambda: self.record(event))

    def event(self, kind: AuditKind, holder: Holder | None, asker: Asker, outcome: str = "success", detail: str = "") -> AuditEvent:
        """An event that happens now."""
        actor_kind, actor_id, hospital_id, grant = _actor(holder)
        return AuditEvent(
            happened_at=self.clock(),
            kind=kind,
            outcome=outcome,
            actor_kind=actor_kind,
            actor_id=actor_id,
            hospital_id=hospital_id,
            grant_id=grant.grant_id if grant else None,
            address=asker.address,
            device=device_of(asker.user_agent),
            detail=detail,
        )

    def modality_event(self, modality: Modality, study_instance_uid: str) -> AuditEvent:
        """Images of a study that a modality sends now. Orthanc serves it from its registered address only."""
        return AuditEvent(
            happened_at=self.clock(),
            kind=AuditKind.IMAGES_STORED,
            outcome="success",
            actor_kind=ActorKind.MODALITY,
            actor_id=modality.aet,
            hospital_id=modality.hospital_id,
            study_instance_uid=study_instance_uid,
            address=modality.host,
        )

    def grant_event(self, kind: AuditKind, grant: Grant, asker: Asker, detail: str = "") -> AuditEvent:
        """Something that the holder of a grant does now."""
        return self.event(kind, GrantHolder(grant, consented=True), asker, detail=detail)


def _actor(holder: Holder | None) -> tuple[ActorKind, str, str, Grant | None]:
    match holder:
        case GrantHolder(grant=grant):
            return _ACTOR_OF_GRANT[grant.kind], str(grant.account_id or grant.grant_id), grant.hospital_id, grant
        case ApiHolder():
            return ActorKind.PROGRAM, str(holder.token_id), holder.hospital_id, None
        case StaffHolder():
            return ActorKind.STAFF, str(holder.account_id), holder.hospital_id or "", None
        case KioskHolder():
            return ActorKind.KIOSK, str(holder.kiosk_id), holder.hospital_id, None
        case InternalHolder():
            return ActorKind.PROGRAM, holder.process, "", None
        case None:
            return ActorKind.NOBODY, "", "", None
