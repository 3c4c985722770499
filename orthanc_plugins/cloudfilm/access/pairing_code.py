# SPDX-License-Identifier: AGPL-3.0-or-later
"""The code that pairs a gateway once: shown once in the cloud, typed at the gateway, kept as a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cloudfilm.access.access_code import access_code_from, hash_access_code, normalise_access_code

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PairingCode:
    """``text`` as people type it."""

    text: str
    hash: bytes


def new_pairing_code(random_bytes: bytes, key: bytes) -> PairingCode:
    """Made of CODE_BYTES random bytes and the installation's hashing key."""
    text = access_code_from(random_bytes)
    return PairingCode(text, hash_access_code(normalise_access_code(text) or "", key))
