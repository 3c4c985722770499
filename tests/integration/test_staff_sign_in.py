# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in and out: sessions that end, tries that are counted, one-time codes, passwords."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
import requests

from tests.support.instance import APP, Instance, wait_for
from tests.support.staff import Member, add_member

WRONG = "not the password at all"


@pytest.fixture(autouse=True)
def _forget_tries(instance: Instance) -> Iterator[None]:
    """Every client comes from one address: it is all that the loopback has."""
    instance.sql("DELETE FROM wrong_try")
    yield
    instance.sql("DELETE FROM wrong_try")


@pytest.fixture
def doctor(instance: Instance) -> Member:
    return add_member(instance, "doctor", "jia")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def is_signed_in(client: requests.Session) -> bool:
    return client.get("/staff/account").status_code == 200


def test_a_session_begins_with_a_cookie_that_scripts_cannot_read(instance: Instance, doctor: Member) -> None:
    client = instance.client()
    cookies = doctor.try_to_sign_in(client).raw.headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-staff="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))
    assert "李文静" in client.get("/staff/").text
    assert instance.sql("SELECT outcome FROM audit_event WHERE kind = 'signed in' AND actor_id = %s", doctor.account_id) == [("success",)]


def test_without_a_session_every_page_is_the_form_to_sign_in(instance: Instance) -> None:
    for path in ("/staff/", "/staff", "/staff/account", "/staff/users", "/staff/grants", "/staff/tokens", "/staff/audit"):
        page = instance.client().get(path)
        assert page.status_code == 401, path
        assert 'action="/staff/sign-in"' in page.text


@pytest.mark.parametrize("foreign", ["https://elsewhere.example/", "//elsewhere.example/", "/staff/../viewer/", "/exam", "/staff/users?x"])
def test_signing_in_leads_to_no_other_place_than_asked_for_among_ours(instance: Instance, doctor: Member, foreign: str) -> None:
    form = {"login": doctor.login, "password": doctor.password}
    assert instance.client().post("/staff/sign-in", data={**form, "next": "/staff/account"}).headers["Location"] == "/staff/account"
    assert instance.client().post("/staff/sign-in", data={**form, "next": foreign}).headers["Location"] == "/staff/"


def test_an_unknown_login_a_wrong_password_and_a_disabled_account_look_the_same(instance: Instance, doctor: Member) -> None:
    disabled = add_member(instance, "doctor", "jia")
    instance.admin("user", "disable", disabled.login)

    def answer(login: str, password: str) -> tuple[int, str]:
        page = instance.client().post("/staff/sign-in", data={"login": login, "password": password})
        # Every form has a token of its own browser's.
        return page.status_code, re.sub(rf'value="{re.escape(login)}"|name="form_token" value="[^"]*"', "", page.text)

    answers = {answer("nobody-here", WRONG), answer(doctor.login, WRONG), answer(disabled.login, disabled.password), answer("?!", WRONG)}
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_they_take_the_same_time(instance: Instance, doctor: Member) -> None:
    client = instance.client()
    times: dict[str, list[float]] = {"unknown": [], "known": []}
    for number in range(9):
        instance.sql("DELETE FROM wrong_try")
        for name, login in (("unknown", f"nobody-{number}"), ("known", doctor.login)):
            started = time.perf_counter()
            assert client.post("/staff/sign-in", data={"login": login, "password": WRONG}).status_code == 401
            times[name].append(time.perf_counter() - started)
    unknown, known = (statistics.median(times[name]) for name in ("unknown", "known"))
    assert 0.5 < unknown / known < 2.0, times


def test_a_login_that_nobody_has_is_not_written_down(instance: Instance) -> None:
    typed = "my-password-in-the-wrong-field"
    instance.client().post("/staff/sign-in", data={"login": typed, "password": WRONG})
    assert instance.sql("SELECT 1 FROM audit_event WHERE strpos(detail, %s) > 0", typed) == []


def test_a_session_ends_after_idling(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    assert is_signed_in(client)
    instance.sql("UPDATE staff_session SET last_used_at = last_used_at - interval '31 minutes' WHERE account_id = %s", doctor.account_id)
    wait_for(lambda: not is_signed_in(client), timeout_seconds=10)


def test_using_a_session_keeps_it_from_idling_but_not_for_ever(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    instance.sql("UPDATE staff_session SET last_used_at = now() - interval '29 minutes' WHERE account_id = %s", doctor.account_id)
    recent = "SELECT 1 FROM staff_session WHERE account_id = %s AND last_used_at > now() - interval '1 minute'"
    wait_for(lambda: is_signed_in(client) and instance.sql(recent, doctor.account_id), timeout_seconds=10)
    instance.sql("UPDATE staff_session SET began_at = began_at - interval '12 hours 1 minute' WHERE account_id = %s", doctor.account_id)
    wait_for(lambda: not is_signed_in(client), timeout_seconds=10)


def test_signing_out_ends_the_session_and_its_viewers_everywhere(instance: Instance, doctor: Member, stored_study: str) -> None:
    client = doctor.client()
    cookie = client.cookies.get("__Host-staff")
    assert cookie is not None
    token = client.post(f"/staff/studies/{stored_study}/open").headers["Location"].rsplit("token=", 1)[1]
    viewer, thief = instance.client(token), instance.client()
    thief.cookies.set("__Host-staff", cookie, domain="localhost.local", secure=True)
    thief.headers["Cookie"] = f"__Host-staff={cookie}"
    metadata = f"/dicom-web/studies/{stored_study}/metadata"
    assert viewer.get(metadata).status_code == 200
    assert is_signed_in(thief)
    assert client.post("/staff/sign-out").headers["Location"] == "/staff/sign-in"
    assert "__Host-staff" not in client.cookies
    wait_for(lambda: not is_signed_in(thief) and viewer.get(metadata).status_code != 200, timeout_seconds=10)
    assert thief.get(metadata).status_code != 200
    assert instance.sql("SELECT 1 FROM audit_event WHERE kind = 'signed out' AND actor_id = %s", doctor.account_id) == [(1,)]


def test_a_disabled_account_is_signed_out_and_stays_out(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    instance.admin("user", "disable", doctor.login)
    wait_for(lambda: not is_signed_in(client), timeout_seconds=10)
    assert doctor.try_to_sign_in(instance.client()).status_code == 401
    instance.admin("user", "enable", doctor.login)
    assert is_signed_in(doctor.client())
    assert not is_signed_in(client), "what was ended does not come back"


def test_of_forty_guesses_at_once_ten_get_an_answer(instance: Instance, doctor: Member) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: doctor.try_to_sign_in(instance.client(), WRONG), range(40)))
    assert sorted(answer.status_code for answer in answers) == [400] * 30 + [401] * 10
    assert all(0 < int(answer.headers["Retry-After"]) <= 901 for answer in answers if answer.status_code == 400)
    tries = instance.sql("SELECT attempts FROM wrong_try WHERE subject = %s", f"login:{doctor.login}")
    assert tries == [(40,)]
    denied = instance.sql(
        "SELECT count(*) FROM audit_event WHERE kind = 'signed in' AND outcome = 'denied' AND detail LIKE %s", f"%{doctor.login}"
    )
    assert denied == [(11,)], "ten wrong passwords, and once that there were too many"
    assert doctor.try_to_sign_in(instance.client()).status_code == 400, "on a new device not even the right password opens now"


def test_whoever_guesses_a_doctors_login_does_not_lock_the_doctor_out(instance: Instance, doctor: Member) -> None:
    at_work = doctor.client()
    for _ in range(11):
        doctor.try_to_sign_in(instance.client(), WRONG)
    assert is_signed_in(at_work), "a session that goes on is not touched"
    at_work.post("/staff/sign-out")
    assert doctor.try_to_sign_in(at_work).status_code == 303, "the doctor's own device has a budget of its own"
    at_work.post("/staff/sign-out")
    answers = [doctor.try_to_sign_in(at_work, WRONG).status_code for _ in range(12)]
    assert answers == [401] * 10 + [400] * 2, "and that is limited too"


def test_a_device_that_only_others_have_signed_in_from_is_new_to_an_account(instance: Instance, doctor: Member) -> None:
    colleague = add_member(instance, "doctor", "jia")
    client = colleague.client()
    client.post("/staff/sign-out")
    answers = [doctor.try_to_sign_in(instance.client() if number % 2 else client, WRONG).status_code for number in range(12)]
    assert answers == [401] * 10 + [400] * 2


def test_one_network_guessing_at_many_logins_is_stopped(instance: Instance) -> None:
    instance.sql("INSERT INTO wrong_try SELECT 'sign-in network:127.0.0.1', to_timestamp(floor(extract(epoch FROM now()) / 900) * 900), 49")
    client = instance.client()
    answers = [client.post("/staff/sign-in", data={"login": f"nobody-{number}", "password": WRONG}).status_code for number in range(3)]
    assert answers == [401, 400, 400]


def test_right_passwords_use_nothing_up(instance: Instance, doctor: Member) -> None:
    for _ in range(12):
        assert doctor.try_to_sign_in(instance.client()).status_code == 303


def set_up_code(client: requests.Session) -> pyotp.TOTP:
    page = client.post("/staff/account/one-time-code/new").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert secret
    assert "data:image/png;base64," in page
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    pending = hidden(page, "pending")
    assert client.post("/staff/account/one-time-code", data={"pending": pending, "code": "000000"}).status_code == 400
    # The step before this one, so that the next one is still unused.
    code = app.at(int(time.time()) - 30)
    answer = client.post("/staff/account/one-time-code", data={"pending": pending, "code": code})
    assert answer.headers.get("Location") == "/staff/account?done=code", answer.text
    return app


def test_a_one_time_code_is_asked_for_and_opens_once(instance: Instance, doctor: Member) -> None:
    app = set_up_code(doctor.client())
    sealed = instance.sql("SELECT sealed_totp FROM account WHERE account_id = %s", doctor.account_id)[0][0]
    assert app.secret.encode() not in bytes(sealed)

    client = instance.client()
    page = doctor.try_to_sign_in(client)
    assert (page.status_code, "__Host-staff" in client.cookies) == (200, False)
    step, code = hidden(page.text, "step"), app.now()
    assert client.post("/staff/sign-in/code", data={"step": step, "code": "000000"}).status_code == 401
    assert not is_signed_in(client)
    assert client.post("/staff/sign-in/code", data={"step": step, "code": code}).status_code == 303
    assert is_signed_in(client)

    other = instance.client()
    step = hidden(doctor.try_to_sign_in(other).text, "step")
    assert other.post("/staff/sign-in/code", data={"step": step, "code": code}).status_code == 401, "a code that was seen opens nothing"


def test_one_code_sent_by_many_at_once_opens_for_one(instance: Instance, doctor: Member) -> None:
    app = set_up_code(doctor.client())
    step = hidden(doctor.try_to_sign_in(instance.client()).text, "step")
    code = app.now()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: instance.client().post("/staff/sign-in/code", data={"step": step, "code": code}).status_code, range(8))
        )
    assert sorted(answers) == [303] + [401] * 7


def test_guesses_at_a_code_are_counted(instance: Instance, doctor: Member) -> None:
    set_up_code(doctor.client())
    step = hidden(doctor.try_to_sign_in(instance.client()).text, "step")

    def guess(number: int) -> int:
        return instance.client().post("/staff/sign-in/code", data={"step": step, "code": f"{number:06}"}).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(guess, range(30))) == [400] * 20 + [401] * 10


def test_the_step_between_password_and_code_is_no_session_and_no_other_token_is_a_step(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    session = client.cookies.get("__Host-staff")
    set_up_code(client)
    step = hidden(doctor.try_to_sign_in(instance.client()).text, "step")
    for cookie in ("__Host-staff", "__Host-session"):
        assert instance.client().get("/staff/account", headers={"Cookie": f"{cookie}={step}"}).status_code == 401
    assert instance.client(step).get("/dicom-web/studies").status_code == 401
    assert instance.client().post("/staff/sign-in/code", data={"step": session, "code": "000000"}).headers["Location"] == "/staff/sign-in"


def test_removing_the_code_takes_a_code(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    app = set_up_code(client)
    assert client.post("/staff/account/one-time-code/remove", data={"code": "000000"}).status_code == 400
    answer = client.post("/staff/account/one-time-code/remove", data={"code": app.now()})
    assert answer.headers["Location"] == "/staff/account?done=code-removed"
    assert doctor.try_to_sign_in(instance.client()).status_code == 303


def test_another_accounts_pending_secret_is_refused(instance: Instance, doctor: Member) -> None:
    pending = hidden(add_member(instance, "doctor", "jia").client().post("/staff/account/one-time-code/new").text, "pending")
    client = doctor.client()
    for sent in (pending, "", pending[:-4] + "AAAA"):
        assert client.post("/staff/account/one-time-code", data={"pending": sent, "code": "000000"}).status_code == 400


def test_changing_the_password_ends_the_other_sessions(instance: Instance, doctor: Member) -> None:
    here, elsewhere = doctor.client(), doctor.client()
    new = "three herons over the river"

    def change(current: str, first: str, second: str) -> requests.Response:
        return here.post("/staff/account/password", data={"password": current, "new_password": first, "new_password_again": second})

    for refused in (change(WRONG, new, new), change(doctor.password, new, new + "x"), change(doctor.password, "short", "short"),
                    change(doctor.password, doctor.password, doctor.password), change(doctor.password, f"{doctor.login}1", f"{doctor.login}1")):  # fmt: skip
        assert refused.status_code == 400
    assert change(doctor.password, new, new).headers["Location"] == "/staff/account?done=password"
    wait_for(lambda: not is_signed_in(elsewhere), timeout_seconds=10)
    assert is_signed_in(here)
    assert doctor.try_to_sign_in(instance.client()).status_code == 401
    assert doctor.try_to_sign_in(instance.client(), new).status_code == 303


def test_guesses_at_the_password_in_an_open_session_are_counted_and_do_not_end_it(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    form = {"new_password": "three herons over the river", "new_password_again": "three herons over the river"}
    for _ in range(10):
        client.post("/staff/account/password", data={**form, "password": WRONG})
    assert client.post("/staff/account/password", data={**form, "password": doctor.password}).status_code == 400
    assert is_signed_in(client)
    assert doctor.try_to_sign_in(instance.client()).status_code == 303


def test_a_form_of_another_site_signs_nobody_out(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    assert client.post("/staff/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert client.post("/staff/sign-out", headers={"Origin": "https://elsewhere.example"}).status_code == 400
    assert is_signed_in(client)


def admin_with_password(instance: Instance, password: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [APP / "scripts/cloudfilm", "--data", str(instance.data), "user", *arguments, "--password-stdin"]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=f"{password}\n")


def test_the_console_takes_no_weak_password_and_no_hospital_that_does_not_fit(instance: Instance) -> None:
    for password, said in (("short", "at least 12"), ("changeme2026", "everybody tries first"), ("by-console-1", "little more than")):
        refused = admin_with_password(instance, password, "add", "--login", "by-console", "--name", "X", "--role", "operator")
        assert refused.returncode != 0
        assert said in refused.stderr
    for arguments in (["--role", "doctor"], ["--role", "operator", "--hospital", "jia"], ["--role", "doctor", "--hospital", "nowhere"]):
        assert instance.admin("user", "add", "--login", "by-console", "--name", "X", *arguments, check=False).returncode != 0
    assert "by-console" not in {one["login"] for one in instance.admin("user", "list")["accounts"]}


def test_the_console_resets_a_password_and_the_lost_phone(instance: Instance, doctor: Member) -> None:
    client = doctor.client()
    set_up_code(client)
    new = "three herons over the river"
    assert admin_with_password(instance, new, "reset-password", doctor.login, "--clear-one-time-code").returncode == 0
    wait_for(lambda: not is_signed_in(client), timeout_seconds=10)
    assert doctor.try_to_sign_in(instance.client()).status_code == 401
    assert doctor.try_to_sign_in(instance.client(), new).status_code == 303
    done = instance.sql(
        "SELECT 1 FROM audit_event WHERE actor_kind = 'console' AND detail LIKE %s", f"reset the password of {doctor.login}%"
    )
    assert done == [(1,)]
    assert instance.admin("user", "add", "--login", doctor.login, "--name", "X", "--role", "operator", check=False).returncode != 0
