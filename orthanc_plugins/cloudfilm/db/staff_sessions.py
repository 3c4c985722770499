# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions of members of staff: they end by themselves after idling and after a working day, and at once when somebody ends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.access.holder import Role, StaffHolder
from cloudfilm.db.database import Cursor

_NOTED_AGAIN_AFTER = timedelta(seconds=30)


def begin_staff_session(cursor: Cursor, session_id: UUID, account_id: UUID, now: datetime) -> None:
    """Somebody has signed in."""
    cursor.execute(
        "INSERT INTO staff_session (session_id, account_id, began_at, last_used_at) VALUES (%s, %s, %s, %s)",
        (session_id, account_id, now, now),
    )


def staff_holder(cursor: Cursor, session_id: UUID, now: datetime, idle: timedelta, absolute: timedelta) -> StaffHolder | None:
    """Whose session this is, and whether it is still going on; being asked keeps it from idling."""
    cursor.execute(
        "SELECT account_id, login, full_name, role, hospital_id, began_at, last_used_at, ended_at, disabled_at"
        " FROM staff_session JOIN account USING (account_id) WHERE session_id = %s",
        (session_id,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    account_id, login, full_name, role, hospital_id, began_at, last_used_at, ended_at, disabled_at = row
    closed = ended_at is not None or disabled_at is not None or now >= began_at + absolute or now >= last_used_at + idle
    if not closed and now >= last_used_at + _NOTED_AGAIN_AFTER:
        cursor.execute("UPDATE staff_session SET last_used_at = %s WHERE session_id = %s", (now, session_id))
    return StaffHolder(account_id, login, full_name, Role(role), hospital_id, session_id, closed)


def end_staff_session(cursor: Cursor, session_id: UUID, now: datetime) -> None:
    """Somebody has signed out."""
    cursor.execute("UPDATE staff_session SET ended_at = coalesce(ended_at, %s) WHERE session_id = %s", (now, session_id))


def end_sessions_of_account(cursor: Cursor, account_id: UUID, now: datetime, but: UUID | None = None) -> None:
    """End every session of an account, all but one: its password changed, or it was disabled."""
    cursor.execute(
        "UPDATE staff_session SET ended_at = %s WHERE account_id = %s AND ended_at IS NULL AND session_id IS DISTINCT FROM %s",
        (now, account_id, but),
    )


def delete_old_staff_sessions(cursor: Cursor, began_before: datetime) -> None:
    """Forget sessions that ended long ago."""
    cursor.execute("DELETE FROM staff_session WHERE began_at < %s", (began_before,))
