# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts of the hospital, for its administrators; of administrators and operators, for operators."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import Role, StaffHolder
from cloudfilm.access.managed_accounts import managed_roles, may_manage
from cloudfilm.access.password import MADE_FROM_BYTES, SALT_BYTES, hash_password, password_from
from cloudfilm.access.policy import Action
from cloudfilm.db.accounts import (
    Account,
    account_with_id,
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
from cloudfilm.db.hospitals import hospital_named, list_hospitals
from cloudfilm.db.staff_devices import forget_devices_of_account
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker, new_id
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

users = Blueprint("staff_users", __name__, url_prefix="/staff/users")


@users.get("")
def show_users() -> Response:
    """The accounts, and a form for another."""
    return _page(member_who_may(Action.MANAGE_ACCOUNTS))


@users.post("")
def take_user() -> Response:
    """Add an account. Its first password is made here and shown this once; its owner chooses another when signing in."""
    holder = member_who_may(Action.MANAGE_ACCOUNTS)
    filled = {name: request.form.get(name, "").strip()[:100] for name in ("login", "full_name", "role", "hospital_id")}
    login, role = normalise_login(filled["login"]), next((role for role in managed_roles(holder) if role == filled["role"]), None)
    hospital_id = holder.hospital_id if holder.hospital_id is not None else filled["hospital_id"] or None
    trouble = "login" if login is None else "name" if not filled["full_name"] else "role" if role is None else None
    if trouble is None and (role is Role.OPERATOR) != (hospital_id is None):
        trouble = "hospital"
    if login is None or role is None or trouble is not None:
        return _page(holder, 400, trouble=trouble, filled=filled)
    password = password_from(services().entropy(MADE_FROM_BYTES))
    hashed = hash_password(password, services().entropy(SALT_BYTES))
    account = Account(
        new_id(), hospital_id, login, filled["full_name"], role, services().clock(), password_hash=hashed, password_is_temporary=True
    )
    with services().database.transaction() as cursor:
        if hospital_id is not None and hospital_named(cursor, hospital_id) is None:
            trouble = "hospital"
        elif not add_account(cursor, account):
            trouble = "taken"
        else:
            _record(cursor, holder, f"added the account {login} ({role})")
    if trouble is not None:
        return _page(holder, 400, trouble=trouble, filled=filled)
    return staff_page("staff/password_issued.html", holder, login=login, password=password)


@users.post("/<uuid:account_id>/disable")
def disable(account_id: UUID) -> Response:
    """Let nobody in with this account; what it has open ends within seconds."""
    holder = member_who_may(Action.MANAGE_ACCOUNTS)
    with services().database.transaction() as cursor:
        other = _managed(cursor, holder, account_id)
        disable_account(cursor, other.account_id, services().clock())
        _record(cursor, holder, f"disabled the account {other.login}")
    return to_page("/staff/users")


@users.post("/<uuid:account_id>/enable")
def enable(account_id: UUID) -> Response:
    """Let its owner in again."""
    holder = member_who_may(Action.MANAGE_ACCOUNTS)
    with services().database.transaction() as cursor:
        other = _managed(cursor, holder, account_id)
        enable_account(cursor, other.account_id)
        _record(cursor, holder, f"enabled the account {other.login}")
    return to_page("/staff/users")


@users.post("/<uuid:account_id>/reset")
def reset(account_id: UUID) -> Response:
    """A new password, shown this once; with ``clear_one_time_code`` no code is asked for any more."""
    holder = member_who_may(Action.MANAGE_ACCOUNTS)
    clear = request.form.get("clear_one_time_code") == "yes"
    password = password_from(services().entropy(MADE_FROM_BYTES))
    hashed = hash_password(password, services().entropy(SALT_BYTES))
    with services().database.transaction() as cursor:
        other = _managed(cursor, holder, account_id)
        set_password(cursor, other.account_id, hashed, is_temporary=True)
        forget_devices_of_account(cursor, other.account_id)
        end_visits_of_account(cursor, other.account_id, services().clock())
        if clear:
            set_one_time_secret(cursor, other.account_id, None)
        _record(cursor, holder, f"reset the password of {other.login}" + (" and removed its one-time code" if clear else ""))
    return staff_page("staff/password_issued.html", holder, login=other.login, password=password)


@users.get("/<uuid:account_id>/<any(disable, enable, reset):_what>")
def show_start(account_id: UUID, _what: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del account_id
    return to_page("/staff/users")


def _managed(cursor: Cursor, holder: StaffHolder, account_id: UUID) -> Account:
    """An account that this member manages, and not the own one: nobody locks the own door."""
    found = account_with_id(cursor, account_id)
    if found is None or found.account_id == holder.account_id or not may_manage(holder, found.role, found.hospital_id):
        raise NotFound
    return found


def _record(cursor: Cursor, holder: StaffHolder, detail: str) -> None:
    trail = services().audit_trail
    trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))


def _page(holder: StaffHolder, status: int = 200, **values: object) -> Response:
    with services().database.transaction() as cursor:
        accounts = list_accounts(cursor, managed_roles(holder), holder.hospital_id)
        hospitals = list_hospitals(cursor) if holder.role is Role.OPERATOR else []
    shown = {"accounts": accounts, "hospitals": hospitals, "roles": managed_roles(holder), "filled": {}, **values}
    return staff_page("staff/users.html", holder, status, **shown)
