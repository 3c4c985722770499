# SPDX-License-Identifier: AGPL-3.0-or-later
"""The staff's page of one study, a patient's history, new papers, and the study list's search."""

from __future__ import annotations

import re
from typing import Any

import pytest

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import Member, add_member

NOW, EARLIER, STRANGER = "42000", "42001", "42002"


@pytest.fixture(scope="module")
def staff(instance: Instance) -> dict[str, Member]:
    """One of each role at 甲, and others at 乙."""
    instance.sql("DELETE FROM wrong_try")
    found = {role: add_member(instance, role, "jia") for role in ("doctor", "registrar", "administrator")}
    return found | {"other registrar": add_member(instance, "registrar", "yi"), "operator": add_member(instance, "operator")}


@pytest.fixture(scope="module")
def issued(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A patient with two exams, the newer with a report, and somebody else; what POST /api/v1/reports answered."""
    folder = tmp_path_factory.mktemp("study-page")
    earlier = change(ct_study(folder / "b", EARLIER), PatientID=f"P{NOW}", StudyDate="20240110", StudyDescription="旧检查")
    stranger = change(ct_study(folder / "c", STRANGER), PatientName="Ouyang^Xue=欧阳^雪", Modality="MR")
    for paths in (ct_study(folder / "a", NOW), earlier, stranger):
        assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    uids = [study_uid(seed) for seed in (NOW, EARLIER, STRANGER)]
    complete = "SELECT 1 FROM study WHERE study_instance_uid = ANY(%s) AND complete_at IS NOT NULL"
    wait_for(lambda: len(instance.sql(complete, uids)) == len(uids))
    client = instance.client(instance.token("jia", "reports"))
    answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(NOW))}).json()
    assert answer["status"] == "matched"
    return answer


def test_a_study_has_a_page_with_its_series_reports_and_papers(
    instance: Instance, staff: dict[str, Member], issued: dict[str, Any]
) -> None:
    uid, client = study_uid(NOW), staff["registrar"].client()
    page = client.get(f"/staff/studies/{uid}").text
    for shown in ("王小明", f"P{NOW}", f"A{NOW}", "轴位", f"/staff/review/{issued['report_id']}", "/paper", 'id="grants"'):
        assert shown in page, shown
    thumbnail = re.search(rf'src="(/staff/studies/{uid}/series/[0-9.]+/thumbnail)"', page)
    assert thumbnail
    picture = client.get(client.get(thumbnail[1]).headers["Location"])
    assert (picture.status_code, picture.content[:2]) == (200, b"\xff\xd8")
    assert client.get(f"/staff/studies/{uid}/series/1.2.3/thumbnail").status_code == 404


def test_each_role_is_offered_what_it_may(staff: dict[str, Member], issued: dict[str, Any]) -> None:
    place = f"/staff/studies/{study_uid(NOW)}"
    doctor, administrator = staff["doctor"].client().get(place).text, staff["administrator"].client().get(place).text
    assert f"{place}/open" in doctor
    assert "/paper" not in doctor
    assert 'id="grants"' not in doctor
    assert f"{place}/log" not in doctor
    assert f"{place}/open" not in administrator
    assert "/paper" not in administrator, "whoever may not see the exam gets no key to it"
    assert 'id="grants"' in administrator
    assert staff["administrator"].client().post(f"{place}/reports/{issued['report_id']}/paper").status_code == 404
    assert staff["doctor"].client().get(f"{place}/log").status_code == 404


@pytest.mark.parametrize("who", ["other registrar", "operator"])
def test_another_hospitals_study_does_not_exist(staff: dict[str, Member], issued: dict[str, Any], who: str) -> None:
    client, uid = staff[who].client(), study_uid(NOW)
    for place in (f"studies/{uid}", f"studies/{uid}/log", f"patients/{uid}"):
        assert client.get(f"/staff/{place}").status_code == 404
    for place in (f"studies/{uid}/phone", f"studies/{uid}/reports/{issued['report_id']}/paper", f"patients/{uid}/compare"):
        assert client.post(f"/staff/{place}", data={"study": [uid, study_uid(EARLIER)]}).status_code == 404


def test_a_new_paper_opens_the_exam_and_ends_the_old_one(instance: Instance, staff: dict[str, Member], issued: dict[str, Any]) -> None:
    client, place = staff["registrar"].client(), f"/staff/studies/{study_uid(NOW)}"
    assert instance.client().get(issued["link"]).status_code == 303

    def print_one(form: dict[str, str]) -> str:
        answer = client.post(f"{place}/reports/{issued['report_id']}/paper", data=form)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        code = re.search(r'id="access-code">([^<]+)<', answer.text)
        assert code
        return code[1]

    def opens(code: str) -> bool:
        return instance.client().post("/api/v1/access", json={"access_code": code}).status_code == 200

    beside = print_one({})
    assert instance.client().get(issued["link"]).status_code == 303, "the old one stays unless the form says otherwise"
    newest = print_one({"revoke": "yes"})
    assert opens(newest)
    assert not opens(beside)
    assert instance.client().get(issued["link"]).status_code == 404
    made = "SELECT kind, detail FROM audit_event WHERE actor_id = %s AND kind LIKE 'grant %%' ORDER BY sequence"
    assert instance.sql(made, staff["registrar"].account_id) == [
        ("grant made", "a new paper"), ("grant revoked", "a new paper was printed"), ("grant revoked", "a new paper was printed"),
        ("grant made", "a new paper"),
    ]  # fmt: skip
    assert newest not in client.get(place).text


def test_a_link_is_revoked_on_the_studys_page(instance: Instance, staff: dict[str, Member], issued: dict[str, Any]) -> None:
    client, uid = staff["registrar"].client(), study_uid(NOW)
    client.post(f"/staff/studies/{uid}/reports/{issued['report_id']}/paper")
    found = re.findall(r"/staff/grants/([0-9a-f-]{36})/revoke", client.get(f"/staff/studies/{uid}").text)
    assert found
    answer = client.post(f"/staff/grants/{found[0]}/revoke", data={"reason": "other", "study": uid})
    assert answer.headers["Location"].startswith(f"/staff/studies/{uid}")
    assert found[0] not in client.get(f"/staff/studies/{uid}").text
    foreign = client.post(f"/staff/grants/{found[-1]}/revoke", data={"reason": "other", "study": "//elsewhere.example"})
    assert foreign.headers["Location"] == "/staff/grants"


def test_the_log_names_who_looked_and_that_it_was_read(staff: dict[str, Member], issued: dict[str, Any]) -> None:
    uid = study_uid(NOW)
    staff["doctor"].client().post(f"/staff/studies/{uid}/open")
    client = staff["administrator"].client()
    page = client.get(f"/staff/studies/{uid}/log").text
    assert 'data-what="grant made"' in page
    assert 'data-what="log read"' in page
    assert "李文静" in page


def test_staff_see_the_patients_page_with_a_grant_of_their_own(
    instance: Instance, staff: dict[str, Member], issued: dict[str, Any]
) -> None:
    client = staff["doctor"].client()
    assert client.post(f"/staff/studies/{study_uid(NOW)}/phone").headers["Location"] == "/exam"
    assert "未见明显异常" in client.get("/exam").text
    assert client.get("/images").status_code == 200
    assert client.get("/shares/new").status_code == 404, "sharing is the patient's own"
    assert client.post(f"/staff/studies/{study_uid(STRANGER)}/phone").status_code == 404, "there is no report"


def test_two_exams_are_compared_with_a_grant_for_exactly_these(
    instance: Instance, staff: dict[str, Member], issued: dict[str, Any]
) -> None:
    now, earlier, stranger = (study_uid(seed) for seed in (NOW, EARLIER, STRANGER))
    client, place = staff["doctor"].client(), f"/staff/patients/{study_uid(NOW)}"
    history = client.get(place).text
    assert history.index(f'value="{now}"') < history.index(f'value="{earlier}"')
    assert stranger not in history
    answer = client.post(f"{place}/compare", data={"study": [earlier, now]})
    address = answer.headers["Location"]
    assert f"StudyInstanceUIDs={now}%2C{earlier}&" in address
    viewer = instance.client(address.rsplit("token=", 1)[1])
    assert [viewer.get(f"/dicom-web/studies/{uid}/metadata").status_code for uid in (now, earlier, stranger)] == [200, 200, 404]
    assert client.post(f"{place}/compare", data={"study": [now]}).status_code == 400
    assert client.post(f"{place}/compare", data={"study": [now, stranger]}).status_code == 404


def found_by(client: Any, **search: str) -> set[str]:
    return set(re.findall(r'/staff/studies/([0-9.]+)"', client.get("/staff/", params=search).text))


def test_the_list_finds_by_beginnings_and_filters(staff: dict[str, Member], issued: dict[str, Any]) -> None:
    now, earlier, stranger = (study_uid(seed) for seed in (NOW, EARLIER, STRANGER))
    client = staff["doctor"].client()
    assert found_by(client, text="P4200") == {now, earlier, stranger}
    assert found_by(client, text="a42000") == {now}
    for text in ("欧阳", "阳雪", "雪", "ouyang x", "OUYANG^XUE"):
        assert found_by(client, text=text) == {stranger}, text
    assert found_by(client, text="P4200", modality="MR") == {stranger}
    assert found_by(client, text="P4200", state="reported") == {now}
    assert found_by(client, text="P4200", state="unreported") == {earlier, stranger}
    assert found_by(client, text="P4200", state="arriving") == set()
    assert found_by(client, text="P4200", until="2024-01-10") == {earlier}
    assert found_by(client, text="P4200", since="2026-03-05") == {now, stranger}
    for text in ("4200", "%", "_42000", "'", "雪欧"):
        assert found_by(client, text=text).isdisjoint({now, earlier, stranger}), text
    assert client.get("/staff/", params={"since": "yesterday", "modality": "'", "state": "x", "text": "\0"}).status_code == 200


def test_a_search_is_kept_removed_and_taken_back_by_its_owner_only(staff: dict[str, Member], issued: dict[str, Any]) -> None:
    client, other = staff["doctor"].client(), staff["registrar"].client()
    assert client.post("/staff/filters", data={"name": "x"}).status_code == 400
    answer = client.post("/staff/filters", data={"name": " <b>我的 CT ", "modality": "CT", "state": "unreported"})
    assert answer.headers["Location"] == "/staff/?modality=CT&state=unreported"
    page = client.get(answer.headers["Location"]).text
    assert "&lt;b&gt;我的 CT</a>" in page
    kept = re.search(r"/staff/filters/([0-9a-f-]{36})/remove", page)
    assert kept
    assert kept[1] not in other.get("/staff/").text
    other.post(f"/staff/filters/{kept[1]}/remove")
    assert kept[1] in client.get("/staff/").text, "it is not theirs"
    removed = client.post(f"/staff/filters/{kept[1]}/remove").headers["Location"]
    assert "/restore" in client.get(removed).text
    assert kept[1] not in client.get("/staff/").text
    assert client.post(f"/staff/filters/{kept[1]}/restore").status_code == 303
    assert kept[1] in client.get("/staff/").text
