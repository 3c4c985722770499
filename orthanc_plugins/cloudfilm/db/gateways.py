# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gateways: the boxes in hospitals, the code that pairs each once, and what it last said of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Gateway:
    """One row of ``gateway``, without its pairing code."""

    gateway_id: UUID
    hospital_id: str
    name: str
    pairing_expires_at: datetime | None
    token_id: UUID | None
    added_at: datetime
    paired_at: datetime | None
    last_seen_at: datetime | None
    told: dict[str, Any]


_COLUMNS = ", ".join(Gateway.__dataclass_fields__)


def add_gateway(
    cursor: Cursor, gateway_id: UUID, hospital_id: str, name: str, code_hash: bytes, expires_at: datetime, now: datetime
) -> None:
    """Record a gateway that is still to be paired."""
    cursor.execute(
        "INSERT INTO gateway (gateway_id, hospital_id, name, pairing_code_hash, pairing_expires_at, added_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (gateway_id, hospital_id, name, code_hash, expires_at, now),
    )


def take_pairing_code(cursor: Cursor, code_hash: bytes, now: datetime) -> Gateway | None:
    """Use a code up; None for one that is unknown, used or expired. Of two at once one gets the gateway."""
    cursor.execute(
        "UPDATE gateway SET pairing_code_hash = NULL, pairing_expires_at = NULL, paired_at = %s"
        f" WHERE pairing_code_hash = %s AND pairing_expires_at > %s RETURNING {_COLUMNS}",
        (now, code_hash, now),
    )
    row = cursor.fetchone()
    return Gateway(*row) if row else None


def give_token(cursor: Cursor, gateway_id: UUID, token_id: UUID) -> None:
    """From now on the gateway comes with this token."""
    cursor.execute("UPDATE gateway SET token_id = %s WHERE gateway_id = %s", (token_id, gateway_id))


def extend_token(cursor: Cursor, token_id: UUID, expires_at: datetime) -> bool:
    """Let a token that is not revoked live longer."""
    cursor.execute("UPDATE api_token SET expires_at = %s WHERE token_id = %s AND revoked_at IS NULL", (expires_at, token_id))
    return cursor.rowcount == 1


def note_heartbeat(cursor: Cursor, token_id: UUID, told: dict[str, Any], now: datetime) -> UUID | None:
    """Remember what a gateway says of itself; None when the token is no gateway's."""
    cursor.execute("UPDATE gateway SET last_seen_at = %s, told = %s WHERE token_id = %s RETURNING gateway_id", (now, Json(told), token_id))
    row = cursor.fetchone()
    return row[0] if row else None


def list_gateways(cursor: Cursor, hospital_id: str | None) -> list[Gateway]:
    """Those of a hospital, or of all, by name."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM gateway WHERE %s IS NULL OR hospital_id = %s ORDER BY hospital_id, name, added_at",
        (hospital_id, hospital_id),
    )
    return [Gateway(*row) for row in cursor.fetchall()]
