# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens of programs: what each may do, until when, and whether it was revoked. The token itself is only signed, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.access.holder import ApiHolder, Scope
from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class ApiTokenRecord:
    """A token as staff see it in a list."""

    holder: ApiHolder
    label: str
    issued_at: datetime
    last_used_at: datetime | None


def add_api_token(cursor: Cursor, holder: ApiHolder, label: str, issued_at: datetime) -> None:
    """Record a token that is about to be handed out."""
    kind = "gateway" if holder.is_gateway else "api"
    cursor.execute(
        "INSERT INTO api_token (token_id, hospital_id, scopes, label, issued_at, expires_at, kind) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (holder.token_id, holder.hospital_id, sorted(holder.scopes), label, issued_at, holder.expires_at, kind),
    )


def api_holder(cursor: Cursor, token_id: UUID, now: datetime) -> ApiHolder | None:
    """What the database says of a token that is being used now."""
    cursor.execute(
        "UPDATE api_token SET last_used_at = %s WHERE token_id = %s"
        " RETURNING token_id, hospital_id, scopes, expires_at, revoked_at, kind = 'gateway'",
        (now, token_id),
    )
    row = cursor.fetchone()
    return ApiHolder(row[0], row[1], frozenset(map(Scope, row[2])), *row[3:]) if row else None


def list_api_tokens(cursor: Cursor, hospital_id: str) -> list[ApiTokenRecord]:
    """The hospital's tokens, newest first."""
    cursor.execute(
        "SELECT token_id, hospital_id, scopes, expires_at, revoked_at, kind = 'gateway', label, issued_at, last_used_at FROM api_token"
        " WHERE hospital_id = %s ORDER BY issued_at DESC, token_id",
        (hospital_id,),
    )
    return [ApiTokenRecord(ApiHolder(row[0], row[1], frozenset(map(Scope, row[2])), *row[3:6]), *row[6:]) for row in cursor.fetchall()]


def count_open_tokens(cursor: Cursor, issued_since: datetime | None, issued_before: datetime | None, now: datetime) -> int:
    """How many tokens that are still good were issued in a time; None is no bound."""
    cursor.execute(
        "SELECT count(*) FROM api_token WHERE revoked_at IS NULL AND expires_at > %s"
        " AND issued_at >= coalesce(%s, '-infinity'::timestamptz) AND issued_at < coalesce(%s, 'infinity'::timestamptz)",
        (now, issued_since, issued_before),
    )
    return int(only_value(cursor))


def revoke_api_token(cursor: Cursor, token_id: UUID, now: datetime) -> bool:
    """Revoke; False when there is no such token. The first time stands."""
    cursor.execute("UPDATE api_token SET revoked_at = coalesce(revoked_at, %s) WHERE token_id = %s", (now, token_id))
    return cursor.rowcount == 1


def hospital_of_token(cursor: Cursor, token_id: UUID) -> str | None:
    """The hospital that a token was issued for, None when there is no such token."""
    cursor.execute("SELECT hospital_id FROM api_token WHERE token_id = %s", (token_id,))
    row = cursor.fetchone()
    return row[0] if row else None
