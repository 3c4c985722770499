# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys of an installation: what signs tokens, what hashes access codes, what seals deliveries. Oldest first; the last one is used."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key of the list, named so that a token can say which signed it. ``created_at`` is None for a key older than this note."""

    key_id: str
    secret: bytes
    created_at: datetime | None = None

    def for_kind(self, kind: str) -> bytes:
        """The key for one kind of token: kinds never verify with each other's keys."""
        return hmac.digest(self.secret, b"token kind: " + kind.encode("ascii"), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys; `signing` and `sealing` rotate by appending, `hashing` never changes (hashed codes depend on it)."""

    signing: tuple[SigningKey, ...]
    hashing: bytes
    sealing: tuple[bytes, ...]

    def signing_key(self, key_id: str) -> SigningKey | None:
        """The key with this name."""
        return next((key for key in self.signing if hmac.compare_digest(key.key_id.encode(), key_id.encode())), None)

    @property
    def auditing(self) -> bytes:
        """The key that seals the audit trail."""
        return hmac.digest(self.hashing, b"audit trail", hashlib.sha256)


# Gives the ring of this moment: keys come and go while a process runs.
type KeySource = Callable[[], KeyRing]
