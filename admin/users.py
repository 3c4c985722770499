# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm user: accounts of members of staff. An installation's first account is made here; there is no default one."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import click

from admin.installation import Installation
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import Role
from cloudfilm.access.password import MADE_FROM_BYTES, MINIMUM_LENGTH, SALT_BYTES, PasswordFault, fault_of, hash_password, password_from
from cloudfilm.db.accounts import (
    Account,
    account_with_login,
    add_account,
    disable_account,
    enable_account,
    end_visits_of_account,
    list_accounts,
    normalise_login,
    set_one_time_secret,
    set_password,
)
from cloudfilm.db.database import Cursor
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.staff_devices import forget_devices_of_account

_FAULTS = {
    PasswordFault.TOO_SHORT: f"is too short: at least {MINIMUM_LENGTH} characters",
    PasswordFault.TOO_LONG: "is too long",
    PasswordFault.COMMON: "is one of those that everybody tries first: take several words that do not belong together",
    PasswordFault.ABOUT_ITS_OWNER: "is little more than the login, the name or the hospital",
}


@click.group()
def user() -> None:
    """Members of staff: who may sign in at /staff/."""


@user.command("add")
@click.option("--login", required=True, help="What is typed to sign in: a-z, 0-9 and . _ @ -")
@click.option("--name", required=True, help="The person's name, for example 李文静.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--hospital", "hospital_id", metavar="ID", help="Where the person works; operators work at none.")
@click.option("--password-stdin", is_flag=True, help="Take the password from the standard input instead of making one.")
@click.pass_obj
def user_add(installation: Installation, login: str, name: str, role: str, hospital_id: str | None, password_stdin: bool) -> None:
    """Add an account. A password that is made here is printed this once."""
    known_login = normalise_login(login)
    if known_login is None:
        raise click.BadParameter(f"{login!r}; allowed are 2 to 64 of a-z, 0-9 and . _ @ -", param_hint="--login")
    if not name.strip():
        raise click.BadParameter("must not be empty", param_hint="--name")
    if (Role(role) is Role.OPERATOR) != (hospital_id is None):
        raise click.BadParameter("operators work at no hospital, all others at one", param_hint="--hospital")
    with installation.database.transaction() as cursor:
        words = [known_login, name, *_words_of_hospital(cursor, hospital_id)]
        password = _password(words, password_stdin)
        now = datetime.now(UTC)
        account = Account(uuid4(), hospital_id, known_login, name.strip(), Role(role), now, hash_password(password, os.urandom(SALT_BYTES)))
        if not add_account(cursor, account):
            raise click.ClickException(f"The login {known_login} is taken.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"added the account {known_login} ({role})", hospital_id or "")
    facts = {"account_id": account.account_id, "login": known_login, "role": role, "hospital_id": hospital_id}
    _say_with_password(
        installation, facts, f"{known_login} may sign in at {installation.settings.public_url}/staff/", password, password_stdin
    )


@user.command("list")
@click.pass_obj
def user_list(installation: Installation) -> None:
    """All accounts."""
    with installation.database.transaction() as cursor:
        accounts = list_accounts(cursor)
    lines = "\n".join(
        f"{one.login}\t{one.role}\t{one.hospital_id or '-'}\t{one.full_name}\t{'disabled' if one.disabled_at else 'enabled'}"
        for one in accounts
    )
    facts = [
        {
            "account_id": one.account_id, "login": one.login, "name": one.full_name, "role": one.role, "hospital_id": one.hospital_id,
            "disabled_at": one.disabled_at, "one_time_code": one.sealed_totp is not None,
        }
        for one in accounts
    ]  # fmt: skip
    installation.say({"accounts": facts}, lines or "There is no account yet: add one with `user add`.")


@user.command("disable")
@click.argument("login")
@click.pass_obj
def user_disable(installation: Installation, login: str) -> None:
    """Let nobody in with this account; what it has open ends within seconds."""
    with installation.database.transaction() as cursor:
        account = _account(cursor, login)
        disable_account(cursor, account.account_id, datetime.now(UTC))
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"disabled the account {account.login}", account.hospital_id or "")
    installation.say({"login": account.login, "disabled": True}, f"{account.login} is disabled.")


@user.command("enable")
@click.argument("login")
@click.pass_obj
def user_enable(installation: Installation, login: str) -> None:
    """Let the owner of a disabled account in again."""
    with installation.database.transaction() as cursor:
        account = _account(cursor, login)
        enable_account(cursor, account.account_id)
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"enabled the account {account.login}", account.hospital_id or "")
    installation.say({"login": account.login, "disabled": False}, f"{account.login} is enabled.")


@user.command("reset-password")
@click.argument("login")
@click.option("--clear-one-time-code", is_flag=True, help="Ask for no one-time code any more: the phone is lost.")
@click.option("--password-stdin", is_flag=True, help="Take the password from the standard input instead of making one.")
@click.pass_obj
def user_reset_password(installation: Installation, login: str, clear_one_time_code: bool, password_stdin: bool) -> None:
    """Give an account a new password, which is printed this once, and end its sessions."""
    with installation.database.transaction() as cursor:
        account = _account(cursor, login)
        words = [account.login, account.full_name, *_words_of_hospital(cursor, account.hospital_id)]
        password = _password(words, password_stdin)
        set_password(cursor, account.account_id, hash_password(password, os.urandom(SALT_BYTES)), is_temporary=False)
        forget_devices_of_account(cursor, account.account_id)
        end_visits_of_account(cursor, account.account_id, datetime.now(UTC))
        if clear_one_time_code:
            set_one_time_secret(cursor, account.account_id, None)
        done = f"reset the password of {account.login}" + (" and removed its one-time code" if clear_one_time_code else "")
        installation.record_in(cursor, AuditKind.ADMINISTERED, done, account.hospital_id or "")
    _say_with_password(installation, {"login": account.login}, f"{account.login} has a new password", password, password_stdin)


def _account(cursor: Cursor, login: str) -> Account:
    account = account_with_login(cursor, login.strip().lower())
    if account is None:
        raise click.ClickException(f"There is no account {login!r}.")
    return account


def _words_of_hospital(cursor: Cursor, hospital_id: str | None) -> list[str]:
    if hospital_id is None:
        return []
    known = hospital_named(cursor, hospital_id)
    if known is None:
        raise click.ClickException(f"There is no hospital {hospital_id!r}: add it first with `hospital add`.")
    return [known.hospital_id, known.name]


def _password(own_words: list[str], from_stdin: bool) -> str:
    if not from_stdin:
        return password_from(os.urandom(MADE_FROM_BYTES))
    password = sys.stdin.readline().rstrip("\r\n")
    fault = fault_of(password, own_words)
    if fault is not None:
        raise click.ClickException(f"The password {_FAULTS[fault]}.")
    return password


def _say_with_password(installation: Installation, facts: dict[str, Any], sentence: str, password: str, chosen: bool) -> None:
    if chosen:
        installation.say(facts, sentence + ".")
    else:
        installation.say({**facts, "password": password}, f"{sentence} with this password, which is shown this once:\n{password}")
