# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who asks, with the facts that a decision needs: what the database says of a credential at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What an API token may be issued for."""

    QUERY = "query"
    RETRIEVE = "retrieve"
    STORE = "store"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class GrantHolder:
    """Somebody with a grant: the paper's holder, through a session or through the viewer's token.

    ``study_instance_uids`` is what the grant reaches now, cut down to what the token names.
    """

    grant_id: UUID
    hospital_id: str
    report_id: UUID
    study_instance_uids: frozenset[str]
    sees_report: bool
    consented: bool
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class ApiHolder:
    """An integrator of one hospital."""

    token_id: UUID
    hospital_id: str
    scopes: frozenset[Scope]
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class InternalHolder:
    """One of our own processes, not through nginx."""

    process: str


type Holder = GrantHolder | ApiHolder | InternalHolder
