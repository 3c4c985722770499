# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gateways: the boxes in hospitals, the code that pairs each once, and what it last said of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor

# Ten heartbeats.
SILENT_AFTER = timedelta(minutes=5)


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
    comparison_asked_at: datetime | None = None
    inventory_told_at: datetime | None = None
    silent_since: datetime | None = None


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


def note_heartbeat(cursor: Cursor, token_id: UUID, told: dict[str, Any], now: datetime) -> Gateway | None:
    """Remember what a gateway says of itself; how it was before, None when the token is no gateway's."""
    cursor.execute(f"SELECT {_COLUMNS} FROM gateway WHERE token_id = %s FOR UPDATE", (token_id,))
    row = cursor.fetchone()
    cursor.execute("UPDATE gateway SET last_seen_at = %s, told = %s, silent_since = NULL WHERE token_id = %s", (now, Json(told), token_id))
    return Gateway(*row) if row else None


def gateway_of_token(cursor: Cursor, token_id: UUID) -> Gateway | None:
    """Whose token it is."""
    cursor.execute(f"SELECT {_COLUMNS} FROM gateway WHERE token_id = %s", (token_id,))
    row = cursor.fetchone()
    return Gateway(*row) if row else None


def gateway_with_id(cursor: Cursor, gateway_id: UUID) -> Gateway | None:
    """The gateway with this identifier."""
    cursor.execute(f"SELECT {_COLUMNS} FROM gateway WHERE gateway_id = %s", (str(gateway_id),))
    row = cursor.fetchone()
    return Gateway(*row) if row else None


def ask_for_comparison(cursor: Cursor, hospital_id: str, gateway_id: UUID, now: datetime) -> bool:
    """The gateway is to tell what it holds, without waiting for the night."""
    cursor.execute(
        "UPDATE gateway SET comparison_asked_at = %s WHERE hospital_id = %s AND gateway_id = %s AND paired_at IS NOT NULL",
        (now, hospital_id, str(gateway_id)),
    )
    return cursor.rowcount == 1


def note_inventory(cursor: Cursor, gateway_id: UUID, began_at: datetime, now: datetime) -> None:
    """It has told everything that it held when it began."""
    cursor.execute(
        "UPDATE gateway SET inventory_told_at = %s, comparison_asked_at = CASE WHEN comparison_asked_at > %s THEN comparison_asked_at END"
        " WHERE gateway_id = %s",
        (now, began_at, str(gateway_id)),
    )


_TRUSTED = "EXISTS (SELECT FROM api_token t WHERE t.token_id = gateway.token_id AND t.revoked_at IS NULL)"


def note_silent_gateways(cursor: Cursor, heard_before: datetime) -> list[Gateway]:
    """Gateways that have fallen silent since this was asked last; one that was shut out is not missed."""
    cursor.execute(
        f"UPDATE gateway SET silent_since = last_seen_at WHERE last_seen_at < %s AND silent_since IS NULL AND {_TRUSTED} RETURNING {_COLUMNS}",
        (heard_before,),
    )
    return [Gateway(*row) for row in cursor.fetchall()]


def silent_gateways(cursor: Cursor, heard_before: datetime, hospital_id: str | None = None) -> list[Gateway]:
    """Gateways that were heard of once, and now are not: of a hospital, or of all."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM gateway WHERE last_seen_at < %s AND (%s IS NULL OR hospital_id = %s) AND {_TRUSTED} ORDER BY hospital_id, name",
        (heard_before, hospital_id, hospital_id),
    )
    return [Gateway(*row) for row in cursor.fetchall()]


def list_gateways(cursor: Cursor, hospital_id: str | None) -> list[Gateway]:
    """Those of a hospital, or of all, by name."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM gateway WHERE %s IS NULL OR hospital_id = %s ORDER BY hospital_id, name, added_at",
        (hospital_id, hospital_id),
    )
    return [Gateway(*row) for row in cursor.fetchall()]
