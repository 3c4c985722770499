# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searches of the study list that a member of staff keeps under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value

MOST = 20


@dataclass(frozen=True, slots=True)
class StaffFilter:
    """One of them; ``search`` are the fields of the form."""

    filter_id: UUID
    name: str
    search: dict[str, str]


def filters_of(cursor: Cursor, account_id: UUID) -> list[StaffFilter]:
    """What an account keeps, the oldest first."""
    cursor.execute(
        "SELECT filter_id, name, search FROM staff_filter WHERE account_id = %s AND removed_at IS NULL ORDER BY created_at, filter_id",
        (account_id,),
    )
    return [StaffFilter(*row) for row in cursor.fetchall()]


def add_filter(cursor: Cursor, account_id: UUID, one: StaffFilter, now: datetime) -> bool:
    """Keep a search; one of the same name is replaced. False when there are `MOST` already."""
    cursor.execute("SELECT FROM account WHERE account_id = %s FOR UPDATE", (account_id,))
    cursor.execute(
        "DELETE FROM staff_filter WHERE account_id = %s AND (name = %s OR removed_at < %s - interval '1 day')", (account_id, one.name, now)
    )
    cursor.execute("SELECT count(*) FROM staff_filter WHERE account_id = %s AND removed_at IS NULL", (account_id,))
    if int(only_value(cursor)) >= MOST:
        return False
    cursor.execute(
        "INSERT INTO staff_filter (filter_id, account_id, name, search, created_at) VALUES (%s, %s, %s, %s, %s)",
        (one.filter_id, account_id, one.name, Json(one.search), now),
    )
    return True


def set_removed(cursor: Cursor, account_id: UUID, filter_id: UUID, removed_at: datetime | None) -> bool:
    """Take one out of the list, or with None back into it; False when the account has no such filter."""
    cursor.execute("UPDATE staff_filter SET removed_at = %s WHERE account_id = %s AND filter_id = %s", (removed_at, account_id, filter_id))
    return cursor.rowcount == 1


def removed_filter(cursor: Cursor, account_id: UUID, filter_id: UUID) -> StaffFilter | None:
    """One that was removed and can be taken back."""
    cursor.execute(
        "SELECT filter_id, name, search FROM staff_filter WHERE account_id = %s AND filter_id = %s AND removed_at IS NOT NULL",
        (account_id, filter_id),
    )
    row = cursor.fetchone()
    return StaffFilter(*row) if row else None
