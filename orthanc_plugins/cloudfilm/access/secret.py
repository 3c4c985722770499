# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secret that a QR code carries: 128 random bits in upper-case base32, which a QR code encodes in its compact alphanumeric mode."""

from __future__ import annotations

import base64
import hashlib
import re

SECRET_BYTES = 16
_SECRET = re.compile(r"[A-Z2-7]{26}")


def secret_from(random_bytes: bytes) -> str:
    """The secret for 16 random bytes: 26 characters."""
    if len(random_bytes) != SECRET_BYTES:
        raise ValueError(f"a secret is made of {SECRET_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode("ascii").rstrip("=")


def hash_secret(presented: str) -> bytes | None:
    """SHA-256 of a secret as it came in a URL, in either case; None when it cannot be one.

    A fast hash is enough: nobody can try 2¹²⁸ values. The look-up by hash is the comparison, so its time tells nothing of the secret.
    """
    normalised = presented.upper()
    return hashlib.sha256(normalised.encode("ascii")).digest() if _SECRET.fullmatch(normalised) else None
