# SPDX-License-Identifier: AGPL-3.0-or-later
"""The access code that is printed under the QR code: 12 Crockford base32 characters (60 bits), typed by people.

It is stored as Argon2id with a salt and a pepper made from a key that is not in the database: a stolen database opens nothing, and yet one
hash finds the row.
"""

from __future__ import annotations

import hashlib
import hmac

from argon2.low_level import Type, hash_secret_raw

CODE_BYTES = 8
CODE_LENGTH = 12
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def access_code_from(random_bytes: bytes) -> str:
    """The code for 8 random bytes, in groups: ``7K3M-9QXF-2T8B``."""
    if len(random_bytes) != CODE_BYTES:
        raise ValueError(f"an access code is made of {CODE_BYTES} random bytes")
    number = int.from_bytes(random_bytes, "big")
    characters = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(CODE_LENGTH))
    return "-".join(characters[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def normalise_access_code(typed: str) -> str | None:
    """The 12 characters of a code as somebody typed it: case, hyphens, spaces, O for 0, I and L for 1 are forgiven; None otherwise."""
    characters = "".join(character for character in typed.upper() if character.isalnum()).translate(_MISREAD)
    if len(characters) != CODE_LENGTH or any(character not in _ALPHABET for character in characters):
        return None
    return characters


def start_of(normalised: str) -> str:
    """The first two of a code's three groups."""
    return normalised[:8]


def hash_access_code(normalised: str, key: bytes) -> bytes:
    """Argon2id (19 MiB, 2 passes: OWASP's first choice), 32 bytes, about 20 ms.

    Parameters
    ----------
    normalised : str
        What `normalise_access_code` gave, or the start of it: hashed alike, so that a stolen key does not make it the weaker half.
    key : bytes
        The installation's hashing key; salt and pepper come from it, so equal codes have equal hashes here and nowhere else.
    """
    pepper = hmac.digest(key, b"access code: " + normalised.encode("ascii"), hashlib.sha256)
    salt = hmac.digest(key, b"salt of access codes", hashlib.sha256)[:16]
    return hash_secret_raw(pepper, salt, time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)
