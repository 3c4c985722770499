# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed tokens (JWT, RFC 7519): a closed set of kinds, each with its own type, audience and key, never interchangeable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import jwt

from cloudfilm.access.key_ring import KeyRing

ISSUER = "cloudfilm"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class SessionToken:
    """A patient's visit, in a cookie."""

    kind: ClassVar[str] = "session"
    grant_id: UUID
    consented: bool

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.grant_id), "consented": self.consented}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> SessionToken:
        return cls(UUID(claims["sub"]), claims["consented"] is True)


@dataclass(frozen=True, slots=True)
class ViewerToken:
    """What OHIF carries: the images of these studies and nothing else."""

    kind: ClassVar[str] = "viewer"
    grant_id: UUID
    study_instance_uids: frozenset[str]

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.grant_id), "studies": sorted(self.study_instance_uids)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> ViewerToken:
        return cls(UUID(claims["sub"]), frozenset(claims["studies"]))


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An integrator's credential; what it may do stands in the database, where it can be revoked."""

    kind: ClassVar[str] = "api"
    token_id: UUID

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.token_id)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> ApiToken:
        return cls(UUID(claims["sub"]))


@dataclass(frozen=True, slots=True)
class GatewayToken:
    """A hospital gateway's credential; like an API token it stands in the database, but neither is ever taken for the other."""

    kind: ClassVar[str] = "gateway"
    token_id: UUID

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.token_id)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> GatewayToken:
        return cls(UUID(claims["sub"]))


@dataclass(frozen=True, slots=True)
class StaffToken:
    """A member of staff's session, in a cookie; whether it goes on stands in the database."""

    kind: ClassVar[str] = "staff"
    session_id: UUID

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.session_id)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> StaffToken:
        return cls(UUID(claims["sub"]))


@dataclass(frozen=True, slots=True)
class SignInToken:
    """Somebody who has given the right password and has something left to do before a session begins; opens nothing by itself."""

    kind: ClassVar[str] = "sign-in"
    account_id: UUID
    code_given: bool

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.account_id), "code_given": self.code_given}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> SignInToken:
        return cls(UUID(claims["sub"]), claims["code_given"] is True)


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """A device that is known, in a cookie: its wrong tries are not its network's.

    ``vouched_by`` is the patient's grant or the account that it became known by: all devices that are known by one share their tries, so that
    nobody gets more by collecting cookies.
    """

    kind: ClassVar[str] = "device"
    device_id: UUID
    vouched_by: UUID

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.device_id), "vouched_by": str(self.vouched_by)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> DeviceToken:
        return cls(UUID(claims["sub"]), UUID(claims["vouched_by"]))


@dataclass(frozen=True, slots=True)
class OidcToken:
    """A member of staff's way to the identity provider and back, in a cookie for some minutes: what comes back must answer to it."""

    kind: ClassVar[str] = "oidc"
    state: str
    nonce: str
    code_verifier: str

    def claims(self) -> dict[str, Any]:
        return {"sub": self.state, "nonce": self.nonce, "code_verifier": self.code_verifier}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> OidcToken:
        return cls(claims["sub"], claims["nonce"], claims["code_verifier"])


@dataclass(frozen=True, slots=True)
class KioskToken:
    """A kiosk, in the cookie of its one browser; whether it still is that stands in the database."""

    kind: ClassVar[str] = "kiosk"
    kiosk_id: UUID
    pairing_id: UUID

    def claims(self) -> dict[str, Any]:
        return {"sub": str(self.kiosk_id), "pairing": str(self.pairing_id)}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> KioskToken:
        return cls(UUID(claims["sub"]), UUID(claims["pairing"]))


@dataclass(frozen=True, slots=True)
class InternalToken:
    """One of our own processes talking to Orthanc behind nginx."""

    kind: ClassVar[str] = "internal"
    process: str

    def claims(self) -> dict[str, Any]:
        return {"sub": self.process}

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> InternalToken:
        return cls(claims["sub"])


type Token = (
    SessionToken | ViewerToken | ApiToken | GatewayToken | StaffToken | SignInToken | OidcToken | DeviceToken | KioskToken | InternalToken
)
_KINDS: dict[str, Callable[[dict[str, Any]], Token]] = {
    kind.kind: kind.from_claims
    for kind in (
        SessionToken,
        ViewerToken,
        ApiToken,
        GatewayToken,
        StaffToken,
        SignInToken,
        OidcToken,
        DeviceToken,
        KioskToken,
        InternalToken,
    )
}


def issue_token(token: Token, key_ring: KeyRing, now: datetime, lifetime: timedelta, token_id: UUID) -> str:
    """Sign a token with the newest key."""
    key = key_ring.signing[-1]
    claims = token.claims() | {"iss": ISSUER, "aud": token.kind, "iat": now, "exp": now + lifetime, "jti": str(token_id)}
    return jwt.encode(claims, key.for_kind(token.kind), _ALGORITHM, headers={"kid": key.key_id, "typ": _type_of(token.kind)})


def read_token(text: str, key_ring: KeyRing, now: datetime) -> Token | None:
    """The token that was signed by us, is of a known kind and has not expired; None for anything else, whatever is wrong with it."""
    try:
        header = jwt.get_unverified_header(text)
        kind = next((kind for kind in _KINDS if header.get("typ") == _type_of(kind)), None)
        key = key_ring.signing_key(str(header.get("kid", "")))
        if kind is None or key is None or header.get("alg") != _ALGORITHM:
            return None
        claims = jwt.decode(
            text,
            key.for_kind(kind),
            algorithms=[_ALGORITHM],
            audience=kind,
            issuer=ISSUER,
            # The clock is an argument: expiry is judged below.
            options={"require": ["exp", "iat", "aud", "iss", "sub", "jti"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        if now >= datetime.fromtimestamp(int(claims["exp"]), UTC):
            return None
        return _KINDS[kind](claims)
    except (jwt.InvalidTokenError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _type_of(kind: str) -> str:
    return f"cloudfilm-{kind}+jwt"
