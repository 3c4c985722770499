# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's pages, rendered from sample values in both languages: what they show, what they escape, what tests and scripts hold on to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from cloudfilm.db.reports import ReportPage
from cloudfilm.reports.fields import ReportFields
from portal.exam_view import ExamView

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
REPORT_ID = UUID("00000000-0000-4000-8000-000000000007")
FIELDS = ReportFields(
    hospital_name="某某市人民医院",
    report_kind="CT检查报告单",
    patient_name="王秀英",
    patient_sex="F",
    patient_age="68岁",
    patient_id="P0018842",
    accession_number="CT20260511",
    exam_time="2026-05-11T09:42",
    findings="双肺纹理清晰。\n心影不大。",
    impression="1. 双肺未见异常。\n2. 心影不大。",
)
EXAM = ExamView(
    report_id=REPORT_ID,
    study_instance_uid="1.2",
    hospital_name="某某市人民医院",
    being_read=False,
    unreadable=False,
    fields=FIELDS,
    patient_name="王秀英",
    modality="CT",
    images="complete",
    image_count=172,
    series_count=2,
)
PAGES = [ReportPage(1, "a" * 64, 1240, 1754), ReportPage(2, "b" * 64, 1240, 1754)]
NOT_READ = replace(EXAM, fields=ReportFields(), patient_name="", being_read=True, images="waiting", image_count=0, series_count=0)

TEXT = {"size": [595, 842], "skew": 1.5, "centre": [297.5, 421.0], "lines": [["王秀英 <b>", 50.0, 100.0, 60.0, 12.0]]}

type Render = Callable[..., str]


def exam_page(render: Render, exam: ExamView, pages: list[ReportPage] | None = None) -> str:
    return render("exam.html", exam=exam, pages=PAGES if pages is None else pages, state="0123456789abcdef")


def test_the_exam_shows_what_the_report_says(render: Render) -> None:
    page = exam_page(render, EXAM)
    for said in ("某某市人民医院", "CT检查报告单", "王秀英", "68岁", "P0018842", "CT20260511", "2026-05-11 09:42", "双肺纹理清晰。", "172"):
        assert said in page
    assert 'data-state="0123456789abcdef"' in page
    assert f"/api/v1/reports/{REPORT_ID}/pages/1" in page


def test_lines_of_the_impression_stay_lines(render: Render) -> None:
    page = exam_page(render, EXAM)
    assert "1. 双肺未见异常。</p>" in page
    assert "2. 心影不大。</p>" in page


@pytest.mark.parametrize("images", ["waiting", "arriving", "complete"])
def test_images_can_be_opened_as_soon_as_there_is_one(render: Render, images: str) -> None:
    page = exam_page(render, replace(EXAM, images=images))
    assert f'data-images="{images}"' in page
    assert ('href="/images"' in page) == (images != "waiting")
    assert ('id="open-images"' in page) == (images != "waiting")


@pytest.mark.parametrize(
    ("exam", "renews"),
    [(EXAM, False), (NOT_READ, True), (replace(EXAM, being_read=True), True), (replace(EXAM, images="arriving"), True)],
    ids=["complete", "not read", "being read", "arriving"],
)
def test_the_exam_renews_itself_without_scripts_until_all_is_there(render: Render, exam: ExamView, renews: bool) -> None:
    page = exam_page(render, exam)
    assert ('<noscript><meta http-equiv="refresh"' in page) == renews
    assert ("data-unsettled" in page) == renews


def test_an_unreadable_report_leads_to_the_original(render: Render) -> None:
    page = exam_page(render, replace(EXAM, fields=ReportFields(), unreadable=True))
    assert 'id="unreadable-title"' in page
    assert 'id="original-report" href="/report"' in page


def test_a_report_without_pages_shows_no_picture_and_tries_again(render: Render) -> None:
    assert "/pages/" not in exam_page(render, NOT_READ, [])
    page = render("report.html", exam=NOT_READ, pages=[])
    assert "/pages/" not in page
    assert 'http-equiv="refresh"' in page


def test_the_original_has_every_page_with_its_size(render: Render) -> None:
    page = render("report.html", exam=EXAM, pages=PAGES)
    for number in (1, 2):
        assert f'src="/api/v1/reports/{REPORT_ID}/pages/{number}" width="1240" height="1754"' in page
    assert 'http-equiv="refresh"' not in page


def test_nothing_forbids_enlarging(render: Render) -> None:
    page = render("report.html", exam=EXAM, pages=PAGES)
    assert "user-scalable" not in page
    assert "maximum-scale" not in page


def test_text_from_outside_is_escaped_everywhere(render: Render) -> None:
    fields = ReportFields(**dict.fromkeys(ReportFields().to_json(), HOSTILE))
    exam = replace(EXAM, fields=fields, hospital_name=HOSTILE, patient_name=HOSTILE, modality=HOSTILE)
    for page in (
        exam_page(render, exam),
        render("report.html", exam=exam, pages=PAGES),
        render("consent.html", hospital_name=HOSTILE),
        render("staff_oidc_refused.html", subject=HOSTILE),
    ):
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        assert "<img src=x" not in page


def test_consent_shows_the_hospital_and_asks(render: Render) -> None:
    page = render("consent.html", hospital_name="某某市人民医院")
    assert "某某市人民医院" in page
    assert 'method="post" action="/consent"' in page
    assert 'id="accept" type="submit" name="accepted" value="yes"' in page


@pytest.mark.parametrize("shown", [{}, {"remaining": 4}, {"remaining": 0}, {"minutes": 1}, {"minutes": 9}], ids=str)
def test_the_code_form_says_what_went_wrong_next_to_the_field(render: Render, shown: dict[str, int]) -> None:
    page = render("code_form.html", **shown)
    assert 'name="access_code"' in page
    assert ('role="alert"' in page) == bool(shown)
    for number in filter(None, shown.values()):
        assert f" {number} " in page


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 429, 500, 503])
def test_every_failure_says_what_to_do(render: Render, status: int) -> None:
    page = render("failure.html", status=status)
    assert page.count("<h1") == 1
    assert 'class="button' in page


def test_every_page_names_itself_and_offers_the_other_language(render: Render) -> None:
    pages = {
        "exam": exam_page(render, EXAM),
        "report": render("report.html", exam=EXAM, pages=PAGES),
        "consent": render("consent.html", hospital_name="医院"),
        "code": render("code_form.html"),
        "failure": render("failure.html", status=404),
        "staff-oidc-refused": render("staff_oidc_refused.html", subject="https://id.example|7"),
    }
    for name, page in pages.items():
        assert f'data-page="{name}"' in page
        assert 'href="?lang=' in page
        assert page.count("<h1") == 1
        assert page.count("<main") == 1
        assert "AGPL" in page


def test_the_text_of_a_page_lies_over_its_picture(render: Render) -> None:
    page = render("report.html", exam=EXAM, pages=[ReportPage(1, "a" * 64, 780, 1104, 595.0, 842.0, "b" * 64, 1600, 2263, TEXT), PAGES[1]])
    assert '<text x="50.0" y="109.6" font-size="10.2" textLength="60.0" lengthAdjust="spacingAndGlyphs">王秀英 &lt;b&gt;</text>' in page
    assert "translate(297.5 421.0) rotate(1.5) translate(-297.5 -421.0)" in page
    assert page.count('<svg class="page-text"') == page.count('pages/1?size=large" width') == 1
    assert "pages/2?size=large" not in page, "it was read before there was a larger picture"
