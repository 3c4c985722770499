# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form is taught in the staff's pages, recognised on the next report, switched off, deleted, brought back; and is the own hospital's alone."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from uuid import uuid4

import pytest
import requests

from cloudfilm.reports.text_layer import read_text_layer
from demo.forms.marking import marked_areas
from demo.forms.odd import OddForm, odd_form
from tests.support.instance import Instance, wait_for
from tests.support.staff import Member, add_member

LAYOUT, SEED = "two_numbers", 34200


@pytest.fixture(scope="module")
def teacher(instance: Instance) -> Member:
    return add_member(instance, "administrator", "jia")


@pytest.fixture(scope="module")
def programs(instance: Instance) -> requests.Session:
    return instance.client(instance.token("jia", "reports"))


def handed_in(programs: requests.Session, form: OddForm) -> dict[str, Any]:
    answer: dict[str, Any] = programs.post("/api/v1/reports", files={"file": form.pdf()}).json()
    report_id = answer["report_id"]
    return wait_for(lambda: one if (one := programs.get(f"/api/v1/reports/{report_id}").json())["status"] != "received" else None)


def draft_for(form: OddForm, name: str) -> dict[str, Any]:
    areas = marked_areas(form.fields, read_text_layer(form.pdf()))
    return {"name": name, "kind": "", "dropped": [], "marks": [{"field": one.field, "page": one.page, "box": one.box} for one in areas]}


def test_a_form_is_taught_recognised_switched_off_deleted_and_brought_back(
    instance: Instance, teacher: Member, programs: requests.Session
) -> None:
    sample = odd_form(LAYOUT, SEED)
    before = handed_in(programs, sample)
    assert before["form"] is None
    assert before["fields"]["accession_number"] != sample.fields.accession_number
    browser, report_id = teacher.client(), before["report_id"]
    assert f"teach/report/{report_id}" in browser.get("/staff/forms").text
    page = browser.get(f"/staff/forms/teach/report/{report_id}").text
    proposed = json.loads(html.unescape(re.findall(r'name="draft" value="([^"]*)"', page)[0]))
    assert {mark["field"] for mark in proposed["marks"]} >= {"patient_name", "findings", "exam_time"}
    picture = browser.get(f"/staff/forms/pictures/report/{report_id}/1")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/webp")

    draft = draft_for(sample, "妇幼报告单")
    source = {"kind": "report", "id": report_id}
    shown = browser.post("/staff/forms/read", json={"source": source, "draft": draft}).json()
    values = {one["name"]: one["value"] for one in shown["fields"]}
    assert values["accession_number"] == sample.fields.accession_number
    assert values["patient_id"] == sample.fields.patient_id
    assert shown["trouble"] == ""

    address, form = f"/staff/forms/teach/report/{report_id}", {"draft": json.dumps(draft), "name": draft["name"]}
    tried = browser.post(address, data={**form, "do": "try"}).text
    assert sample.fields.accession_number in tried.split('id="tried"')[1]
    assert browser.post(address, data={**form, "name": "", "do": "save"}).status_code == 400
    assert instance.sql("SELECT count(*) FROM report_form WHERE name = '妇幼报告单'") == [(0,)]
    assert browser.post(address, data={**form, "do": "save"}).status_code == 303
    ((form_id, version, by),) = instance.sql("SELECT form_id::text, version, changed_by FROM report_form WHERE name = '妇幼报告单'")
    assert (version, by) == (1, teacher.login)

    def read(seed: int) -> tuple[bool, bool]:
        other = odd_form(LAYOUT, seed)
        answer = handed_in(programs, other)
        is_recognised = answer["form"] is not None and answer["form"]["form_id"] == form_id
        return is_recognised, answer["fields"]["accession_number"] == other.fields.accession_number

    def change(what: str) -> None:
        assert browser.post(f"/staff/forms/{form_id}/{what}", data={}).status_code == 303

    assert read(SEED + 1) == (True, True)
    change("off")
    assert read(SEED + 2) == (False, False)
    change("undo")
    assert read(SEED + 3) == (True, True)
    change("delete")
    assert read(SEED + 4) == (False, False)
    assert "妇幼报告单" in browser.get(f"/staff/forms?undo={form_id}").text
    change("undo")
    page = browser.get(f"/staff/forms/teach/form/{form_id}")
    assert page.status_code == 200
    edited = json.loads(html.unescape(re.findall(r'name="draft" value="([^"]*)"', page.text)[0]))
    without = {"draft": json.dumps(edited), "name": "改名", "do": "save"}
    assert browser.post(f"/staff/forms/teach/form/{form_id}", data=without).status_code == 303
    assert read(SEED + 5) == (True, True)
    history = instance.sql("SELECT change FROM report_form WHERE form_id = %s ORDER BY version", form_id)
    assert [row[0] for row in history] == ["taught", "switched off", "undone", "deleted", "undone", "edited"]
    trail = instance.sql("SELECT count(*) FROM audit_event WHERE kind = 'administered' AND detail LIKE %s", f"report form {form_id}%")
    assert trail == [(6,)]
    change("off")


def test_step_by_step_without_a_script(teacher: Member, programs: requests.Session) -> None:
    sample = odd_form(LAYOUT, SEED + 10)
    report_id = handed_in(programs, sample)["report_id"]
    browser, address = teacher.client(), f"/staff/forms/teach/report/{report_id}"
    page = browser.get(address).text
    lines = {html.unescape(text): value for value, text in re.findall(r'<option value="(1 [^"]+)">([^<]*)</option>', page)}
    chosen = next(value for text, value in lines.items() if str(sample.fields.body_part) in text)
    empty = json.dumps({"name": "x", "kind": "", "marks": [], "dropped": []})

    def drafted(**step: str) -> list[str]:
        answer = browser.post(address, data={"draft": empty, "name": "x", **step})
        assert answer.status_code == 200, answer.text
        draft = json.loads(html.unescape(re.findall(r'name="draft" value="([^"]*)"', answer.text)[0]))
        return [mark["field"] for mark in draft["marks"]]

    assert drafted(do="mark", field="body_part", line=chosen) == ["body_part"]
    assert drafted(do="mark", field="bed_number", page="1", left="10", top="20", right="30", bottom="40") == ["bed_number"]
    for wrong in ({"line": "1 x"}, {"left": "50", "top": "1", "right": "2", "bottom": "3"}, {"line": "9 1 1 2 2"}, {"field": "modality"}):
        step = {"draft": empty, "name": "x", "do": "mark", "field": "bed_number", **wrong}
        assert browser.post(address, data=step).status_code == 400, wrong


def test_a_sample_is_handed_in_and_read(teacher: Member) -> None:
    browser, sample = teacher.client(), odd_form("boxes", SEED)
    field = {"form_token": browser.form_token()}  # type: ignore[attr-defined]
    assert browser.post("/staff/forms/samples", data=field, files={"file": b"no PDF"}).status_code == 400
    answer = browser.post("/staff/forms/samples", data=field, files={"file": ("sample.pdf", sample.pdf())})
    assert answer.status_code == 303
    address = answer.headers["Location"]
    page = wait_for(lambda: text if 'id="teaching"' in (text := browser.get(address).text) else "", 60)
    assert "pictures/sample/" in page
    broken = browser.post("/staff/forms/samples", data=field, files={"file": ("sample.pdf", b"%PDF-1.7 nothing")})
    wait_for(lambda: 'role="alert"' in browser.get(broken.headers["Location"]).text, 30)


def test_another_hospital_sees_nothing_of_it(instance: Instance, teacher: Member, programs: requests.Session) -> None:
    report_id = handed_in(programs, odd_form(LAYOUT, SEED + 20))["report_id"]
    other = add_member(instance, "administrator", "yi").client()
    assert report_id not in other.get("/staff/forms").text
    forms = [row[0] for row in instance.sql("SELECT DISTINCT form_id::text FROM report_form WHERE hospital_id = 'jia'")]
    for path in (
        f"teach/report/{report_id}",
        f"pictures/report/{report_id}/1",
        *(f"teach/form/{one}" for one in forms),
        "teach/report/x",
        "teach",
    ):
        assert other.get(f"/staff/forms/{path}").status_code == 404, path
    for form_id in [*forms, str(uuid4())]:
        assert other.post(f"/staff/forms/{form_id}/delete", data={}).status_code == 404
    asked = {"source": {"kind": "report", "id": report_id}, "draft": {"marks": []}}
    assert other.post("/staff/forms/read", json=asked).status_code == 404
    own = teacher.client()
    for wrong in (
        {},
        [],
        {**asked, "draft": {"marks": [{"field": "x"}]}},
        {**asked, "draft": {"marks": [{"field": "bed_number", "page": 7, "box": [0, 0, 9, 9]}]}},
    ):
        assert own.post("/staff/forms/read", json=wrong).status_code == 400, wrong
    assert add_member(instance, "doctor", "jia").client().get("/staff/forms").status_code == 404
