# SPDX-License-Identifier: AGPL-3.0-or-later
"""API tokens: what each may do, until when, and whether it was revoked. The token itself is only signed, never stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from cloudfilm.access.holder import ApiHolder, Scope
from cloudfilm.db.database import Cursor


def add_api_token(cursor: Cursor, holder: ApiHolder, label: str, issued_at: datetime) -> None:
    """Record a token that is about to be handed out."""
    cursor.execute(
        "INSERT INTO api_token (token_id, hospital_id, scopes, label, issued_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (holder.token_id, holder.hospital_id, sorted(holder.scopes), label, issued_at, holder.expires_at),
    )


def api_holder(cursor: Cursor, token_id: UUID) -> ApiHolder | None:
    """What the database says of a token."""
    cursor.execute("SELECT token_id, hospital_id, scopes, expires_at, revoked_at FROM api_token WHERE token_id = %s", (token_id,))
    row = cursor.fetchone()
    return ApiHolder(row[0], row[1], frozenset(map(Scope, row[2])), row[3], row[4]) if row else None


def revoke_api_token(cursor: Cursor, token_id: UUID, now: datetime) -> bool:
    """Revoke; False when there is no such token. The first time stands."""
    cursor.execute("UPDATE api_token SET revoked_at = coalesce(revoked_at, %s) WHERE token_id = %s", (now, token_id))
    return cursor.rowcount == 1
