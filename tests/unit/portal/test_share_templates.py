# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages about links for others, rendered in both languages, and the exam as each kind of visit sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.share import Flaw, ShareState
from cloudfilm.db.reports import ReportPage
from cloudfilm.reports.fields import ReportFields
from portal.access_log import LogEntry
from portal.exam_view import ExamEntry, ExamView, Permissions, ShareNotice
from portal.pages.access_log import LogDay, LogLine
from portal.pages.shares import ShareView

ID = UUID("00000000-0000-4000-8000-000000000007")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
NOTICE = ShareNotice("李医生", "2026-12-01 10:32", hides_names=False)
EXAM = ExamView(
    report_id=ID, study_instance_uid="1.2", hospital_name="甲医院", being_read=False, unreadable=False,
    fields=ReportFields(patient_name="王小明", findings="双肺纹理清晰。", impression="未见异常。"), patient_name="王小明", modality="CT",
    images="complete", image_count=3, series_count=1,
)  # fmt: skip
SHARE = ShareView(ID, "李医生", ShareState.OPEN, "2026-12-01 10:32", 3, 5, "2026-11-24 10:32", True, False, False)
ENTRY = LogEntry(datetime(2026, 11, 24, tzinfo=UTC), "link", "Dr Li", AuditKind.IMAGES_VIEWED, "", "computer", "203.0.113.*", "success")
PAGES = [ReportPage(1, "a" * 64, 1240, 1754)]

type Render = Callable[..., str]


def exam_page(render: Render, exam: ExamView, pages: list[ReportPage]) -> str:
    return render("exam.html", exam=exam, pages=pages, state="0" * 16)


def form(render: Render, **changes: object) -> str:
    values = {"exam": EXAM, "others": [], "chosen": set(), "given": {"days": "7", "report": "yes"}, "flaw": None, "days": (1, 7)}
    return render("share_form.html", **{**values, "longest_nickname": 60, "most_openings": 1000, "most_shares": 50, **changes})


def log(render: Render, entry: LogEntry) -> str:
    page = render("access_log.html", days=[LogDay("24 November 2026", 0, [LogLine(entry, "Tuesday 10:32", "2026-11-24T10:32+08:00")])])
    return " ".join(page.split())


ID_OF = {
    "share": ('id="share-exam"', 'id="own-shares"'), "log": ('id="own-log"',), "images": ('href="/images"', 'id="images-title"'),
    "text": ('id="impression-title"', "data-read-aloud"),
}  # fmt: skip


@pytest.mark.parametrize("denied", ID_OF)
def test_what_a_visit_may_not_do_is_not_offered(render: Render, denied: str) -> None:
    allowed = exam_page(render, EXAM, PAGES)
    page = exam_page(render, replace(EXAM, may=replace(Permissions(), **{denied: False})), PAGES)
    for mark in ID_OF[denied]:
        assert mark in allowed
        assert mark not in page


def test_a_patients_own_page_is_not_called_shared(render: Render) -> None:
    assert 'id="shared"' not in exam_page(render, EXAM, PAGES)


def test_a_share_says_so_and_until_when(render: Render) -> None:
    page = exam_page(render, replace(EXAM, share=NOTICE), PAGES)
    assert "2026-12-01 10:32" in page
    assert "李医生" in page
    assert 'id="names-hidden"' not in page


def test_hidden_names_are_announced_and_lead_nowhere(render: Render) -> None:
    may = Permissions(pages=False, download=False, originals=False, share=False, log=False, names=False)
    unread = replace(EXAM, may=may, share=NOTICE, hospital_name="", patient_name="", fields=ReportFields(), unreadable=True)
    page = exam_page(render, unread, [])
    assert 'id="names-hidden"' in page
    assert "/report" not in page


@pytest.mark.parametrize("may_download", [True, False])
def test_the_pdf_is_offered_only_for_download(render: Render, may_download: bool) -> None:
    page = render("report.html", exam=replace(EXAM, may=Permissions(download=may_download)), pages=PAGES)
    assert ("original.pdf" in page) == may_download


def test_other_exams_are_listed_and_stay_chosen(render: Render) -> None:
    others = (ExamEntry(ID, "1.3", "2025-01-12", "MR", "膝"), ExamEntry(None, "1.4", "2024-01-12", "CT", "胸"))
    page = exam_page(render, replace(EXAM, others=others), PAGES)
    for mark in (f'href="/exam?report={ID}"', 'href="/images?study=1.4"', "2025-01-12", f'href="/report?report={ID}"', "/images?study=1.2"):
        assert mark in page


def test_consent_to_a_share_says_who_shared(render: Render) -> None:
    page = render("consent.html", hospital_name="", share=replace(NOTICE, hides_names=True))
    assert "李医生" in page
    assert "2026-12-01 10:32" in page


def test_the_list_counts_openings(render: Render, language: str) -> None:
    page = " ".join(render("shares.html", shares=[SHARE]).split())
    assert {"en": "opened 3 of 5 times", "zh-CN": "已打开 3 次，最多 5 次"}[language] in page
    assert f'href="/shares/{ID}/end"' in page


@pytest.mark.parametrize("state", [ShareState.EXPIRED, ShareState.REVOKED])
def test_a_link_that_is_over_cannot_be_ended(render: Render, state: ShareState) -> None:
    assert "/end" not in render("shares.html", shares=[replace(SHARE, state=state)])


@pytest.mark.parametrize("flaw", list(Flaw))
def test_every_flaw_is_said_beside_the_form(render: Render, flaw: Flaw) -> None:
    page = form(render, flaw=flaw)
    assert 'role="alert"' in page
    assert 'role="alert"' not in form(render)


def test_the_form_says_that_burned_in_text_stays(render: Render, language: str) -> None:
    assert {"en": "NOT removed", "zh-CN": "不会被去除"}[language] in form(render)


def test_the_log_is_in_plain_words(render: Render, language: str) -> None:
    said = {"en": "</time> · a computer · the link “Dr Li”: looked at the images", "zh-CN": "</time> · 电脑 · 链接“Dr Li”：查看了影像"}
    assert said[language] in log(render, ENTRY)
    assert "203.0.113.*" in log(render, ENTRY)


@pytest.mark.parametrize("who", ["patient", "link", "hospital", "somebody"])
@pytest.mark.parametrize("outcome", ["success", "denied"])
@pytest.mark.parametrize("what", list(AuditKind))
def test_there_are_words_for_everything_that_can_happen(render: Render, what: AuditKind, outcome: str, who: str) -> None:
    page = log(render, replace(ENTRY, what=what, outcome=outcome, who=who))
    assert f'data-what="{what}" data-outcome="{outcome}"' in page


def test_what_people_typed_is_escaped_everywhere(render: Render) -> None:
    share = replace(SHARE, nickname=HOSTILE)
    for page in (
        render("shares.html", shares=[share]), render("share_end.html", share=share),
        render("share_made.html", share=share, link="https://x/s/A", qr_code="data:image/png;base64,AA=="),
        form(render, given={"nickname": HOSTILE}), exam_page(render, replace(EXAM, share=replace(NOTICE, nickname=HOSTILE)), PAGES),
        render("consent.html", hospital_name="", share=replace(NOTICE, nickname=HOSTILE)),
        log(render, replace(ENTRY, link=HOSTILE, about=HOSTILE, what=AuditKind.SHARE_MADE)),
    ):  # fmt: skip
        assert "&lt;script&gt;" in page
        assert "&amp;lt;" not in page
        assert "<script>" not in page
        assert "<img src=x" not in page
