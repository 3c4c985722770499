# SPDX-License-Identifier: AGPL-3.0-or-later
"""Between the click and OHIF's first image: a picture of the exam and a bar, by what Chromium shows while the viewer's script is held back."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.picture_series import phantom_ct
from tests.support.samples import fields_for, study_uid

SEED, SLICES = "52001", 12
HAS_PICTURE = "() => { const one = document.querySelector('#cloudfilm-opening img'); return one.complete && one.naturalWidth > 0; }"
WIDTH = "() => document.querySelector('#cloudfilm-opening div div').getBoundingClientRect().width"
IN_SIGHT = """() => { const canvas = document.querySelector('.viewport-element canvas');
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value, place) => place % 4 < 3 && value > 100); }"""


@pytest.fixture(scope="module")
def link(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The paper's link to an exam of one series."""
    paths = phantom_ct(tmp_path_factory.mktemp("opening"), SEED, slices=SLICES, size=128)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(SEED)))
    client = instance.client(instance.token("jia", "reports"))
    return str(client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(SEED))}).json()["link"])


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "正在打开影像…"), ("en-US", "Opening the images…")])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])
def test_a_picture_and_a_bar_stand_there_until_the_first_image(
    browser: Browser, link: str, language: str, words: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": size[0], "height": size[1]}, locale=language)
    page = context.new_page()
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")
    held, may_go = list[Route](), Event()

    def hold(route: Route) -> None:
        if may_go.is_set():
            route.continue_()
        else:
            held.append(route)

    page.route("**/viewer/app.bundle*.js", hold)
    page.goto(link.split("/q/")[0] + "/images/desktop", wait_until="commit")
    card = page.locator("#cloudfilm-opening")
    expect(card).to_contain_text(words)
    wait_for(lambda: page.evaluate(HAS_PICTURE), what="the exam's picture")
    wait_for(lambda: page.evaluate("true") and held, what="OHIF's main script, asked for behind the picture")
    assert page.evaluate(WIDTH) < 200
    if folder := os.environ.get("CLOUDFILM_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/opening-{language}-{size[0]}.png")
    may_go.set()
    held[0].continue_()
    expect(card).to_have_count(0, timeout=60_000)
    assert page.evaluate(IN_SIGHT)
    context.close()


FRAMES = """() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/frames/'))
    .map((one) => [one.name, one.transferSize > 0])"""
# What OHIF asked for that our page had not named.
LATE = """() => {
    const named = [...document.getElementById('viewer-files').content.children]
        .map((one) => new URL(one.getAttribute('href') || one.getAttribute('src'), location.href).pathname);
    const asked = performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname);
    return [...new Set(asked)].filter((path) => /[.](js|css|wasm)$/.test(path) && !named.includes(path));
}"""


def at_the_first_image(page: Page, link: str) -> None:
    """OHIF is open and shows it; the exam's page was there before."""
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")
    page.goto(link.split("/q/")[0] + "/images/desktop", wait_until="commit")
    expect(page.locator("#cloudfilm-opening")).to_have_count(0, timeout=60_000)


def test_all_that_the_first_image_needs_is_asked_for_early(browser: Browser, link: str) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    at_the_first_image(page, link)
    late = {url.rpartition("/")[2].split(".")[0] for url in page.evaluate(LATE)}
    # What the page itself names, our worker, and a worker for histograms, which nothing waits for.
    assert late <= {"opening", "first_frames", "histogram-worker"}, late
    context.close()


def test_what_carries_a_hash_or_a_version_is_kept_by_the_browser(instance: Instance) -> None:
    client = instance.client()
    page = client.get("/viewer/viewer")
    assert page.headers["Cache-Control"] == "no-cache"
    files = set(re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', page.text)) - {"/viewer/favicon.svg"}
    assert len(files) > 40
    kept = {file: client.get(file).headers["Cache-Control"] for file in sorted(files)}
    assert set(kept.values()) == {"public, max-age=31536000, immutable"}, kept
    for address in ("/viewer/reading.js", "/viewer/reading.js?0123456789abcdef", "/viewer/favicon.svg"):
        assert client.get(address).headers["Cache-Control"] == "no-cache"


QUESTIONS = """() => performance.getEntriesByType('resource').map((one) => [one.initiatorType, one.name.split('/dicom-web')[1] || ''])
    .filter(([, path]) => /StudyInstanceUID=|[/]series[?]|[/]metadata$/.test(path))"""


@pytest.mark.parametrize("late_seconds", [0, 0.6], ids=["at-once", "after-the-scripts-were-asked-for"])
def test_ohif_finds_the_answers_to_what_it_asks_first(browser: Browser, link: str, late_seconds: float) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    sent = list[str]()  # by the page and by its worker

    def late(route: Route) -> None:
        time.sleep(late_seconds)
        route.continue_()

    page.route("**/series?*", late)
    page.on("request", lambda request: sent.append(request.url.partition("/dicom-web")[2]))
    at_the_first_image(page, link)
    asked = page.evaluate(QUESTIONS)
    # The study, its series, their metadata (images, the report): by opening.js only, and once.
    assert {by for by, _ in asked} == {"fetch"}, asked
    assert len({path for _, path in asked}) == len(asked) > 2
    wait_for(lambda: page.evaluate("1") and any("/frames/" in path for path in sent), what="the worker at work")
    of_exam = [path for path in sent if re.search(r"/series(\?|$)|/metadata$", path)]
    assert sorted(of_exam) == sorted(path for _, path in asked if "/series" in path), of_exam
    context.close()


def test_ohif_asks_itself_where_there_is_no_early_answer(browser: Browser, link: str) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.route("**/dicom-web/studies?*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    page.route("**/series?*", lambda route: route.fulfill(status=503) if route.request.resource_type == "fetch" else route.continue_())
    at_the_first_image(page, link)
    assert {by for by, _ in page.evaluate(QUESTIONS)} == {"fetch", "xmlhttprequest"}
    context.close()


def test_frames_come_while_the_viewer_starts(trusting: Browser, link: str) -> None:
    context = trusting.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    at_the_first_image(page, link)
    wait_for(lambda: len({name for name, _ in page.evaluate(FRAMES)}) == SLICES, what="every frame")
    # Here a frame takes some milliseconds: OHIF finds them in the cache.
    assert [name for name, is_on_the_line in page.evaluate(FRAMES) if is_on_the_line] == []
    context.close()


def test_frames_are_asked_for_before_ohif_runs_from_the_middle_outward(browser: Browser, link: str, tmp_path: Path) -> None:
    images = [dcmread(path, specific_tags=["SOPInstanceUID", "InstanceNumber"]) for path in phantom_ct(tmp_path, SEED, SLICES, 128)]
    number_of = {str(one.SOPInstanceUID): int(one.InstanceNumber) for one in images}
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    asked = list[str]()
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")

    def slowly(route: Route) -> None:
        asked.append(route.request.url)
        time.sleep(0.03)  # a line on which a frame takes as long
        route.continue_()

    page.route("**/frames/**", slowly)
    page.route("**/viewer/app.bundle*.js", lambda _: None)  # OHIF never runs
    page.goto(link.split("/q/")[0] + "/images/desktop", wait_until="commit")
    wait_for(lambda: page.evaluate("1") and len(asked) == SLICES, what="every frame")
    numbers = [number_of[url.rpartition("/instances/")[2].split("/")[0]] for url in asked]
    assert numbers[:2] == [6, 5]
    assert sorted(numbers) == list(range(1, SLICES + 1))
    context.close()


def test_an_exam_that_may_not_be_seen_leaves_no_card(browser: Browser, link: str) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(link.split("/q/")[0] + f"/viewer/viewer?StudyInstanceUIDs={study_uid(SEED)}")
    expect(page.locator("#cloudfilm-notice")).to_be_visible(timeout=60_000)
    expect(page.locator("#cloudfilm-opening")).to_have_count(0)
    context.close()


def test_an_exam_without_a_picture_leaves_no_card_over_ohif(browser: Browser, link: str) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")
    page.route("**/thumbnail?viewport=256,256", lambda route: route.fulfill(status=404))
    page.route("**/frames/**", lambda route: route.abort())
    page.goto(link.split("/q/")[0] + "/images/desktop", wait_until="commit")
    expect(page.locator("#root > div").first).to_be_visible(timeout=60_000)
    expect(page.locator("#cloudfilm-opening")).to_have_count(0, timeout=10_000)
    context.close()
