# SPDX-License-Identifier: AGPL-3.0-or-later
"""One-time codes from an authenticator app (TOTP, RFC 6238: SHA-1, six digits, thirty seconds). Each time step opens once."""

from __future__ import annotations

import base64
import hmac
import re
from datetime import datetime

import pyotp

SECRET_BYTES = 20
# A phone's clock may be half a minute wrong (RFC 6238 §5.2).
_STEPS_BESIDE = 1


def one_time_secret_from(random_bytes: bytes) -> str:
    """The secret that an app is given, for 20 random bytes, in base32."""
    if len(random_bytes) != SECRET_BYTES:
        raise ValueError(f"a secret for one-time codes is made of {SECRET_BYTES} random bytes")
    return base64.b32encode(random_bytes).decode("ascii")


def address_for_app(secret: str, login: str, issuer: str) -> str:
    """What the QR code holds that an authenticator app scans (``otpauth://totp/…``)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def time_step_of(typed: str, secret: str, now: datetime, last_used: int) -> int | None:
    """The time step that a typed code belongs to, None when it is wrong or its step, or a later one, has been used.

    Parameters
    ----------
    last_used : int
        The latest step whose code was taken; the caller stores what this returns before letting anybody in.
    """
    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    generator = pyotp.TOTP(secret)
    current = generator.timecode(now)
    matching = [
        step
        for step in range(current - _STEPS_BESIDE, current + _STEPS_BESIDE + 1)
        if hmac.compare_digest(generator.generate_otp(step), digits) and step > last_used
    ]
    return matching[0] if matching else None
