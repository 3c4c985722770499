# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an administrator writes takes effect where patients see it; and the numbers of the statistics are those of the database."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
import pytest
import requests
from PIL import Image

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import fields_for
from tests.support.staff import Member, add_member

FORM = {
    "name": "丙市医院", "disclaimer": "本院声明：\n<b>仅供参考</b>", "contact": "放射科 010-1234", "footer": "和平路 1 号", "filing_number": "京ICP备1号",
    "paper_days": "30", "stamp_corner": "bottom-left", "stamp_words": "请用微信扫一扫",
}  # fmt: skip


@pytest.fixture(scope="module")
def administrator(instance: Instance) -> Member:
    instance.sql("DELETE FROM wrong_try")
    instance.admin("hospital", "add", "bing", "--name", "丙医院")
    return add_member(instance, "administrator", "bing")


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (900, 300), (20, 120, 60)).save(target, "PNG")
    return target.getvalue()


def submit(instance: Instance, seed: str) -> dict[str, Any]:
    answer = instance.client(instance.token("bing", "reports")).post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))})
    assert answer.status_code == 201
    return dict(answer.json())


def text_of_stamped(instance: Instance, report: dict[str, Any]) -> tuple[str, tuple[float, float]]:
    """The text of the stamped first page, and where on it the access code stands, as parts of its width and height from below."""
    pdf = instance.client(instance.token("bing", "reports")).get(report["stamped_pdf"]).content
    page = pypdfium2.PdfDocument(pdf)[0]
    text = page.get_textpage()
    found = text.search(report["access_code"]).get_next()
    assert found
    left, bottom, _, _ = text.get_charbox(found[0])
    width, height = page.get_size()
    return text.get_text_range(), (left / width, bottom / height)


def test_settings_take_effect_on_pages_and_papers(instance: Instance, administrator: Member) -> None:
    client, before = administrator.client(), submit(instance, "42010")
    assert client.post("/staff/hospital", data=FORM, files={"logo": ("x.png", picture())}).status_code == 303
    patient = instance.client()
    patient.get(before["link"])
    consent = patient.get("/exam").text
    assert "&lt;b&gt;仅供参考" in consent
    assert "丙市医院" in consent
    patient.post("/consent", data={"accepted": "yes"})
    page = patient.get("/exam").text
    for shown in ("放射科 010-1234", "和平路 1 号", "京ICP备1号"):
        assert shown in page, shown
    logo = re.search(r'src="(/logo/[0-9a-f]{64}\.png)"', page)
    assert logo
    assert Image.open(io.BytesIO(instance.client().get(logo[1]).content)).size == (480, 160)

    after = submit(instance, "42011")
    lasts = "SELECT expires_at - created_at FROM access_grant WHERE report_id = %s"
    assert instance.sql(lasts, before["report_id"]) == [(None,)]
    assert instance.sql(lasts, after["report_id"]) == [(timedelta(days=30),)]
    (words_before, (x_before, y_before)), (words, (x, y)) = text_of_stamped(instance, before), text_of_stamped(instance, after)
    assert "请用微信扫一扫" in words.replace("\r\n", "")
    assert "请用微信扫一扫" not in words_before
    assert (x < 0.5, y < 0.5, x_before > 0.5, y_before > 0.5) == (True, True, True, True)

    assert client.post("/staff/hospital", data=FORM | {"remove_logo": "yes", "paper_days": ""}).status_code == 303
    assert instance.client().get(logo[1]).status_code == 404
    changes = (
        "SELECT detail FROM audit_event WHERE hospital_id = 'bing' AND detail LIKE 'hospital settings%%' ORDER BY sequence DESC LIMIT 1"
    )
    assert instance.sql(changes) == [("hospital settings: paper_days, logo",)]


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"footer": "x" * 301}, {"paper_days": "0"}, {"paper_days": "³"}, {"paper_days": "99999"}, {"stamp_corner": "middle"}],
)
def test_a_wrong_form_changes_nothing_and_comes_back_filled_in(instance: Instance, administrator: Member, wrong: dict[str, str]) -> None:
    before = instance.sql("SELECT to_jsonb(hospital) FROM hospital WHERE hospital_id = 'bing'")
    answer = administrator.client().post("/staff/hospital", data=FORM | {"contact": "新的电话"} | wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "新的电话" in answer.text
    assert instance.sql("SELECT to_jsonb(hospital) FROM hospital WHERE hospital_id = 'bing'") == before


def test_no_picture_is_no_logo(instance: Instance, administrator: Member) -> None:
    answer = administrator.client().post("/staff/hospital", data=FORM | {"name": "别名"}, files={"logo": ("x.svg", b"<svg onload='x'/>")})
    assert answer.status_code == 400
    assert instance.sql("SELECT name FROM hospital WHERE hospital_id = 'bing'") == [(FORM["name"],)]


def test_only_administrators_write_them(instance: Instance) -> None:
    for role in ("doctor", "registrar"):
        client = add_member(instance, role, "bing").client()
        for place in ("hospital", "statistics", "statistics/numbers.csv"):
            assert client.get(f"/staff/{place}").status_code == 404, (role, place)
        assert client.post("/staff/hospital", data=FORM).status_code == 404


def numbers_of(client: requests.Session, by: str) -> dict[str, int]:
    lines = list(csv.DictReader(io.StringIO(client.get(f"/staff/statistics/numbers.csv?by={by}").text)))
    assert len(lines) == {"day": 30, "week": 26}[by]
    return {name: sum(int(line[name]) for line in lines) for name in ("exams", "views", "shares", "issued", "scanned")}


def test_statistics_count_what_happened_here(instance: Instance, administrator: Member) -> None:
    client = administrator.client()
    before = numbers_of(client, "day")
    report = submit(instance, "42012")
    instance.client(instance.token("bing", "reports")).get(report["stamped_pdf"])
    assert numbers_of(client, "day") == before | {"issued": before["issued"] + 1}
    patient = instance.client()
    patient.get(report["link"])
    patient.post("/consent", data={"accepted": "yes"})
    assert patient.post("/api/v1/shares", json={"nickname": "王主任", "days": 7}).status_code == 201
    expected = before | {"issued": before["issued"] + 1, "scanned": before["scanned"] + 1, "shares": before["shares"] + 1}
    assert numbers_of(client, "day") == numbers_of(client, "week") == expected
    page = client.get("/staff/statistics").text
    assert page.count("<svg viewBox=") == 5
    assert 'class="bar-of"' in page


def test_an_operator_sees_numbers_of_all_hospitals_and_retries_a_failed_job(instance: Instance, administrator: Member) -> None:
    operator = add_member(instance, "operator").client()
    ((job_id,),) = instance.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)"
        " VALUES ('default', 'read_report', jsonb_build_object('report_id', gen_random_uuid()), 'failed', 3) RETURNING id"
    )
    page = operator.get("/staff/operation").text
    for shown in ("甲医院", "乙医院", f"/staff/operation/jobs/{job_id}/retry"):
        assert shown in page, shown
    assert "王小明" not in page
    assert administrator.client().get("/staff/operation").status_code == 404
    assert administrator.client().post(f"/staff/operation/jobs/{job_id}/retry").status_code == 404
    assert operator.post(f"/staff/operation/jobs/{job_id}/retry").status_code == 303
    wait_for(lambda: instance.sql("SELECT status FROM procrastinate_jobs WHERE id = %s", job_id) in ([], [("succeeded",)]))
    for gone in (job_id, 2**62, 10**30):
        assert operator.post(f"/staff/operation/jobs/{gone}/retry").status_code == (404 if gone > 2**63 else 303)
    assert len(instance.sql("SELECT 1 FROM audit_event WHERE detail LIKE 'tried the job%%'")) == 1
