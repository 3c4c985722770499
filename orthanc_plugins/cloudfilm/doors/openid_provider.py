# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's identity provider: takes access tokens that it issued for us, and verifies who it says has signed in."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.access.holder import ApiHolder
from cloudfilm.access.openid import ACCESS_TOKEN_TYPES, ID_TOKEN_TYPES, OpenIdToken, key_id_of, verified_token
from cloudfilm.db.database import Database
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.doors.openid_memory import OpenIdMemory
from cloudfilm.doors.short_memory import ShortMemory

_MEMORY_SECONDS = 3.0


class OpenIdProvider:
    """Implements `cloudfilm.doors.identity_provider.IdentityProvider` for one issuer.

    Parameters
    ----------
    audience : str
        What access tokens must be issued for; with "" none is taken.
    hospital_claim : str
        The claim that names the hospital.
    """

    def __init__(self, memory: OpenIdMemory, audience: str, hospital_claim: str, database: Database) -> None:
        self._memory, self._audience, self._hospital_claim, self._database = memory, audience, hospital_claim, database
        self._hospitals: ShortMemory[str, bool] = ShortMemory(_MEMORY_SECONDS)

    def api_holder(self, text: str, now: datetime) -> ApiHolder | None:
        """The program that an access token speaks for; None for whatever was not issued for us, or for no hospital of ours."""
        token = self._verified(text, ACCESS_TOKEN_TYPES, self._audience, now) if self._audience else None
        if token is None:
            return None
        hospital_id = token.text(self._hospital_claim)
        if not hospital_id or not self._hospitals.get(hospital_id, lambda: self._is_ours(hospital_id)):
            return None
        return ApiHolder(token.program_id, hospital_id, token.scopes, token.expires_at, revoked_at=None)

    def signed_in(self, id_token: str, client_id: str, nonce: str, now: datetime) -> OpenIdToken | None:
        """Who has signed in, as the answer to the sign-in with this nonce; None when the ID token is no such answer."""
        token = self._verified(id_token, ID_TOKEN_TYPES, client_id, now)
        return token if token is not None and token.is_for_client(client_id, nonce) else None

    def _verified(self, text: str, types: frozenset[str], audience: str, now: datetime) -> OpenIdToken | None:
        key_id = key_id_of(text, types)
        key = self._memory.key(key_id) if key_id is not None else None
        return verified_token(text, key, self._memory.issuer, audience, now) if key is not None else None

    def _is_ours(self, hospital_id: str) -> bool:
        with self._database.transaction() as cursor:
            return hospital_named(cursor, hospital_id) is not None
