# SPDX-License-Identifier: AGPL-3.0-or-later
"""The review page: who sees which report, deciding, what others did meanwhile, taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import Member, add_member

type Submit = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def registrar(instance: Instance) -> requests.Session:
    instance.sql("DELETE FROM wrong_try")
    return add_member(instance, "registrar", "jia").client()


@pytest.fixture(scope="module")
def doctor(instance: Instance) -> Member:
    return add_member(instance, "doctor", "jia")


@pytest.fixture(scope="module")
def submit(instance: Instance) -> Submit:
    client = instance.client(instance.token("jia", "reports"))

    def submitted(seed: str, **changes: str | None) -> dict[str, Any]:
        pdf = make_report_pdf(replace(fields_for(seed), **changes))
        answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": pdf}).json()
        return answer

    return submitted


def send(instance: Instance, folder: Path, seed: str, **changes: object) -> str:
    paths = change(ct_study(folder / seed, seed, slices=1), **changes) if changes else ct_study(folder / seed, seed, slices=1)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    uid = study_uid(seed)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count > 0", uid))
    return uid


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def status_of(instance: Instance, report_id: str) -> str:
    return str(instance.sql("SELECT status FROM report WHERE report_id = %s", report_id)[0][0])


def decide(client: requests.Session, report_id: str, decision: str, **form: object) -> requests.Response:
    page = client.get(f"/staff/review/{report_id}").text
    return client.post(f"/staff/review/{report_id}/{decision}", data={"seen": seen(page), **form})


def test_staff_decide_which_exam_a_report_belongs_to_and_take_it_back(
    instance: Instance, registrar: requests.Session, submit: Submit, tmp_path: Path
) -> None:
    right = send(instance, tmp_path, "30001")
    other = send(instance, tmp_path, "30002", PatientID="P30001", AccessionNumber="A30001", PatientName="Wang^DaMing=王^大明")
    body = submit("30001")
    assert (body["status"], body["status_reason"]) == ("review", "several studies have the report's accession number")
    report = body["report_id"]
    listed = registrar.get("/staff/review").text
    assert f'href="/staff/review/{report}"' in listed
    assert 'id="in-review"' in listed
    page = registrar.get(f"/staff/review/{report}").text
    assert page.index(right) < page.index(other), "the likelier exam stands first"
    assert re.search(r'class="sign differs">\s*<b>✗ Name', page) or re.search(r'class="sign differs">\s*<b>✗ 姓名', page)
    assert '<svg class="boxes" viewBox="0 0 595' in page
    assert page.count('class="box"') + page.count('class="box unsure"') > 8
    picture = registrar.get(f"/staff/review/studies/{right}/thumbnail")
    assert picture.status_code == 303
    rendered = registrar.get(picture.headers["Location"])
    assert (rendered.status_code, rendered.headers["Content-Type"], rendered.content[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert decide(registrar, report, "match").status_code == 409, "nothing was chosen"
    assert decide(registrar, report, "match", study="1.2.3").status_code == 404
    answer = decide(registrar, report, "match", study=right)
    assert answer.status_code == 303
    assert f"done={report}" in answer.headers["Location"]
    assert instance.sql("SELECT status, study_instance_uid FROM report WHERE report_id = %s", report) == [("matched", right)]
    assert f"/staff/review/{report}/undo" in registrar.get(answer.headers["Location"]).text
    assert decide(registrar, report, "undo").status_code == 303
    assert instance.sql("SELECT status, study_instance_uid, status_reason FROM report WHERE report_id = %s", report) == [
        ("review", None, "several studies have the report's accession number")
    ]
    assert decide(registrar, report, "undo").status_code == 409, "once is enough"
    events = "SELECT detail FROM audit_event WHERE kind = 'report reviewed' AND report_id = %s AND detail <> '' ORDER BY sequence"
    assert instance.sql(events, report) == [("match",), ("undone: match",)]


def test_who_decides_about_what_somebody_else_has_decided_meanwhile_is_told(
    instance: Instance, registrar: requests.Session, doctor: Member, submit: Submit, tmp_path: Path
) -> None:
    uid = send(instance, tmp_path, "30010", PatientSex="F")
    report = submit("30010")["report_id"]
    stale = seen(registrar.get(f"/staff/review/{report}").text)
    assert decide(doctor.client(), report, "match", study=uid).status_code == 303
    answer = registrar.post(f"/staff/review/{report}/dismiss", data={"seen": stale, "reason": "a test print"})
    assert answer.status_code == 409
    assert 'id="trouble"' in answer.text
    assert "李文静" in answer.text
    assert status_of(instance, report) == "matched"


@pytest.mark.parametrize(
    ("decision", "form", "status"),
    [
        ("dismiss", {"reason": "王小明"}, 400),
        ("dismiss", {"reason": "a test print", "seen": "x"}, 400),
        ("dismiss", {"reason": "a test print", "seen": "9" * 30}, 400),
        ("restore", {}, 409),
        ("withdraw", {"reason": ""}, 400),
        ("match", {"study": ["1.2"] * 50}, 404),
        ("match", {"study": ["\0"]}, 409),
        ("merge", {"old_patient_id": "P1", "new_patient_id": "P1"}, 400),
        ("merge", {"old_patient_id": "\0", "new_patient_id": ""}, 400),
        ("explode", {}, 404),
    ],
)
def test_bad_decisions_change_nothing(
    instance: Instance, registrar: requests.Session, submit: Submit, decision: str, form: dict[str, Any], status: int
) -> None:
    report = submit("30020")["report_id"]
    before = instance.sql("SELECT status, status_reason FROM report WHERE report_id = %s", report)
    assert decide(registrar, report, decision, **form).status_code == status
    assert instance.sql("SELECT status, status_reason FROM report WHERE report_id = %s", report) == before
    assert instance.sql("SELECT count(*) FROM patient_merge") == [(0,)]


def test_another_hospitals_report_does_not_exist(instance: Instance, submit: Submit, registrar: requests.Session) -> None:
    report = submit("30020")["report_id"]
    number = seen(registrar.get(f"/staff/review/{report}").text)
    for member in (add_member(instance, "registrar", "yi"), add_member(instance, "administrator", "jia"), add_member(instance, "operator")):
        client = member.client()
        assert client.get(f"/staff/review/{report}").status_code == 404
        for decision in ("match", "wait", "dismiss", "reopen", "withdraw", "restore", "undo", "merge"):
            assert client.post(f"/staff/review/{report}/{decision}", data={"seen": number, "reason": "other"}).status_code == 404
        assert report not in client.get("/staff/review", params={"text": report}).text.replace(f'value="{report}"', "")


def test_a_report_that_is_not_ours_is_set_aside_and_comes_back(instance: Instance, registrar: requests.Session, submit: Submit) -> None:
    report = submit("30030")["report_id"]
    assert status_of(instance, report) == "waiting"
    assert decide(registrar, report, "dismiss", reason="another hospital's").status_code == 303
    assert instance.sql("SELECT status, status_reason FROM report WHERE report_id = %s", report) == [
        ("failed", "dismissed: another hospital's")
    ]
    assert decide(registrar, report, "reopen").status_code == 303
    assert status_of(instance, report) == "review"
    assert decide(registrar, report, "wait").status_code == 303
    assert status_of(instance, report) == "waiting"


def test_other_exams_of_the_hospital_are_found_and_chosen(
    instance: Instance, registrar: requests.Session, submit: Submit, tmp_path: Path
) -> None:
    uid = send(instance, tmp_path, "30040", PatientName="Zhao^Liu=赵^六", PatientID="Z30040", AccessionNumber="Z1", StudyDate="20260101")
    report = submit("30041")["report_id"]
    assert uid not in registrar.get(f"/staff/review/{report}").text
    found = registrar.get(f"/staff/review/{report}", params={"studies": "赵六"}).text
    assert f'value="{uid}"' in found
    assert 'class="candidate contradicted"' in found
    assert decide(registrar, report, "match", study=uid).status_code == 303
    assert instance.sql("SELECT study_instance_uid FROM report WHERE report_id = %s", report) == [(uid,)]
    assert decide(registrar, report, "reopen").status_code == 303
    assert status_of(instance, report) == "review"


def test_exams_of_two_patients_are_not_one_reports_until_the_patients_are_merged(
    instance: Instance, registrar: requests.Session, submit: Submit, tmp_path: Path
) -> None:
    one = send(instance, tmp_path, "30050", AccessionNumber="A30050")
    two = send(instance, tmp_path, "30051", AccessionNumber="A30050", BodyPartExamined="CHEST")
    report = submit("30050", body_part="头颅、胸部")["report_id"]
    assert status_of(instance, report) == "review"
    assert decide(registrar, report, "match", study=[one, two]).status_code == 409
    assert decide(registrar, report, "merge", old_patient_id="P30051", new_patient_id="P30050").status_code == 303
    assert decide(registrar, report, "match", study=[one, two]).status_code == 303
    assert sorted(row[0] for row in instance.sql("SELECT study_instance_uid FROM report_study WHERE report_id = %s", report)) == sorted(
        [one, two]
    )
    instance.sql("DELETE FROM patient_merge")


def test_a_report_under_a_patients_old_number_finds_the_exam_when_the_numbers_are_merged(
    instance: Instance, registrar: requests.Session, submit: Submit, tmp_path: Path
) -> None:
    report = submit("30060", accession_number=None)["report_id"]
    uid = send(instance, tmp_path, "30061", PatientID="P30060-new")
    assert status_of(instance, report) == "waiting", "the numbers are two patients' as far as anybody knows"
    assert decide(registrar, report, "merge", old_patient_id="P30060", new_patient_id="P30060-new").status_code == 303
    assert instance.sql("SELECT status, study_instance_uid FROM report WHERE report_id = %s", report) == [("matched", uid)]
    instance.sql("DELETE FROM patient_merge")
