# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient reports a mistake: it reaches the hospital's staff, and their answer the patient."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.instance import Instance
from tests.support.patients import Paper, open_link, reported_exam
from tests.support.staff import add_member

HOSTILE = "<script>alert(1)</script>\x00姓名应为王晓明\r\n谢谢"


@pytest.fixture
def paper(instance: Instance, tmp_path: Path, request: pytest.FixtureRequest) -> Paper:
    number = 46100 + sorted(name for name in globals() if name.startswith("test_")).index(request.function.__name__)
    return reported_exam(instance, tmp_path, str(number))


def rows(paper: Paper) -> list[tuple[object, ...]]:
    return paper.instance.sql(
        "SELECT kind, words, contact, state, report_id::text, study_instance_uid FROM mistake WHERE grant_id = %s ORDER BY reported_at",
        paper.grant_id,
    )


def test_it_reaches_staff_and_the_answer_reaches_the_patient(instance: Instance, paper: Paper) -> None:
    patient, registrar = paper.visit(), add_member(instance, "registrar", "jia").client()
    assert 'href="/mistake"' in patient.get("/exam").text
    sent = patient.post("/mistake", data={"kind": "personal data", "words": HOSTILE, "contact": " 138 0000\n0000 "})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/mistake?sent=yes")
    words = "<script>alert(1)</script>姓名应为王晓明\n谢谢"
    assert rows(paper) == [("personal data", words, "138 0000 0000", "new", paper.report_id, paper.study_instance_uid)]
    for page in (patient.get("/mistake?sent=yes").text, listed := registrar.get("/staff/mistakes").text):
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
    assert "王小明" in listed
    assert 'id="new-mistakes"' in listed
    (mistake_id,) = re.findall(rf'data-mistake="([^"]+)"(?:(?!data-mistake).)*?/staff/review/{paper.report_id}', listed, re.DOTALL)

    answered = registrar.post(f"/staff/mistakes/{mistake_id}", data={"state": "settled", "answer": "已更正，谢谢。"})
    assert (answered.status_code, answered.headers["Location"]) == (303, "/staff/mistakes")
    page = patient.get("/mistake").text
    assert "已更正，谢谢。" in page
    assert 'data-state="settled"' in page
    assert mistake_id in registrar.get("/staff/mistakes?show=settled").text
    assert mistake_id not in registrar.get("/staff/mistakes").text
    assert registrar.post(f"/staff/mistakes/{mistake_id}", data={"state": "seen", "answer": ""}).status_code == 303
    assert rows(paper)[0][3] == "seen"
    events = instance.sql("SELECT kind, detail FROM audit_event WHERE detail LIKE %s ORDER BY sequence", f"%{mistake_id}")
    assert [kind for kind, _ in events] == ["mistake reported", "mistake answered", "mistake answered"]
    assert not any("王" in detail or "138" in detail for _, detail in events)
    assert "向医院反馈了问题" in patient.get("/access-log?lang=zh-CN").text


def test_what_says_too_little_or_too_much_is_said_beside_the_form_and_nothing_is_kept(paper: Paper) -> None:
    patient = paper.visit()
    for form in (
        {},
        {"kind": "no such kind", "words": "x"},
        {"kind": "other", "words": " \n "},
        {"kind": "text", "words": "字" * 1001},
        {"kind": "text", "words": "x", "contact": "1" * 101},
    ):
        answer = patient.post("/mistake", data=form)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    assert "字" * 1001 in patient.post("/mistake", data={"kind": "text", "words": "字" * 1001}).text, "what was typed is not lost"
    assert rows(paper) == []


def test_a_button_pressed_twice_is_one_message_and_five_a_day_are_enough(paper: Paper) -> None:
    patient = paper.visit()
    for number in (0, 0, 1, 2, 3, 4):
        assert patient.post("/mistake", data={"kind": "images", "words": f"缺第 {number} 个序列"}).status_code == 303
    refused = patient.post("/mistake", data={"kind": "images", "words": "又一条"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert len(rows(paper)) == 5


def test_whoever_has_a_shared_link_or_another_hospital_has_no_part_in_it(instance: Instance, paper: Paper) -> None:
    patient = paper.visit()
    doctor = open_link(instance, paper.share()["link"])
    assert "/mistake" not in doctor.get("/exam").text
    assert doctor.get("/mistake").status_code == 404
    assert doctor.post("/mistake", data={"kind": "images"}).status_code == 404
    assert instance.client().get("/mistake").status_code == 401
    before_consent = instance.client()
    before_consent.get(paper.link)
    assert (before_consent.get("/mistake").status_code, before_consent.post("/mistake", data={"kind": "images"}).status_code) == (303, 303)
    assert patient.post("/mistake", data={"kind": "images"}).status_code == 303
    ((mistake_id,),) = instance.sql("SELECT mistake_id::text FROM mistake WHERE grant_id = %s", paper.grant_id)
    for member in (add_member(instance, "registrar", "yi"), add_member(instance, "administrator", "jia")):
        client = member.client()
        assert mistake_id not in client.get("/staff/mistakes").text
        assert client.post(f"/staff/mistakes/{mistake_id}", data={"state": "settled"}).status_code == 404
    assert [row[3] for row in rows(paper)] == ["new"]
