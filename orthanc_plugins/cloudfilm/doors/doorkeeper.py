# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doorkeeper: reads the credentials, fetches the facts (remembered for five seconds) and asks `decide`. Every door has this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, InternalHolder
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.access.policy import AccessRequest, Allow, decide
from cloudfilm.access.token import ApiToken, InternalToken, SessionToken, Token, ViewerToken, read_token
from cloudfilm.db.api_tokens import api_holder
from cloudfilm.db.database import Database
from cloudfilm.db.grants import Grant, grant_with_id
from cloudfilm.db.studies import study_with_uid
from cloudfilm.doors.credentials import came_through_public_door, presented_tokens
from cloudfilm.doors.short_memory import ShortMemory

MEMORY_SECONDS = 5.0


class Doorkeeper:
    """Knows who asks and whether they may.

    Parameters
    ----------
    clock : Callable
        Gives the time now, in UTC.
    """

    def __init__(self, database: Database, key_ring: KeyRing, clock: Callable[[], datetime]) -> None:
        self._database, self._key_ring, self._clock = database, key_ring, clock
        self._grants: ShortMemory[UUID, Grant | None] = ShortMemory(MEMORY_SECONDS)
        self._api_holders: ShortMemory[UUID, ApiHolder | None] = ShortMemory(MEMORY_SECONDS)
        self._owners: ShortMemory[str, str | None] = ShortMemory(MEMORY_SECONDS)

    def holders(self, headers: Mapping[str, str]) -> tuple[Holder, ...]:
        """Who the presented credentials say is asking; empty when there is none, or none is valid."""
        now = self._clock()
        tokens = (read_token(text, self._key_ring, now) for text in presented_tokens(headers))
        behind_nginx = not came_through_public_door(headers)
        found = (self._holder(token, behind_nginx) for token in tokens if token is not None)
        return tuple(holder for holder in found if holder is not None)

    def allows(self, request: AccessRequest, headers: Mapping[str, str]) -> Holder | None:
        """The first holder that may do it, None when nobody may."""
        now = self._clock()
        for holder in self.holders(headers):
            known = request
            if request.study_instance_uid is not None and request.hospital_id is None and isinstance(holder, ApiHolder):
                known = replace(request, hospital_id=self.owner_of_study(request.study_instance_uid))
            if isinstance(decide(known, holder, now), Allow):
                return holder
        return None

    def owner_of_study(self, study_instance_uid: str) -> str | None:
        """The hospital that owns a study, None when there is no such study."""
        return self._owners.get(study_instance_uid, lambda: self._find_owner(study_instance_uid))

    def forget_grant(self, grant_id: UUID) -> None:
        """Ask the database anew about a grant that has just changed."""
        self._grants.forget(grant_id)

    def _find_owner(self, study_instance_uid: str) -> str | None:
        with self._database.transaction() as cursor:
            study = study_with_uid(cursor, study_instance_uid)
        return study.hospital_id if study else None

    def _holder(self, token: Token, behind_nginx: bool) -> Holder | None:
        match token:
            case SessionToken():
                return self._grant_holder(token.grant_id, studies=None, sees_report=True, consented=token.consented)
            case ViewerToken():
                return self._grant_holder(token.grant_id, studies=token.study_instance_uids, sees_report=False, consented=True)
            case ApiToken():
                return self._api_holders.get(token.token_id, lambda: self._find_api_holder(token.token_id))
            case InternalToken():
                return InternalHolder(token.process) if behind_nginx else None

    def _find_api_holder(self, token_id: UUID) -> ApiHolder | None:
        with self._database.transaction() as cursor:
            return api_holder(cursor, token_id)

    def _find_grant(self, grant_id: UUID) -> Grant | None:
        with self._database.transaction() as cursor:
            return grant_with_id(cursor, grant_id)

    def _grant_holder(self, grant_id: UUID, studies: frozenset[str] | None, sees_report: bool, consented: bool) -> GrantHolder | None:
        grant = self._grants.get(grant_id, lambda: self._find_grant(grant_id))
        if grant is None:
            return None
        reached = frozenset({grant.study_instance_uid} if grant.study_instance_uid else ())
        return GrantHolder(
            grant_id=grant.grant_id,
            hospital_id=grant.hospital_id,
            report_id=grant.report_id,
            study_instance_uids=reached if studies is None else reached & studies,
            sees_report=sees_report,
            consented=consented,
            expires_at=grant.expires_at,
            revoked_at=grant.revoked_at,
        )
