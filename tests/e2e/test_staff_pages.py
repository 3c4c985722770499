# SPDX-License-Identifier: AGPL-3.0-or-later
"""The staff's pages in a browser: searching while typing, the keyboard, two exams side by side, and axe-core over each page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import add_member

SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}
NOW, EARLIER, STRANGER = "42100", "42101", "42102"


@pytest.fixture(scope="module")
def exams(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """StudyInstanceUID of an exam with a report; an earlier one of the same patient, and another's."""
    folder = tmp_path_factory.mktemp("staff-pages")
    earlier = change(ct_study(folder / "b", EARLIER), PatientID=f"P{NOW}", StudyDate="20240110", StudyDescription="旧检查")
    stranger = change(ct_study(folder / "c", STRANGER), PatientName="Ouyang^Xue=欧阳^雪")
    for paths in (ct_study(folder / "a", NOW), earlier, stranger):
        assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    uids = [study_uid(seed) for seed in (NOW, EARLIER, STRANGER)]
    complete = "SELECT 1 FROM study WHERE study_instance_uid = ANY(%s) AND complete_at IS NOT NULL"
    wait_for(lambda: len(instance.sql(complete, uids)) == len(uids))
    client = instance.client(instance.token("jia", "reports"))
    assert client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(NOW))}).json()["status"] == "matched"
    return uids[0]


def signed_in(instance: Instance, browser: Browser, role: str, screen: str, language: str) -> BrowserContext:
    cookies = add_member(instance, role, "jia").client().cookies.get_dict()
    width, height = SCREENS[screen]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}, locale=language)
    context.add_cookies(
        [
            {"name": name, "value": value, "url": instance.url, "secure": True, "httpOnly": True}
            for name, value in cookies.items()
            if name != "lang"
        ]
    )
    return context


@pytest.fixture
def registrar(instance: Instance, browser: Browser, exams: str) -> Iterator[Page]:
    context = signed_in(instance, browser, "registrar", "desktop", "zh-CN")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("screen", "language"), [("phone", "zh-CN"), ("desktop", "en")])
@pytest.mark.parametrize(
    ("role", "pages"),
    [
        ("registrar", ("", "studies/{}", "studies/{}/log", "patients/{}")),
        ("administrator", ("hospital", "statistics", "statistics?by=week")),
    ],
)
def test_pages_are_accessible_and_fit(
    instance: Instance, browser: Browser, exams: str, screen: str, language: str, role: str, pages: tuple[str, ...]
) -> None:
    context = signed_in(instance, browser, role, screen, language)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for place in pages:
        page.goto(f"{instance.url}/staff/{place.format(exams)}")
        for details in page.locator("main details").all():
            details.locator("summary").click()
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], [node["html"][:150] for node in one["nodes"]]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], f"{place}: {json.dumps(serious, ensure_ascii=False, indent=1)}"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), place
        for picture in page.locator("main img").all():
            assert picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0, () => false)"), place
    assert refused == []
    context.close()


def test_the_list_answers_while_one_types_and_goes_by_the_keyboard(instance: Instance, registrar: Page, exams: str) -> None:
    page = registrar
    page.goto(f"{instance.url}/staff/")
    page.keyboard.press("/")
    page.keyboard.type(f"P{NOW}")
    rows = page.locator("#studies tbody tr")
    expect(rows).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1).locator("th a")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#text")).to_be_focused()
    page.fill("#text", "欧阳")
    expect(rows).to_have_count(1)
    expect(page.get_by_text("欧阳雪")).to_be_visible()
    page.click(".keep summary")
    page.fill("#filter-name", "欧阳的检查")
    page.click(".keep button")
    expect(page.locator("#kept .shown")).to_have_text("欧阳的检查×")
    page.click("#kept .shown button")
    expect(page.locator("#kept a")).to_have_count(0)
    page.click("#restore-filter")
    page.click("#kept a")
    expect(rows).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#patient")).to_have_text("欧阳雪")


def test_a_new_paper_is_shown_once_and_prints_alone(instance: Instance, registrar: Page, exams: str, tmp_path: Path) -> None:
    page = registrar
    page.goto(f"{instance.url}/staff/studies/{exams}")
    page.click(".new-paper summary")
    page.click(".new-paper button")
    expect(page.locator("#access-code")).to_be_visible()
    expect(page.locator("#print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".staff-bar")).to_be_hidden()
    expect(page.locator("#print")).to_be_hidden()
    expect(page.locator("#qr")).to_be_visible()
    page.emulate_media(media="screen")
    page.goto(f"{instance.url}{page.evaluate('location.pathname')}")
    expect(page.locator("#patient")).to_be_visible()
    expect(page.locator("#access-code")).to_have_count(0)


def test_two_exams_open_side_by_side(instance: Instance, registrar: Page, exams: str) -> None:
    page = registrar
    page.goto(f"{instance.url}/staff/patients/{exams}")
    boxes = page.locator("#history input[type=checkbox]")
    expect(boxes).to_have_count(2)
    expect(page.locator("#compare-them")).to_be_disabled()
    boxes.nth(1).check()
    page.click("#compare-them")
    expect(page.locator("canvas")).to_have_count(2, timeout=60_000)
    shown = "() => document.body.innerText"
    wait_for(lambda: all(said in page.evaluate(shown) for said in ("2026", "2024")), 30, "the dates of both exams")
