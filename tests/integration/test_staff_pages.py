# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each role sees and does, at its own hospital only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid
from tests.support.staff import Member, add_member


@pytest.fixture(autouse=True)
def _forget_tries(instance: Instance) -> Iterator[None]:
    instance.sql("DELETE FROM wrong_try")
    yield
    instance.sql("DELETE FROM wrong_try")


@pytest.fixture(scope="module")
def staff(instance: Instance) -> dict[str, Member]:
    """One of each role at 甲, ``other …`` at 乙, and an operator."""
    instance.sql("DELETE FROM wrong_try")
    found = {role: add_member(instance, role, "jia") for role in ("doctor", "registrar", "administrator")}
    found |= {f"other {role}": add_member(instance, role, "yi") for role in ("doctor", "registrar", "administrator")}
    return found | {"operator": add_member(instance, "operator")}


@pytest.fixture(scope="module")
def issued(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A matched report of 甲: what POST /api/v1/reports answered."""
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path_factory.mktemp("staff"), "staffed"))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid("staffed")))
    client = instance.client(instance.token("jia", "reports"))
    answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("staffed"))}).json()
    assert answer["status"] == "matched"
    return answer


MAY = {
    "doctor": {"studies"},
    "registrar": {"studies", "grants"},
    "administrator": {"studies", "grants", "users", "tokens", "audit"},
    "operator": {"users", "audit"},
}


@pytest.mark.parametrize("role", MAY)
def test_a_page_that_is_not_the_roles_does_not_exist(staff: dict[str, Member], role: str) -> None:
    client = staff[role].client()
    home = client.get("/staff/").text
    for name in ("grants", "users", "tokens", "audit"):
        page = client.get(f"/staff/{name}")
        assert page.status_code == (200 if name in MAY[role] else 404), name
        assert (f'href="/staff/{name}"' in home) == (name in MAY[role])
    for name in ("users", "tokens"):
        if name not in MAY[role]:
            assert client.post(f"/staff/{name}", data={}).status_code == 404
    if "grants" not in MAY[role]:
        assert client.post(f"/staff/grants/{uuid4()}/revoke", data={"reason": "other"}).status_code == 404


def test_a_doctor_finds_a_study_by_name_and_numbers(staff: dict[str, Member], issued: dict[str, Any]) -> None:
    client = staff["doctor"].client()
    assert "/staff/studies/" in client.get("/staff/").text, "the newest are listed without a search"
    for text in ("王小明", "小明", "wang xiaoming", "WANG^XiaoMing", "Pstaffed", "Astaffed"):
        page = client.get("/staff/", params={"text": text}).text
        assert f"/staff/studies/{study_uid('staffed')}/open" in page, text
        assert "王小明" in page
    for text in ("staffed-not", "%", "_", "'", "Nobody"):
        assert study_uid("staffed") not in client.get("/staff/", params={"text": text}).text


def test_the_button_opens_the_viewer_with_a_grant_of_ones_own(instance: Instance, staff: dict[str, Member], issued: dict[str, Any]) -> None:
    doctor, uid = staff["doctor"], study_uid("staffed")
    answer = doctor.client().post(f"/staff/studies/{uid}/open")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"/viewer/viewer?StudyInstanceUIDs={uid}&token=")
    viewer = instance.client(answer.headers["Location"].rsplit("token=", 1)[1])
    assert viewer.get(f"/dicom-web/studies/{uid}/metadata").status_code == 200
    assert [one["0020000D"]["Value"][0] for one in viewer.get("/dicom-web/studies").json()] == [uid]
    rows = instance.sql(
        "SELECT kind, rights, report_id, expires_at - created_at = interval '12 hours', study_instance_uid FROM access_grant"
        " JOIN grant_study USING (grant_id) WHERE account_id = %s",
        doctor.account_id,
    )
    assert rows == [("staff", ["download", "images", "report"], None, True, uid)]
    made = (
        "SELECT actor_id, hospital_id FROM audit_event WHERE kind = 'grant made' AND study_instance_uid = %s ORDER BY sequence DESC LIMIT 1"
    )
    assert instance.sql(made, uid) == [(doctor.account_id, "jia")]


def test_a_launch_gives_no_more_than_the_role(instance: Instance, staff: dict[str, Member], issued: dict[str, Any]) -> None:
    uid = study_uid("staffed")
    token = staff["registrar"].client().post(f"/staff/studies/{uid}/open").headers["Location"].rsplit("token=", 1)[1]
    assert instance.client(token).get(f"/dicom-web/studies/{uid}/metadata").status_code == 200
    assert instance.client(token).get(f"/dicom-web/studies/{uid}").status_code == 404, "originals are not the registrar's"


@pytest.mark.parametrize("role", ["other doctor", "other registrar", "administrator", "operator"])
def test_nobody_else_opens_it(staff: dict[str, Member], issued: dict[str, Any], role: str) -> None:
    assert staff[role].client().post(f"/staff/studies/{study_uid('staffed')}/open").status_code == 404


def test_another_hospitals_staff_see_nothing_of_it(instance: Instance, staff: dict[str, Member], issued: dict[str, Any]) -> None:
    doctor, registrar, administrator = (staff[f"other {role}"].client() for role in ("doctor", "registrar", "administrator"))
    grant_id = instance.sql("SELECT grant_id FROM access_grant WHERE report_id = %s", issued["report_id"])[0][0]
    token_id = instance.sql("SELECT token_id FROM api_token WHERE hospital_id = 'jia' LIMIT 1")[0][0]
    for page in (
        doctor.get("/staff/", params={"text": "Pstaffed"}), doctor.get("/staff/"), registrar.get("/staff/grants"),
        registrar.get("/staff/grants", params={"text": issued["report_id"]}), administrator.get("/staff/tokens"),
        administrator.get("/staff/users"), administrator.get("/staff/audit"), administrator.get("/staff/audit", params={"text": str(grant_id)}),
    ):  # fmt: skip
        assert page.status_code == 200
        # What their own people asked for in vain stands in their own trail.
        uid = [] if "/staff/audit" in page.url else [study_uid("staffed")]
        for known in (*uid, "Astaffed", str(grant_id), str(token_id), staff["doctor"].login):
            assert known not in page.text.replace(f'value="{known}"', ""), page.url
    assert registrar.post(f"/staff/grants/{grant_id}/revoke", data={"reason": "other"}).status_code == 404
    assert administrator.post(f"/staff/tokens/{token_id}/revoke").status_code == 404
    for what in ("disable", "enable", "reset"):
        assert administrator.post(f"/staff/users/{staff['doctor'].account_id}/{what}").status_code == 404
    assert instance.client(issued["link"]).get("/").status_code == 200


def test_a_patients_visit_or_a_programs_token_is_nobody_of_the_staff(instance: Instance, issued: dict[str, Any]) -> None:
    patient = instance.client()
    patient.get(issued["link"])
    patient.post("/consent", data={"accepted": "yes"})
    program = instance.client(instance.token("jia", "query", "retrieve", "reports"))
    for client in (patient, program):
        assert client.get("/staff/").status_code == 401
        assert client.post(f"/staff/studies/{study_uid('staffed')}/open").status_code == 401


def test_a_registrar_revokes_a_lost_paper(instance: Instance, staff: dict[str, Member]) -> None:
    api = instance.client(instance.token("jia", "reports"))
    lost = api.post("/api/v1/reports", files={"file": make_report_pdf(fields_for("lostpaper"))}).json()
    client = staff["registrar"].client()
    for text in (lost["report_id"], "Alostpaper", "Plostpaper"):
        page = client.get("/staff/grants", params={"text": text}).text
        grants = re.findall(r"/staff/grants/([0-9a-f-]{36})/revoke", page)
        assert len(grants) == 1, text
        assert "王小明" in page
    assert client.post(f"/staff/grants/{grants[0]}/revoke", data={"reason": "王小明"}).status_code == 400, "no name gets into the trail"
    assert client.post(f"/staff/grants/{grants[0]}/revoke", data={"reason": "lost paper"}).status_code == 303
    assert instance.client().get(lost["link"]).status_code == 404
    revoked = instance.sql(
        "SELECT actor_id, detail, hospital_id FROM audit_event WHERE kind = 'grant revoked' AND grant_id = %s", grants[0]
    )
    assert revoked == [(staff["registrar"].account_id, "lost paper", "jia")]
    assert staff["registrar"].login in client.get("/staff/grants", params={"text": lost["report_id"]}).text


def test_an_administrator_issues_and_revokes_a_token(instance: Instance, staff: dict[str, Member]) -> None:
    client = staff["administrator"].client()
    for wrong in ({"label": "x", "days": "30"}, {"label": "", "days": "30", "scope": "query"}, {"label": "x", "days": "0", "scope": "query"},
                  {"label": "x", "days": "99999", "scope": "query"}, {"label": "x", "days": "³", "scope": "query"}):  # fmt: skip
        assert client.post("/staff/tokens", data=wrong).status_code == 400
    page = client.post("/staff/tokens", data={"label": "RIS of floor 3", "days": "30", "scope": ["query", "reports"]})
    assert page.headers["Cache-Control"] == "no-store"
    token = re.search(r'id="issued-token">([^<]+)<', page.text)
    assert token
    program = instance.client(token[1])
    assert program.get("/dicom-web/studies").status_code in (200, 204)
    assert program.post("/dicom-web/studies", data=b"").status_code != 200
    listed = client.get("/staff/tokens").text
    assert "RIS of floor 3" in listed
    assert token[1] not in listed
    row = instance.sql("SELECT token_id, last_used_at IS NOT NULL FROM api_token WHERE label = 'RIS of floor 3'")
    assert row[0][1]
    assert client.post(f"/staff/tokens/{row[0][0]}/revoke").status_code == 303
    wait_for(lambda: program.get("/dicom-web/studies").status_code == 401 or program.get("/dicom-web/studies").status_code == 404, 10)
    assert client.post(f"/staff/tokens/{uuid4()}/revoke").status_code == 404


def issued_password(page: str) -> str:
    found = re.search(r'id="issued-password">([^<]+)<', page)
    assert found, page
    return found[1]


def test_an_administrator_adds_an_account_whose_owner_chooses_the_password(instance: Instance, staff: dict[str, Member]) -> None:
    client, login = staff["administrator"].client(), f"new-{uuid4().hex[:8]}"
    form = {"login": login, "full_name": "赵六", "role": "doctor", "hospital_id": "yi"}
    for wrong in (
        {"login": "x"},
        {"login": "UP PER"},
        {"full_name": " "},
        {"role": "operator"},
        {"role": "god"},
        {"login": staff["doctor"].login},
    ):
        assert client.post("/staff/users", data={**form, **wrong}).status_code == 400, wrong
    first = issued_password(client.post("/staff/users", data=form).text)
    account_id, hospital_id = instance.sql("SELECT account_id::text, hospital_id FROM account WHERE login = %s", login)[0]
    assert hospital_id == "jia", "whatever the form says"

    browser, member = instance.client(), Member(instance, account_id, login, first)
    page = member.try_to_sign_in(browser)
    assert (page.status_code, "__Host-staff" in browser.cookies) == (200, False)
    step = re.search(r'name="step" value="([^"]+)"', page.text)
    assert step

    def choose(password: str, again: str | None = None) -> int:
        form = {"step": step[1] if step else "", "new_password": password, "new_password_again": again or password}
        return browser.post("/staff/sign-in/password", data=form).status_code

    assert [choose("short"), choose(first), choose("three herons fly", "three herons sit"), choose(f"{login}-{login}")] == [400] * 4
    assert choose("three herons over the river") == 303
    assert browser.get("/staff/account").status_code == 200
    assert member.try_to_sign_in(instance.client()).status_code == 401
    assert choose("four herons over the river") == 303
    assert member.try_to_sign_in(instance.client(), "three herons over the river").status_code == 303, "the step was used up"

    assert client.post(f"/staff/users/{account_id}/disable").status_code == 303
    wait_for(lambda: browser.get("/staff/account").status_code == 401, 10)
    assert client.post(f"/staff/users/{account_id}/enable").status_code == 303
    assert first != issued_password(client.post(f"/staff/users/{account_id}/reset", data={"clear_one_time_code": "yes"}).text)
    assert member.try_to_sign_in(instance.client(), "three herons over the river").status_code == 401


def test_nobody_locks_the_own_door_and_operators_manage_no_doctors(staff: dict[str, Member]) -> None:
    for role, other in (
        ("administrator", "administrator"),
        ("administrator", "operator"),
        ("operator", "operator"),
        ("operator", "doctor"),
    ):
        client = staff[role].client()
        for what in ("disable", "reset"):
            assert client.post(f"/staff/users/{staff[other].account_id}/{what}").status_code == 404, (role, other)
    page = staff["operator"].client().get("/staff/users").text
    assert staff["administrator"].login in page
    assert staff["other administrator"].login in page
    assert staff["doctor"].login not in page


def test_an_operator_adds_a_hospitals_administrator_and_sees_no_patient(instance: Instance, staff: dict[str, Member]) -> None:
    client, login = staff["operator"].client(), f"new-{uuid4().hex[:8]}"
    form = {"login": login, "full_name": "钱七", "role": "administrator", "hospital_id": "yi"}
    for wrong in ({"hospital_id": ""}, {"hospital_id": "nowhere"}, {"role": "doctor"}, {"role": "operator"}):
        assert client.post("/staff/users", data={**form, **wrong}).status_code == 400, wrong
    issued_password(client.post("/staff/users", data=form).text)
    assert instance.sql("SELECT role, hospital_id FROM account WHERE login = %s", login) == [("administrator", "yi")]
    for path in ("/staff/", "/staff/audit", "/staff/users"):
        assert "王小明" not in client.get(path).text
    assert client.get("/dicom-web/studies").status_code == 404


def test_the_trail_is_searched_by_kind_outcome_text_time_and_page(staff: dict[str, Member], stored_study: str) -> None:
    doctor, client = staff["doctor"], staff["administrator"].client()
    doctor.try_to_sign_in(doctor.instance.client(), "not the password at all")
    doctor.client().post(f"/staff/studies/{stored_study}/open")

    def rows(**asked: str) -> list[str]:
        page = client.get("/staff/audit", params=asked)
        assert page.status_code == 200
        return re.findall(r"<tr>\s*<th scope=\"row\".*?</tr>", page.text, re.DOTALL)

    denied = rows(kind="signed in", outcome="denied", text=doctor.login)
    assert denied
    assert all(doctor.login in row for row in denied)
    assert any(stored_study in row for row in rows(kind="grant made", text=doctor.account_id))
    assert rows(text=stored_study, since="2000-01-01", until="2100-01-01")
    assert rows(until="2000-01-01") == rows(since="2100-01-01") == []
    assert rows(since="nonsense", kind="nonsense", outcome="nonsense", before="x")
    for _ in range(3):
        doctor.client()
    first = rows()
    sequences = [int(number) for row in first for number in re.findall(r"<small> #(\d+)<", row)]
    assert sequences == sorted(sequences, reverse=True)
    older = rows(before=str(sequences[-1]))
    assert not set(older) & set(first)


@pytest.mark.parametrize("variable", ["CLOUDFILM_DATABASE_URI", "CLOUDFILM_INDEX_URI"])
def test_an_installation_with_a_default_password_does_not_start(tmp_path: Path, variable: str) -> None:
    from tests.support.instance import NotReady

    refused = Instance(tmp_path / "data", environment={variable: "postgresql://orthanc:orthanc@db/orthanc"})
    with pytest.raises(NotReady, match=f"cloudfilm: The environment variable {variable} holds a default password"):
        refused.start()
    assert refused.process is not None
    assert refused.process.wait(10) == 1
