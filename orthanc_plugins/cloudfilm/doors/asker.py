# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a request says of whoever makes it: credentials, where from, with what. Pure: header values in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.sansio.http import parse_cookie

SESSION_COOKIE = "__Host-session"
STAFF_COOKIE = "__Host-staff"
DEVICE_COOKIE = "__Host-device"
KIOSK_COOKIE = "__Host-kiosk"
# nginx sets it on every request and overwrites what a client sends: whoever comes with it came through the public door.
_PUBLIC_DOOR_HEADER = "x-cloudfilm-door"
_LONGEST_TOKEN = 8192


class Carrier(StrEnum):
    """How a token was presented: each kind of token is good in one place only."""

    BEARER = "bearer"
    SESSION = "session"
    STAFF = "staff"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever makes a request.

    Parameters
    ----------
    headers : Mapping
        Names in lower case.
    address : str
        The network address, as nginx saw it.
    """

    headers: Mapping[str, str]
    address: str

    @classmethod
    def of(cls, headers: Mapping[str, str], peer: str = "") -> Asker:
        """From a request's headers and, where nginx did not say, its peer's address."""
        return cls(headers, headers.get("x-real-ip", peer))

    @property
    def user_agent(self) -> str:
        """The User-Agent header."""
        return self.headers.get("user-agent", "")

    @property
    def bearer(self) -> str | None:
        """The bearer token (RFC 6750)."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return _bounded(value.strip()) if scheme.lower() == "bearer" else None

    def cookie(self, name: str) -> str | None:
        """One of our cookies."""
        return _bounded(parse_cookie(self.headers.get("cookie", "")).get(name, ""))

    @property
    def tokens(self) -> tuple[tuple[Carrier, str], ...]:
        """Every token presented, the bearer first. Any suffices: the cookie carries on when the viewer's token has expired or a reload lost it."""
        presented = (
            (Carrier.BEARER, self.bearer),
            (Carrier.SESSION, self.cookie(SESSION_COOKIE)),
            (Carrier.STAFF, self.cookie(STAFF_COOKIE)),
            (Carrier.KIOSK, self.cookie(KIOSK_COOKIE)),
        )
        return tuple((carrier, text) for carrier, text in presented if text)

    @property
    def came_through_public_door(self) -> bool:
        """Whether nginx passed the request on."""
        return _PUBLIC_DOOR_HEADER in self.headers


def _bounded(text: str) -> str | None:
    return text if text and len(text) <= _LONGEST_TOKEN else None
