# SPDX-License-Identifier: AGPL-3.0-or-later
"""A walk over all pages as each person takes it, in both languages, light and dark, on a phone and on a desktop: accessible, nothing beside the screen.

What the journeys do beyond that has its own tests: `test_main_job`, `test_shares`, `test_reading_station`, `test_review`, `test_staff_pages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.key_objects import key_object
from tests.support.page_check import SCREENS, PageCheck
from tests.support.patients import Paper
from tests.support.picture_series import phantom_ct, radiograph
from tests.support.samples import FIELDS, change, ct_study, fields_for, study_uid
from tests.support.staff import add_member

NOW, EARLIER, UNMATCHED = "46001", "46002", "46003"
LANGUAGES = ("zh-CN", "en")
# One walk in each: pages are the same in both languages.
SCHEMES: dict[str, Literal["light", "dark"]] = {"zh-CN": "light", "en": "dark"}
# A page is under 120 KB on the line without its pictures.
HEAVIEST = 120 * 1000

STAFF = {
    "registrar": (
        "studies/{study}", "studies/{study}/log", "patients/{study}", "orders", "review", "review/{unmatched}", "review?show=failed", "mistakes",
        "grants", "prints", "register", "forms", "account", "conflicts", "films",
    ),
    "administrator": ("hospital", "statistics", "users", "tokens", "gateways", "gateways/differences", "audit"),
    "operator": ("operation",),
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """An exam with two series, a marked picture, a report and an earlier exam; and a report that nobody's images fit."""

    instance: Instance
    paper: Paper
    unmatched: str


@pytest.fixture(scope="module")
def world(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("every-page")
    head = phantom_ct(folder / "a", NOW, 5, 64)
    exam = [*head, *radiograph(folder / "a", NOW, 128), key_object(folder / "a", [head[1]])]
    earlier = change(ct_study(folder / "b", EARLIER), PatientID=f"P{NOW}", StudyDate="20240110")
    assert instance.dcmtk("storescu", *map(str, [*exam, *earlier])).returncode == 0
    uids = [study_uid(NOW), study_uid(EARLIER)]
    complete = "SELECT 1 FROM study WHERE study_instance_uid = ANY(%s) AND complete_at IS NOT NULL"
    wait_for(lambda: len(instance.sql(complete, uids)) == len(uids), 90.0)
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(NOW))}).json()
    assert answer["status"] == "matched", answer
    instance.sql("UPDATE access_grant SET patient_wide = true WHERE report_id = %s", answer["report_id"])
    # The same patient and day, and no number that an exam has.
    unmatched = client.post("/api/v1/reports", files={"file": make_report_pdf(FIELDS)}).json()
    paper = Paper(instance, NOW, answer["report_id"], answer["link"], answer["access_code"])
    return World(instance, paper, unmatched["report_id"])


@contextmanager
def browsing(browser: Browser, language: str, **options: str) -> Iterator[tuple[BrowserContext, PageCheck]]:
    width, height = SCREENS["phone"]
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": width, "height": height}, locale=language, color_scheme=SCHEMES[language], **options
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield context, PageCheck(page, language)
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_patient_by_qr_code_and_by_access_code(world: World, browser: Browser, language: str) -> None:
    instance = world.instance
    instance.sql("DELETE FROM wrong_try")
    with browsing(browser, language) as (_, check):
        page = check.page
        page.goto(f"{instance.url}/q/NOBODYKNOWSTHISSECRETATALL")
        check.look("link-unknown")
        page.goto(f"{instance.url}/exam")
        check.look("visit-ended")
        page.goto(f"{instance.url}/")
        check.look("code")
        page.fill("#access-code", "AAAA-BBBB-CCCC")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        check.look("code-wrong")
        page.fill("#access-code", world.paper.access_code)
        page.keyboard.press("Enter")
        expect(page.locator("#accept")).to_be_visible()
        check.look("consent")
        page.locator("#accept").click()
        expect(page.locator("#key-pictures li")).to_have_count(3)
        expect(page.locator("#key-pictures .marked")).to_have_count(1)
        check.look("exam")
        page.locator("#key-pictures a").last.click()
        expect(page.locator("#caption")).to_have_text("胸部正位")
        check.look("images")
        for name in ("report", "shares/new", "shares", "access-log", "mistake"):
            page.goto(f"{instance.url}/{name}")
            check.look(name.replace("/", "-"))
        page.locator("input[value=text]").check()
        page.fill("#words", f"左右写反了 {language}")
        page.locator("#send").click()
        expect(page.locator("#mistake-sent")).to_be_visible()
        check.look("mistake-sent")
        for name in ("api/docs", "kiosk"):
            page.goto(f"{instance.url}/{name}")
            check.look(name.replace("/", "-"))
        assert not check.faults, "\n".join(check.faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_is_passed_on_and_received(world: World, browser: Browser, language: str) -> None:
    with browsing(browser, language) as (_, patient), browsing(browser, language) as (_, doctor):
        page = patient.page
        page.goto(world.paper.link)
        page.locator("#accept").click()
        page.locator("#share-exam").click()
        page.locator("#nickname").fill("李医生")
        page.locator("#hide-names").check()
        page.locator("#make").click()
        patient.look("share-made")
        link = page.locator("#link").input_value()
        doctor.page.goto(link)
        doctor.look("consent-of-a-share")
        doctor.page.locator("#accept").click()
        expect(doctor.page.locator("#names-hidden")).to_be_visible()
        doctor.look("exam-of-a-share")
        page.goto(f"{world.instance.url}/shares")
        page.locator("[data-share] a[href$='/end']").first.click()
        patient.look("share-end")
        page.locator("#end").click()
        assert not patient.faults + doctor.faults, "\n".join(patient.faults + doctor.faults)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", STAFF)
def test_staff(world: World, browser: Browser, role: str, language: str) -> None:
    instance = world.instance
    member = add_member(instance, role, None if role == "operator" else "jia")
    with browsing(browser, language) as (_, check):
        page = check.page
        page.goto(f"{instance.url}/staff/")
        if role == "registrar":
            check.look("staff-sign-in")
        page.fill("#login", member.login)
        page.fill("#password", member.password)
        page.click("#submit")
        expect(page.locator("#sign-out")).to_be_visible()
        if role != "operator":
            check.look(f"{role}-start")
        for place in STAFF[role]:
            page.goto(f"{instance.url}/staff/{place.format(study=world.paper.study_instance_uid, unmatched=world.unmatched)}")
            check.look(f"{role}-{place.split('?')[0].replace('/{study}', '').replace('/{unmatched}', '-one').replace('/', '-')}")
        assert not check.faults, "\n".join(check.faults)


def test_the_patients_page_is_light(world: World, browser: Browser, tmp_path: Path) -> None:
    """Everything but pictures, with headers, on the line, in a browser that comes for the first time."""
    with browsing(browser, "zh-CN") as (context, check):
        weights: dict[str, float] = {}
        kinds: dict[str, tuple[str, str]] = {}
        network = context.new_cdp_session(check.page)
        check.page.goto(world.paper.link)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        network.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: (event["type"], event["response"]["url"])}))
        network.on("Network.loadingFinished", lambda event: weights.update({event["requestId"]: event["encodedDataLength"]}))
        check.page.locator("#accept").click()
        expect(check.page.locator("#key-pictures img").first).to_be_visible()
        picture = check.page.locator("#key-pictures img").first
        wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"), what="a key picture")
        wait_for(lambda: any(kind == "Document" and one in weights for one, (kind, _) in kinds.items()), what="the page")
        weight = sum(size for one, size in weights.items() if kinds.get(one, ("", ""))[0] != "Image")
        print(f"the exam's page: {weight / 1000:.1f} kB without pictures, {sum(weights.values()) / 1000:.1f} kB with them")
        assert 5_000 < weight < HEAVIEST
