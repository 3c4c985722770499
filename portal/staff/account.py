# SPDX-License-Identifier: AGPL-3.0-or-later
"""One's own account: another password, and one-time codes from an app."""

from __future__ import annotations

import base64
import json
from uuid import UUID

from cryptography.fernet import InvalidToken
from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.one_time_code import SECRET_BYTES, address_for_app, one_time_secret_from, time_step_of
from cloudfilm.access.password import SALT_BYTES, fault_of, hash_password, is_right
from cloudfilm.db.accounts import Account, account_with_id, end_visits_of_account, set_one_time_secret, set_password
from cloudfilm.errors import BadRequest, NotFound
from cloudfilm.reports.qr_code import qr_png
from cloudfilm.storage.sealing import seal, unseal
from portal.services import services
from portal.session import asker
from portal.staff.member import member
from portal.staff.own_words import own_words
from portal.staff.page import staff_page, to_page
from portal.staff.tries import budget_of_change, forgive, spend

account = Blueprint("staff_account", __name__, url_prefix="/staff/account")
_ISSUER = "CloudFilm"
_LONGEST_FIELD = 1000


@account.get("")
def show_account() -> Response:
    """What can be changed; ``?done=`` says what just was."""
    holder = member()
    return _page(holder, _own(holder), done=request.args.get("done", ""))


@account.post("/password")
def change_password() -> Response:
    """Another password. Every other session of the account ends."""
    holder = member()
    own, password = _own(holder), _field("new_password")
    trouble = _trouble_with(own, password)
    if trouble is not None:
        return _page(holder, own, status=400, password_trouble=trouble)
    trail, now = services().audit_trail, services().clock()
    with services().database.transaction() as cursor:
        set_password(cursor, own.account_id, hash_password(password, services().entropy(SALT_BYTES)), is_temporary=False)
        end_visits_of_account(cursor, own.account_id, now, but=holder.session_id)
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail="changed the own password"))
    return to_page("/staff/account?done=password")


@account.get("/password")
@account.get("/one-time-code")
@account.get("/one-time-code/remove")
def show_start() -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    return to_page("/staff/account")


@account.post("/one-time-code/new")
def make_one_time_code() -> Response:
    """A new secret as a QR code: nothing is stored before a code from the app shows that it has arrived there."""
    holder = member()
    secret = one_time_secret_from(services().entropy(SECRET_BYTES))
    return _set_up_page(holder, secret)


@account.get("/one-time-code/new")
def show_one_time_code() -> Response:
    """The same by a link, after a reload or a change of language."""
    return make_one_time_code()


@account.post("/one-time-code")
def take_one_time_code() -> Response:
    """Ask for codes from now on, if this one is right."""
    holder = member()
    own, secret = _own(holder), _pending(holder)
    if own.sealed_totp is not None:
        return to_page("/staff/account")
    step = time_step_of(_field("code"), secret, services().clock(), last_used=0)
    if step is None:
        return _set_up_page(holder, secret, status=400, trouble=True)
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        set_one_time_secret(cursor, own.account_id, seal(secret.encode("ascii"), services().key_ring), step)
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail="set up one-time codes"))
    return to_page("/staff/account?done=code")


@account.post("/one-time-code/remove")
def remove_one_time_code() -> Response:
    """Ask for no codes any more; a last one shows whose wish that is."""
    holder = member()
    own = _own(holder)
    if own.sealed_totp is None:
        return to_page("/staff/account")
    budgets = budget_of_change(own.account_id)
    if (refused := spend(budgets)) is not None:
        return _page(holder, own, status=400, code_trouble="too many", minutes=refused.minutes)
    secret = unseal(own.sealed_totp, services().key_ring).decode("ascii")
    if time_step_of(_field("code"), secret, services().clock(), own.totp_last) is None:
        return _page(holder, own, status=400, code_trouble="wrong")
    forgive(budgets)
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        set_one_time_secret(cursor, own.account_id, None)
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail="removed one-time codes"))
    return to_page("/staff/account?done=code-removed")


def _trouble_with(own: Account, password: str) -> str | None:
    """Why the password is not changed. Wrong current passwords are counted: a session that was left open is not the password."""
    budgets = budget_of_change(own.account_id)
    if spend(budgets) is not None:
        return "too many"
    if not is_right(_field("password"), own.password_hash):
        return "wrong"
    forgive(budgets)
    if password != _field("new_password_again"):
        return "not the same twice"
    if password == _field("password"):
        return "the same"
    return fault_of(password, own_words(own.login, own.full_name, own.hospital_id))


def _set_up_page(holder: StaffHolder, secret: str, status: int = 200, trouble: bool = False) -> Response:
    """The secret goes with the form, sealed together with whose it is."""
    pending = seal(json.dumps([str(holder.account_id), secret]).encode("ascii"), services().key_ring).decode("ascii")
    picture = base64.b64encode(qr_png(address_for_app(secret, holder.login, _ISSUER), 6)).decode("ascii")
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return staff_page("staff/one_time_code_new.html", holder, status, pending=pending, picture=picture, secret=grouped, trouble=trouble)


def _pending(holder: StaffHolder) -> str:
    try:
        account_id, secret = json.loads(unseal(_field("pending").encode("ascii"), services().key_ring))
        if UUID(account_id) != holder.account_id:
            raise BadRequest("The form is not this account's.")
        return str(secret)
    except (InvalidToken, UnicodeEncodeError, ValueError, TypeError) as error:
        raise BadRequest("The form was changed on its way.") from error


def _own(holder: StaffHolder) -> Account:
    with services().database.transaction() as cursor:
        found = account_with_id(cursor, holder.account_id)
    if found is None:
        raise NotFound
    return found


def _page(holder: StaffHolder, own: Account, status: int = 200, **values: object) -> Response:
    return staff_page("staff/account.html", holder, status, own=own, **values)


def _field(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST_FIELD]
