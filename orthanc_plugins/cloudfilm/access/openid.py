# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens of a hospital's identity provider (OpenID Connect Core 1.0; RFC 9068): what is judged of them once the key is in hand.

Keys come from the configured issuer and from nowhere else: a token that brings a key, or says where to fetch one, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt

from cloudfilm.access.holder import Scope

ALGORITHMS = ("RS256", "ES256")
LEEWAY = timedelta(seconds=30)
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
# An ID token's typ may be left out (OpenID Connect Core §2 names none).
ID_TOKEN_TYPES = frozenset({"jwt", ""})
_SCOPE_PREFIX = "cloudfilm."
_BRINGS_A_KEY = frozenset({"jku", "jwk", "x5u", "x5c"})
_LONGEST_CLAIM = 255


@dataclass(frozen=True, slots=True)
class OpenIdToken:
    """What a verified token says. ``expires_at`` has the leeway in it."""

    issuer: str
    subject: str
    expires_at: datetime
    claims: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A claim that is a printable string, "" for anything else."""
        value = self.claims.get(name)
        return value if _is_short_text(value) else ""

    @property
    def account(self) -> str:
        """How an account names whom the provider vouches for: a subject means something with its issuer only."""
        return f"{self.issuer}|{self.subject}"

    @property
    def program_id(self) -> UUID:
        """How the audit trail names the program: always the same for one issuer and subject."""
        return uuid5(NAMESPACE_URL, self.account)

    @property
    def scopes(self) -> frozenset[Scope]:
        """What of the scope claim (RFC 8693 §4.2) is ours: ``cloudfilm.query cloudfilm.retrieve …``."""
        named = self.claims.get("scope")
        words = named.split() if isinstance(named, str) else []
        return frozenset(scope for scope in Scope if _SCOPE_PREFIX + scope in words)

    def is_for_client(self, client_id: str, nonce: str) -> bool:
        """Whether this ID token answers the sign-in that this client began (OpenID Connect Core §3.1.3.7)."""
        party = self.claims.get("azp")
        several = isinstance(self.claims.get("aud"), list) and len(self.claims["aud"]) > 1
        return bool(nonce) and self.claims.get("nonce") == nonce and (party == client_id or (party is None and not several))


def key_id_of(text: str, types: frozenset[str]) -> str | None:
    """The identifier of the key that a token says it was signed with; None for a token that is refused whatever its key."""
    try:
        header = jwt.get_unverified_header(text)
    except (jwt.InvalidTokenError, ValueError):
        return None
    if header.get("alg") not in ALGORITHMS or _BRINGS_A_KEY & header.keys() or "crit" in header:
        return None
    if str(header.get("typ", "")).lower() not in types:
        return None
    key_id = header.get("kid")
    return key_id if _is_short_text(key_id) else None


def verified_token(text: str, key: jwt.PyJWK, issuer: str, audience: str, now: datetime) -> OpenIdToken | None:
    """The token, if this key signed it, for this audience and for now; None whatever is wrong with it."""
    try:
        claims = jwt.decode(
            text,
            key,
            algorithms=list(ALGORITHMS),
            audience=audience,
            issuer=issuer,
            # The clock is an argument: times are judged below.
            options={"require": ["exp", "aud", "iss", "sub"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC) + LEEWAY
        not_before = datetime.fromtimestamp(int(claims.get("nbf", 0)), UTC) - LEEWAY
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        return None
    if not not_before <= now < expires_at or not _is_short_text(claims["sub"]):
        return None
    return OpenIdToken(issuer, claims["sub"], expires_at, claims)


def _is_short_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_CLAIM and value.isprintable()
