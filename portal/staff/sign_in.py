# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in by login and password, a one-time code where the account asks for it, and a password of one's own where it has none yet."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, render_template, request

from cloudfilm.access.one_time_code import time_step_of
from cloudfilm.access.password import SALT_BYTES, fault_of, hash_password, is_right, needs_new_hash
from cloudfilm.access.token import SignInToken, issue_token, read_token
from cloudfilm.db.accounts import Account, account_with_id, account_with_login, normalise_login, set_password, use_time_step
from cloudfilm.db.staff_devices import has_signed_in_from
from cloudfilm.storage.sealing import unseal
from portal.services import services
from portal.session import known_device, member_of_staff, new_id
from portal.staff.own_words import own_words
from portal.staff.page import to_page
from portal.staff.signing_in import begin_session, end_session, page_after, refuse_session
from portal.staff.tries import Refused, budget_of_code, budgets_of_login, forgive, spend

sign_in = Blueprint("sign_in", __name__, url_prefix="/staff")
LONGEST_FIELD = 1000
_STEP_LIFETIME = timedelta(minutes=5)


@sign_in.get("/sign-in")
def show_sign_in() -> Response:
    """The form; whoever is signed in goes on."""
    return to_page("/staff/") if member_of_staff() else _form("sign_in", next=page_after(request.args.get("next", "")))


@sign_in.post("/sign-in")
def take_sign_in() -> Response:
    """Unknown logins, disabled accounts and wrong passwords get the same answer after the same time."""
    typed, password, wanted = _field("login"), _field("password"), page_after(_field("next"))
    login, device = normalise_login(typed), known_device()
    with services().database.transaction() as cursor:
        account = account_with_login(cursor, login) if login else None
        is_known = account is not None and device is not None and has_signed_in_from(cursor, account.account_id, device.device_id)
    budgets = budgets_of_login(login, device.device_id if device and is_known else None)
    refused = spend(budgets)
    if refused is not None:
        return _refuse(refused, account, "sign_in", next=wanted)
    may_enter = account is not None and account.disabled_at is None
    if not is_right(password, account.password_hash if account and may_enter else None) or account is None:
        refuse_session(account, "wrong password" if may_enter or account is None else "disabled account")
        return _form("sign_in", 401, next=wanted, login=typed[:64], trouble="wrong")
    forgive(budgets)
    if account.password_hash is not None and needs_new_hash(account.password_hash):
        with services().database.transaction() as cursor:
            hashed = hash_password(password, services().entropy(SALT_BYTES))
            set_password(cursor, account.account_id, hashed, account.password_is_temporary)
    return _next_step(account, wanted, code_given=False)


@sign_in.get("/sign-in/code")
@sign_in.get("/sign-in/password")
def show_start() -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    return to_page("/staff/sign-in")


@sign_in.post("/sign-in/code")
def take_code() -> Response:
    """The one-time code, after the password. Each time step opens once."""
    found, wanted = _step(), page_after(_field("next"))
    if found is None or found[0].sealed_totp is None:
        return to_page("/staff/sign-in")
    account, _ = found
    budgets = budget_of_code(account.account_id)
    refused = spend(budgets)
    if refused is not None:
        return _refuse(refused, account, "one_time_code", next=wanted, step=_field("step"))
    if _is_right_code(account):
        forgive(budgets)
        return _next_step(account, wanted, code_given=True)
    refuse_session(account, "wrong one-time code")
    return _form("one_time_code", 401, next=wanted, step=_field("step"), trouble="wrong")


@sign_in.post("/sign-in/password")
def take_new_password() -> Response:
    """A password of one's own, in place of one that somebody else has set."""
    found, wanted = _step(), page_after(_field("next"))
    if found is None or not found[0].password_is_temporary or (found[0].sealed_totp is not None and not found[1].code_given):
        return to_page("/staff/sign-in")
    account, password = found[0], _field("new_password")
    fault: str | None = fault_of(password, own_words(account.login, account.full_name, account.hospital_id))
    if is_right(password, account.password_hash):
        fault = "the same"
    if password != _field("new_password_again"):
        fault = "not the same twice"
    if fault is not None:
        return _form("choose_password", 400, next=wanted, step=_field("step"), fault=fault)
    with services().database.transaction() as cursor:
        set_password(cursor, account.account_id, hash_password(password, services().entropy(SALT_BYTES)), is_temporary=False)
    return begin_session(account, wanted)


@sign_in.post("/sign-out")
def sign_out() -> Response:
    """The session ends everywhere."""
    holder = member_of_staff()
    return end_session(holder) if holder is not None else to_page("/staff/sign-in")


def _next_step(account: Account, wanted: str, code_given: bool) -> Response:
    """What is left to do: a code, a password of one's own, or nothing."""
    if account.sealed_totp is not None and not code_given:
        return _form("one_time_code", next=wanted, step=_token(account, code_given=False))
    if account.password_is_temporary:
        return _form("choose_password", next=wanted, step=_token(account, code_given))
    return begin_session(account, wanted)


def _is_right_code(account: Account) -> bool:
    """Whether the typed code is right, and this is the one time that it opens."""
    secret = unseal(account.sealed_totp or b"", services().key_ring).decode("ascii")
    step = time_step_of(_field("code"), secret, services().clock(), account.totp_last)
    if step is None:
        return False
    with services().database.transaction() as cursor:
        return use_time_step(cursor, account.account_id, step)


def _token(account: Account, code_given: bool) -> str:
    parts = services()
    return issue_token(SignInToken(account.account_id, code_given), parts.key_ring, parts.clock(), _STEP_LIFETIME, new_id())


def _step() -> tuple[Account, SignInToken] | None:
    """Whose signing in is going on; None when it took too long or the account was disabled."""
    token = read_token(_field("step"), services().key_ring, services().clock())
    if not isinstance(token, SignInToken):
        return None
    with services().database.transaction() as cursor:
        account = account_with_id(cursor, token.account_id)
    return (account, token) if account is not None and account.disabled_at is None else None


def _refuse(refused: Refused, account: Account | None, template: str, **values: str) -> Response:
    if refused.first:
        refuse_session(account, "too many tries")
    # To people the page matters, not the number; a 429 would be answered by nginx without it.
    response = _form(template, 400, trouble="too many", minutes=refused.minutes, **values)
    response.headers["Retry-After"] = str(refused.retry_after_seconds)
    return response


def _form(template: str, status: int = 200, **values: str | int) -> Response:
    offered = services().staff_sign_in is not None
    response = Response(render_template(f"staff/{template}.html", identity_provider=offered, **values), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_FIELD]
