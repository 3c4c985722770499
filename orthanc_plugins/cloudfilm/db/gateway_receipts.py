# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts that gateways were given: what they may still hold, and what has been in the archive for sure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from psycopg2.extras import execute_values

from cloudfilm.db.database import Cursor


def note_receipts(cursor: Cursor, token_id: UUID, given: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Remember receipts, each the UIDs of study and instance and the SHA-256 in hexadecimal; a token that is no gateway's has none."""
    cursor.execute("SELECT gateway_id FROM gateway WHERE token_id = %s", (token_id,))
    row = cursor.fetchone()
    rows = {(study, sop): (row[0], study, sop, bytes.fromhex(sha256), now) for study, sop, sha256 in given} if row else {}
    if rows:
        execute_values(
            cursor,
            "INSERT INTO gateway_receipt (gateway_id, study_instance_uid, sop_instance_uid, sha256, given_at) VALUES %s"
            " ON CONFLICT (gateway_id, study_instance_uid, sop_instance_uid) DO UPDATE SET sha256 = excluded.sha256, given_at = excluded.given_at",
            [rows[key] for key in sorted(rows)],
        )


def receipts_of(cursor: Cursor, gateway_id: UUID, study_instance_uid: str, since: datetime) -> dict[str, str]:
    """SHA-256 by SOPInstanceUID of the receipts for a study that were given since."""
    cursor.execute(
        "SELECT sop_instance_uid, encode(sha256, 'hex') FROM gateway_receipt"
        " WHERE gateway_id = %s AND study_instance_uid = %s AND given_at >= %s",
        (gateway_id, study_instance_uid, since),
    )
    return dict(cursor.fetchall())


def studies_with_receipts(cursor: Cursor, gateway_id: UUID, since: datetime) -> list[str]:
    """Studies that a gateway was given receipts for since."""
    cursor.execute(
        "SELECT DISTINCT study_instance_uid FROM gateway_receipt WHERE gateway_id = %s AND given_at >= %s ORDER BY study_instance_uid",
        (gateway_id, since),
    )
    return [row[0] for row in cursor.fetchall()]


def forget_receipts(cursor: Cursor, before: datetime) -> None:
    """Delete those that no gateway holds images for any more."""
    cursor.execute("DELETE FROM gateway_receipt WHERE given_at < %s", (before,))
