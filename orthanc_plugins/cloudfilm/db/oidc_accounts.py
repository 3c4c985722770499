# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts of staff by whom an identity provider vouches for, ``issuer|subject``. No account is ever made here."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.access.holder import Role, StaffHolder
from cloudfilm.db.database import Cursor

_COLUMNS = "account_id, login, full_name, role, hospital_id"
_KEPT = timedelta(hours=1)


def account_of_subject(cursor: Cursor, subject: str, session_id: UUID) -> StaffHolder | None:
    """The account, not disabled, that is linked to this subject, as the holder that its new session makes it."""
    cursor.execute(f"SELECT {_COLUMNS} FROM account WHERE oidc_subject = %s AND disabled_at IS NULL", (subject,))
    return _holder(cursor.fetchone(), session_id)


def link_account_by_login(cursor: Cursor, login: str, subject: str, session_id: UUID) -> StaffHolder | None:
    """Link the account with this login that is linked to nobody yet; None when there is none."""
    cursor.execute(
        "UPDATE account SET oidc_subject = %s WHERE login = %s AND oidc_subject IS NULL AND disabled_at IS NULL"
        f" AND NOT EXISTS (SELECT 1 FROM account WHERE oidc_subject = %s) RETURNING {_COLUMNS}",
        (subject, login, subject),
    )
    return _holder(cursor.fetchone(), session_id)


def link_account(cursor: Cursor, login: str, subject: str | None) -> bool:
    """Link an account to a subject, or to nobody any more; False when there is no such login."""
    cursor.execute("UPDATE account SET oidc_subject = %s WHERE login = %s", (subject, login))
    return cursor.rowcount == 1


def login_of_subject(cursor: Cursor, subject: str) -> str | None:
    """The login, disabled or not, that is linked to this subject."""
    cursor.execute("SELECT login FROM account WHERE oidc_subject = %s", (subject,))
    row = cursor.fetchone()
    return str(row[0]) if row else None


def use_state(cursor: Cursor, state_hash: bytes, now: datetime) -> bool:
    """Use up the state of a sign-in; False when somebody has before."""
    cursor.execute("DELETE FROM used_oidc_state WHERE used_at < %s", (now - _KEPT,))
    cursor.execute("INSERT INTO used_oidc_state (state_hash, used_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", (state_hash, now))
    return cursor.rowcount == 1


def _holder(row: tuple[UUID, str, str, str, str | None] | None, session_id: UUID) -> StaffHolder | None:
    if row is None:
        return None
    account_id, login, full_name, role, hospital_id = row
    return StaffHolder(account_id, login, full_name, Role(role), hospital_id, session_id, closed=False)
