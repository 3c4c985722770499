# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens signed by an instance's own keys, for what a test must not be able to do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from uuid import UUID, uuid4

from cloudfilm.access.token import (
    ApiToken,
    DeviceToken,
    GatewayToken,
    InternalToken,
    KioskToken,
    SessionToken,
    StaffToken,
    Token,
    ViewerToken,
    issue_token,
)
from cloudfilm.storage.key_files import load_key_ring
from portal.form_token import token_of
from tests.support.instance import Instance


class Mint:
    """Signs as the instance does."""

    def __init__(self, instance: Instance) -> None:
        self._key_ring = load_key_ring(instance.data / "keys")

    def token(self, token: Token, lifetime: timedelta = timedelta(hours=1)) -> str:
        """Any token; a negative lifetime makes one that has expired."""
        return issue_token(token, self._key_ring, datetime.now(UTC), lifetime, uuid4())

    def session(self, grant_id: UUID, consented: bool = True, lifetime: timedelta = timedelta(hours=1)) -> str:
        return self.token(SessionToken(grant_id, consented), lifetime)

    def viewer(self, grant_id: UUID, *study_instance_uids: str, lifetime: timedelta = timedelta(hours=1)) -> str:
        return self.token(ViewerToken(grant_id, frozenset(study_instance_uids)), lifetime)

    def api(self, token_id: UUID, lifetime: timedelta = timedelta(hours=1)) -> str:
        return self.token(ApiToken(token_id), lifetime)

    def gateway(self, token_id: UUID) -> str:
        return self.token(GatewayToken(token_id))

    def staff(self, session_id: UUID) -> str:
        return self.token(StaffToken(session_id))

    def device(self) -> str:
        return self.token(DeviceToken(uuid4(), uuid4()))

    def kiosk(self, kiosk_id: UUID, pairing_id: UUID) -> str:
        return self.token(KioskToken(kiosk_id, pairing_id))

    def form(self) -> tuple[str, str]:
        """The cookie of a browser, and what every form of ours carries in it."""
        cookie = token_hex(16)
        return cookie, token_of(cookie, self._key_ring.signing[-1])

    def internal(self) -> str:
        return self.token(InternalToken("tests"))
