# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who asks, with the facts that a decision needs: what the database says of a credential at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloudfilm.access.grant import Grant


class Scope(StrEnum):
    """What an API token may be issued for."""

    QUERY = "query"
    RETRIEVE = "retrieve"
    STORE = "store"
    REPORTS = "reports"


class Role(StrEnum):
    """What a member of staff does. All but the operator work at one hospital; an operator sees no patient."""

    ADMINISTRATOR = "administrator"
    DOCTOR = "doctor"
    REGISTRAR = "registrar"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class GrantHolder:
    """Somebody with a grant, through a session or through the viewer's token.

    ``narrowed_to`` is what the viewer's token names, None for a session, which may do all that its grant may.
    """

    grant: Grant
    consented: bool
    narrowed_to: frozenset[str] | None = None

    @property
    def is_session(self) -> bool:
        """Whether this is a visit to our pages."""
        return self.narrowed_to is None

    @property
    def hospital_id(self) -> str:
        """The grant's hospital."""
        return self.grant.hospital_id

    @property
    def study_instance_uids(self) -> frozenset[str]:
        """The studies that can be reached through this credential."""
        return self.grant.reached_studies if self.narrowed_to is None else self.grant.reached_studies & self.narrowed_to


@dataclass(frozen=True, slots=True)
class ApiHolder:
    """A program of one hospital: an integrator's, a gateway, or one that an identity provider vouches for."""

    token_id: UUID
    hospital_id: str
    scopes: frozenset[Scope]
    expires_at: datetime
    revoked_at: datetime | None
    is_gateway: bool = False


@dataclass(frozen=True, slots=True)
class StaffHolder:
    """A member of staff who has signed in. ``closed`` says that the session has ended, by itself or by others, or the account is disabled."""

    account_id: UUID
    login: str
    full_name: str
    role: Role
    hospital_id: str | None
    session_id: UUID
    closed: bool


@dataclass(frozen=True, slots=True)
class InternalHolder:
    """One of our own processes, not through nginx."""

    process: str


@dataclass(frozen=True, slots=True)
class KioskHolder:
    """A touch screen of a hospital. ``closed`` says that it was revoked, or that another browser has taken its place."""

    kiosk_id: UUID
    hospital_id: str
    closed: bool


type Holder = GrantHolder | ApiHolder | StaffHolder | KioskHolder | InternalHolder
