# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts of members of staff."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cloudfilm.access.holder import Role
from cloudfilm.db.database import Cursor
from cloudfilm.db.staff_sessions import end_sessions_of_account

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class Account:
    """One row of ``account``. ``hospital_id`` is None for operators only; ``sealed_totp`` opens by `cloudfilm.storage.sealing`."""

    account_id: UUID
    hospital_id: str | None
    login: str
    full_name: str
    role: Role
    created_at: datetime
    password_hash: str | None = field(default=None, repr=False)
    password_is_temporary: bool = False
    sealed_totp: bytes | None = field(default=None, repr=False)
    totp_last: int = 0
    disabled_at: datetime | None = None


_COLUMNS = ", ".join(Account.__dataclass_fields__)


def normalise_login(typed: str) -> str | None:
    """A login as it is stored, None for what cannot be one."""
    login = typed.strip().lower()
    return login if _LOGIN.fullmatch(login) else None


def add_account(cursor: Cursor, account: Account) -> bool:
    """Insert an account; False when the login is taken."""
    cursor.execute(
        "INSERT INTO account (account_id, hospital_id, login, full_name, role, created_at, password_hash, password_is_temporary)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (login) DO NOTHING",
        (
            account.account_id, account.hospital_id, account.login, account.full_name, account.role, account.created_at,
            account.password_hash, account.password_is_temporary,
        ),
    )  # fmt: skip
    return cursor.rowcount == 1


def account_with_id(cursor: Cursor, account_id: UUID) -> Account | None:
    """The account of a session."""
    return _one(cursor, "account_id = %s", account_id)


def account_with_login(cursor: Cursor, login: str) -> Account | None:
    """The account that somebody signs in to."""
    return _one(cursor, "login = %s", login)


def list_accounts(cursor: Cursor, roles: Collection[Role] = tuple(Role), hospital_id: str | None = None) -> list[Account]:
    """Accounts of these roles, of one hospital or of all, by hospital and login."""
    condition = "role = ANY(%s)" + ("" if hospital_id is None else " AND hospital_id = %s")
    values = ([str(role) for role in roles], *([] if hospital_id is None else [hospital_id]))
    return _many(cursor, condition + " ORDER BY hospital_id NULLS FIRST, login", *values)


def set_password(cursor: Cursor, account_id: UUID, password_hash: str, is_temporary: bool) -> None:
    """Replace the password."""
    cursor.execute(
        "UPDATE account SET password_hash = %s, password_is_temporary = %s WHERE account_id = %s", (password_hash, is_temporary, account_id)
    )


def set_one_time_secret(cursor: Cursor, account_id: UUID, sealed_totp: bytes | None, last_used: int = 0) -> None:
    """Ask for one-time codes from now on, or, with None, no more."""
    cursor.execute("UPDATE account SET sealed_totp = %s, totp_last = %s WHERE account_id = %s", (sealed_totp, last_used, account_id))


def use_time_step(cursor: Cursor, account_id: UUID, step: int) -> bool:
    """Use up a one-time code's time step; False when it, or a later one, was used before. Atomic: of two at once one is refused."""
    cursor.execute("UPDATE account SET totp_last = %s WHERE account_id = %s AND totp_last < %s", (step, account_id, step))
    return cursor.rowcount == 1


def disable_account(cursor: Cursor, account_id: UUID, now: datetime) -> None:
    """Let nobody in with this account, and end what it has open."""
    cursor.execute("UPDATE account SET disabled_at = coalesce(disabled_at, %s) WHERE account_id = %s", (now, account_id))
    end_visits_of_account(cursor, account_id, now)


def enable_account(cursor: Cursor, account_id: UUID) -> None:
    """Let its owner in again."""
    cursor.execute("UPDATE account SET disabled_at = NULL WHERE account_id = %s", (account_id,))


def end_visits_of_account(cursor: Cursor, account_id: UUID, now: datetime, but: UUID | None = None) -> None:
    """End all of an account's sessions but one, and the launches of the viewer: an open viewer goes on by a session alone."""
    end_sessions_of_account(cursor, account_id, now, but)
    close_launches(cursor, account_id, now)


def close_launches(cursor: Cursor, account_id: UUID, now: datetime) -> None:
    """Revoke the grants that were made for an account to open the viewer with."""
    cursor.execute(
        "UPDATE access_grant SET revoked_at = %s, revoked_by = 'the end of the session' WHERE account_id = %s AND revoked_at IS NULL",
        (now, account_id),
    )


def _one(cursor: Cursor, condition: str, value: object) -> Account | None:
    found = _many(cursor, condition, value)
    return found[0] if found else None


def _many(cursor: Cursor, condition: str, *values: object) -> list[Account]:
    cursor.execute(f"SELECT {_COLUMNS} FROM account WHERE {condition}", values)
    return [_from_row(row) for row in cursor.fetchall()]


def _from_row(row: tuple[Any, ...]) -> Account:
    account_id, hospital_id, login, full_name, role, created_at, password_hash, is_temporary, sealed_totp, *rest = row
    sealed = bytes(sealed_totp) if sealed_totp is not None else None
    return Account(account_id, hospital_id, login, full_name, Role(role), created_at, password_hash, is_temporary, sealed, *rest)
