# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making the two keys of a grant, and the hashes that are stored of them."""

from __future__ import annotations

from collections.abc import Callable

from cloudfilm.access.access_code import CODE_BYTES, access_code_from, hash_access_code, normalise_access_code, start_of
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.access.secret import SECRET_BYTES, hash_secret, secret_from
from cloudfilm.reports.grant_keys import GrantKeys


def new_keys(entropy: Callable[[int], bytes]) -> GrantKeys:
    """Two random keys."""
    return GrantKeys(secret_from(entropy(SECRET_BYTES)), access_code_from(entropy(CODE_BYTES)))


def hashes_of(keys: GrantKeys, key_ring: KeyRing) -> tuple[bytes, bytes, bytes]:
    """Of the secret, of the code and of the code's beginning, as `cloudfilm.db.grants.add_grant` takes them."""
    secret_hash, code = hash_secret(keys.secret), normalise_access_code(keys.access_code)
    if secret_hash is None or code is None:
        raise AssertionError("a key of our own making is malformed")
    return secret_hash, hash_access_code(code, key_ring.hashing), hash_access_code(start_of(code), key_ring.hashing)
