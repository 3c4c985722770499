# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealing what must not lie in the open at rest (the keys to a grant, the stamped copy): Fernet, with the newest of the sealing keys."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet

from cloudfilm.access.key_ring import KeyRing


def seal(plain: bytes, key_ring: KeyRing) -> bytes:
    """Encrypt and authenticate."""
    return _fernet(key_ring).encrypt(plain)


def unseal(sealed: bytes, key_ring: KeyRing) -> bytes:
    """Decrypt; raises `cryptography.fernet.InvalidToken` when it was not sealed with one of our keys."""
    return _fernet(key_ring).decrypt(sealed)


def _fernet(key_ring: KeyRing) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in reversed(key_ring.sealing)])
