# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's own access log: what happened with their grant and the links made from it, as far as a patient may know of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.device import shortened_address
from cloudfilm.access.grant import Grant
from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.audit_events import events_of_grant
from cloudfilm.db.grants import shares_of_grant
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import require

LONGEST = 500
_SHARE = re.compile(r"share ([0-9a-f-]{36})")
_WHO = {
    ActorKind.PATIENT: "patient", ActorKind.SHARE: "link", ActorKind.STAFF: "hospital", ActorKind.PROGRAM: "hospital",
    ActorKind.CONSOLE: "hospital", ActorKind.MODALITY: "hospital", ActorKind.STATION: "hospital", ActorKind.KIOSK: "hospital",
    ActorKind.NOBODY: "somebody",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened.

    ``who`` is ``patient`` (whoever came with the paper's QR code or access code), ``link``, ``hospital`` or ``somebody``; ``link`` is the
    nickname of the link that somebody came by, ``about`` of the one that something was done with. ``address`` is shortened.
    """

    happened_at: datetime
    who: str
    link: str
    what: AuditKind
    about: str
    device: str
    address: str
    outcome: str


def own_log() -> list[LogEntry]:
    """The log of the visit's own grant, newest first; 401 without a visit, 404 for a visit that is not the patient's."""
    holder = require(AccessRequest(Action.READ_OWN_LOG))
    if not isinstance(holder, GrantHolder):
        raise NotFound
    with services().database.transaction() as cursor:
        shares = {share.grant_id: share for share in shares_of_grant(cursor, holder.grant.grant_id)}
        events = events_of_grant(cursor, holder.grant.grant_id, LONGEST)
    return log_entries((recorded.event for recorded in events), shares)


def log_entries(events: Iterable[AuditEvent], shares: Mapping[UUID, Grant]) -> list[LogEntry]:
    """Events as a patient reads them; the same twice in one minute is said once."""
    entries: list[LogEntry] = []
    for event in events:
        used = shares.get(event.grant_id) if event.grant_id else None
        entry = LogEntry(
            happened_at=event.happened_at,
            who=_WHO[event.actor_kind],
            link=used.nickname if used else "",
            what=event.kind,
            about=_about(event, shares),
            device=event.device,
            address=shortened_address(event.address),
            outcome=event.outcome,
        )
        if not any(_is_same(entry, earlier) for earlier in entries[-5:]):
            entries.append(entry)
    return entries


def _about(event: AuditEvent, shares: Mapping[UUID, Grant]) -> str:
    named = _SHARE.fullmatch(event.detail)
    share = shares.get(UUID(named[1])) if named else None
    return share.nickname if share else ""


def _is_same(one: LogEntry, other: LogEntry) -> bool:
    return _without_seconds(one) == _without_seconds(other)


def _without_seconds(entry: LogEntry) -> tuple[object, ...]:
    moment = entry.happened_at.replace(second=0, microsecond=0)
    return moment, entry.who, entry.link, entry.what, entry.about, entry.device, entry.address, entry.outcome
