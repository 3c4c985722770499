# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doorkeeper: reads the credentials, fetches the facts (remembered for three seconds), asks `decide` and has it written down.

Every door has this one. With nginx's memory of its subrequest (five seconds) a revocation is effective everywhere within eight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cloudfilm.access.grant import Grant
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder, KioskHolder, StaffHolder
from cloudfilm.access.key_ring import KeySource
from cloudfilm.access.policy import AccessRequest, Allow, decide
from cloudfilm.access.token import (
    ApiToken,
    GatewayToken,
    InternalToken,
    KioskToken,
    SessionToken,
    StaffToken,
    Token,
    ViewerToken,
    read_token,
)
from cloudfilm.db.api_tokens import api_holder
from cloudfilm.db.database import Database
from cloudfilm.db.grants import grant_with_id
from cloudfilm.db.kiosks import kiosk_with_id
from cloudfilm.db.staff_sessions import staff_holder
from cloudfilm.db.studies import study_with_uid
from cloudfilm.doors.asker import Asker, Carrier
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.doors.identity_provider import IdentityProvider
from cloudfilm.doors.short_memory import ShortMemory
from cloudfilm.doors.staff_limits import StaffLimits

MEMORY_SECONDS = 3.0


class Doorkeeper:
    """Knows who asks and whether they may.

    Parameters
    ----------
    keys : Callable
        Gives the key ring of this moment.
    clock : Callable
        Gives the time now, in UTC.
    identity_provider : IdentityProvider or None
        Whose tokens are taken beside our own (OpenID Connect).
    """

    def __init__(
        self,
        database: Database,
        keys: KeySource,
        clock: Callable[[], datetime],
        audit_trail: AuditTrail,
        staff_limits: StaffLimits,
        identity_provider: IdentityProvider | None = None,
    ) -> None:
        self._database, self._keys, self._clock, self._audit_trail = database, keys, clock, audit_trail
        self._staff_limits, self._identity_provider = staff_limits, identity_provider
        self._grants: ShortMemory[UUID, Grant | None] = ShortMemory(MEMORY_SECONDS)
        self._api_holders: ShortMemory[UUID, ApiHolder | None] = ShortMemory(MEMORY_SECONDS)
        self._staff_holders: ShortMemory[UUID, StaffHolder | None] = ShortMemory(MEMORY_SECONDS)
        self._owners: ShortMemory[str, str | None] = ShortMemory(MEMORY_SECONDS)

    def holders(self, asker: Asker) -> tuple[Holder, ...]:
        """Who the presented credentials say is asking; empty when there is none, or none is valid."""
        return tuple(holder for carrier, text in asker.tokens if (holder := self._holder_of(carrier, text, asker)) is not None)

    def allows(self, request: AccessRequest, asker: Asker) -> Holder | None:
        """The first holder that may do it, None when nobody may. Either is written down."""
        holder = self.would_allow(request, asker)
        if holder is not None:
            self._audit_trail.decided(request, holder, asker, denied=None)
            return holder
        known, holders = self._with_owner(request), self.holders(asker)
        self._audit_trail.decided(known, holders[0] if holders else None, asker, denied=self._why_not(known, holders))
        return None

    def lets(self, holder: Holder, request: AccessRequest, asker: Asker) -> bool:
        """Whether this one holder may do it, whatever else is presented. Written down as well."""
        known = self._with_owner(request)
        reason = None if isinstance(decision := decide(known, holder, self._clock()), Allow) else decision.reason
        self._audit_trail.decided(known, holder, asker, denied=reason)
        return reason is None

    def would_allow(self, request: AccessRequest, asker: Asker) -> Holder | None:
        """The same for a question that is no access, such as which of two answers to give."""
        now = self._clock()
        for holder in self.holders(asker):
            known = request if isinstance(holder, GrantHolder | InternalHolder) else self._with_owner(request)
            if isinstance(decide(known, holder, now), Allow):
                return holder
        return None

    def owner_of_study(self, study_instance_uid: str) -> str | None:
        """The hospital that owns a study, None when there is no such study."""
        return self._owners.get(study_instance_uid, lambda: self._find_owner(study_instance_uid))

    def forget_grant(self, grant_id: UUID) -> None:
        """Ask the database anew about a grant that has just changed."""
        self._grants.forget(grant_id)

    def forget_staff_session(self, session_id: UUID) -> None:
        """Ask the database anew about a session that has just ended."""
        self._staff_holders.forget(session_id)

    def _with_owner(self, request: AccessRequest) -> AccessRequest:
        if request.study_instance_uid is None or request.hospital_id is not None:
            return request
        return replace(request, hospital_id=self.owner_of_study(request.study_instance_uid))

    def _why_not(self, request: AccessRequest, holders: tuple[Holder, ...]) -> str:
        now = self._clock()
        decisions = (decide(request, holder, now) for holder in holders)
        return next((decision.reason for decision in decisions if not isinstance(decision, Allow)), "no valid credential")

    def _find_owner(self, study_instance_uid: str) -> str | None:
        with self._database.transaction() as cursor:
            study = study_with_uid(cursor, study_instance_uid)
        return study.hospital_id if study else None

    def _holder_of(self, carrier: Carrier, text: str, asker: Asker) -> Holder | None:
        token = read_token(text, self._keys(), self._clock())
        if token is not None:
            return self._holder(carrier, token, behind_nginx=not asker.came_through_public_door)
        if self._identity_provider is not None and carrier is Carrier.BEARER:
            return self._identity_provider.api_holder(text, self._clock())
        return None

    def _holder(self, carrier: Carrier, token: Token, behind_nginx: bool) -> Holder | None:
        match carrier, token:
            case Carrier.SESSION, SessionToken():
                return self._grant_holder(token.grant_id, token.consented, narrowed_to=None)
            case Carrier.BEARER, ViewerToken():
                return self._grant_holder(token.grant_id, consented=True, narrowed_to=token.study_instance_uids)
            case Carrier.BEARER, ApiToken():
                return self._api_holder(token.token_id, is_gateway=False)
            case Carrier.BEARER, GatewayToken():
                return self._api_holder(token.token_id, is_gateway=True)
            case Carrier.STAFF, StaffToken():
                return self._staff_holder(token.session_id)
            case Carrier.KIOSK, KioskToken():
                return self._kiosk_holder(token)
            case Carrier.BEARER, InternalToken():
                return InternalHolder(token.process) if behind_nginx else None
            case _:
                # A kind that opens nothing, or in a place that is not its own.
                return None

    def _grant_holder(self, grant_id: UUID, consented: bool, narrowed_to: frozenset[str] | None) -> GrantHolder | None:
        grant = self._grants.get(grant_id, lambda: self._find_grant(grant_id))
        return GrantHolder(grant, consented, narrowed_to) if grant is not None else None

    def _find_grant(self, grant_id: UUID) -> Grant | None:
        with self._database.transaction() as cursor:
            return grant_with_id(cursor, grant_id)

    def _api_holder(self, token_id: UUID, is_gateway: bool) -> ApiHolder | None:
        holder = self._api_holders.get(token_id, lambda: self._find_api_holder(token_id))
        return holder if holder is not None and holder.is_gateway is is_gateway else None

    def _find_api_holder(self, token_id: UUID) -> ApiHolder | None:
        with self._database.transaction() as cursor:
            return api_holder(cursor, token_id, self._clock())

    def _kiosk_holder(self, token: KioskToken) -> KioskHolder | None:
        with self._database.transaction() as cursor:
            kiosk = kiosk_with_id(cursor, token.kiosk_id)
        if kiosk is None:
            return None
        return KioskHolder(kiosk.kiosk_id, kiosk.hospital_id, kiosk.revoked_at is not None or kiosk.pairing_id != token.pairing_id)

    def _staff_holder(self, session_id: UUID) -> StaffHolder | None:
        return self._staff_holders.get(session_id, lambda: self._find_staff_holder(session_id))

    def _find_staff_holder(self, session_id: UUID) -> StaffHolder | None:
        with self._database.transaction() as cursor:
            return staff_holder(cursor, session_id, self._clock(), self._staff_limits.idle, self._staff_limits.absolute)
