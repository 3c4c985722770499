# SPDX-License-Identifier: AGPL-3.0-or-later
"""What hospitals and phones bring that nobody planned for: each has a friendly answer on the patient's page."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import dcmread
from reportlab.pdfgen.canvas import Canvas

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.key_objects import key_object
from tests.support.phone import phone
from tests.support.picture_series import document, phantom_ct
from tests.support.samples import change, ct_study, fields_for, study_uid

# An equals sign would separate the groups of a name.
HOSTILE = "<script>hack()</script><u>&amp;"
# PS3.5 §6.2: at most 64 characters a group. Devices send more.
LONG = "慕容" * 100
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


# A machine that does much else keeps its jobs waiting.
ARRIVES = 90.0


def complete(instance: Instance, seed: str) -> None:
    found = "SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL"
    wait_for(lambda: instance.sql(found, study_uid(seed)), ARRIVES, "a complete study")


def sent(instance: Instance, seed: str, paths: list[Path]) -> str:
    """Images, then their report; the paper's link."""
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, seed)
    return reported(instance, seed)["link"]


def reported(instance: Instance, seed: str) -> dict[str, Any]:
    """A report with this seed's numbers, and names that its images have not: their own names are shown."""
    client = instance.client(instance.token("jia", "reports"))
    answer: dict[str, Any] = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    return answer


def exam_page(page: Page, instance: Instance, link: str) -> None:
    page.goto(link)
    page.locator("#accept").click()
    expect(page.locator("#exam")).to_be_visible()


@pytest.mark.parametrize(("seed", "name"), [("46200", HOSTILE), ("46201", LONG)], ids=["script", "200 characters"])
def test_a_hostile_name_is_text_and_fits(instance: Instance, browser: Browser, tmp_path: Path, seed: str, name: str) -> None:
    paths = change(ct_study(tmp_path, seed), PatientName=f"={name}", SeriesDescription=name[:64], StudyDescription=name[:64])
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, seed)
    # A reserved code shows the exam before its report, so the name that the images have.
    client = instance.client(instance.token("jia", "reports"))
    reserved = client.post("/api/v1/reservations", json={"accession_number": f"A{seed}"}).json()
    with phone(browser) as one:
        one.context.add_init_script("window.hack = () => { window.hacked = 1; }")
        exam_page(one.page, instance, reserved["link"])
        expect(one.page.locator("#person-name")).to_contain_text(name[:12])
        expect(one.page.locator("#key-pictures li")).to_have_count(1)
        assert one.page.evaluate(FITS)
        one.page.locator("#key-pictures a").first.click()
        one.is_shown("device")
        assert one.page.evaluate(FITS)
        assert one.page.evaluate("window.hacked") is None
        assert one.trouble == []


def element(character_set: str) -> bytes:
    """Specific Character Set in Explicit VR Little Endian (PS3.5 §7.1.2)."""
    value = character_set.encode() + b" " * (len(character_set) % 2)
    return b"\x08\x00\x05\x00CS" + len(value).to_bytes(2, "little") + value


@pytest.mark.parametrize(
    ("seed", "stated", "encoding"), [("46210", "ISO_IR 100", "gb18030"), ("46211", "ISO_IR 192", "gb18030"), ("46212", "GB18030", "utf-8")]
)
def test_a_name_in_another_encoding_than_stated_is_readable(
    instance: Instance, tmp_path: Path, seed: str, stated: str, encoding: str
) -> None:
    """On the patient's page, and for matching: the report's name is the images'."""
    right = {"gb18030": "GB18030", "utf-8": "ISO_IR 192"}[encoding]
    paths = ct_study(tmp_path, seed, character_set=right)
    for path in paths:
        content = path.read_bytes()
        assert element(right) in content
        path.write_bytes(content.replace(element(right), element(stated)))
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    complete(instance, seed)
    assert instance.sql("SELECT patient_name, study_description FROM study WHERE study_instance_uid = %s", study_uid(seed)) == [
        ("Wang^XiaoMing=王^小明", "头颅CT平扫")
    ]
    assert reported(instance, seed)["status"] == "matched"


def test_a_study_without_pixels_says_so_and_shows_the_report(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46220", document(tmp_path, "46220"))
    with phone(browser, language="en") as one:
        exam_page(one.page, instance, link)
        expect(one.page.locator("#findings-title")).to_be_visible()
        expect(one.page.locator("#documents-only")).to_have_text("This exam holds documents only, no pictures.")
        expect(one.page.locator("#key-pictures")).to_have_count(0)
        one.page.goto(f"{instance.url}/images")
        expect(one.page.locator("#empty-text")).to_be_visible()


def test_a_series_of_one_opens_and_cannot_be_scrolled(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46230", phantom_ct(tmp_path, "46230", 1, 64))
    with phone(browser) as one:
        exam_page(one.page, instance, link)
        expect(one.page.locator("#key-pictures li")).to_have_count(1)
        one.page.locator("#key-pictures a").click()
        one.is_shown("device")
        expect(one.page.locator("#position")).to_have_text("1 / 1")
        one.page.keyboard.press("ArrowDown")
        assert one.position() == 1
        assert one.trouble == []


def test_a_pdf_of_300_pages_is_refused_with_a_reason_and_its_page_says_so(instance: Instance, browser: Browser) -> None:
    target = BytesIO()
    canvas = Canvas(target, invariant=1)
    for number in range(300):
        canvas.drawString(72, 720, f"46240 page {number}")
        canvas.showPage()
    canvas.save()
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": target.getvalue()}).json()
    assert (answer["status"], "300 pages" in answer["status_reason"]) == ("failed", True), answer
    with phone(browser, language="en") as one:
        exam_page(one.page, instance, answer["link"])
        expect(one.page.locator("#failed-title")).to_be_visible()
        one.page.goto(f"{instance.url}/report")
        expect(one.page.locator(".notice.bad")).to_be_visible()
        expect(one.page.get_by_text("being prepared")).to_have_count(0)


def test_what_was_marked_comes_first_and_opens_there_and_what_cannot_be_shown_leaves_the_strip(
    instance: Instance, browser: Browser, tmp_path: Path
) -> None:
    paths = phantom_ct(tmp_path, "46250", 30, 64)
    marked = next(path for path in paths if dcmread(path).InstanceNumber == 4)
    rejected = next(path for path in paths if dcmread(path).InstanceNumber == 9)
    objects = [key_object(tmp_path, [marked], missing=True), key_object(tmp_path, [rejected], title="113001", series_number=81)]
    link = sent(instance, "46250", [*paths, *objects])
    with phone(browser) as one:
        exam_page(one.page, instance, link)
        pictures = one.page.locator("#key-pictures li")
        expect(pictures).to_have_count(2)
        expect(pictures.first.locator(".marked")).to_be_visible()
        boxes = [box.bounding_box() for box in one.page.locator("#key-pictures img").all()]
        assert all(box is not None and box["width"] == box["height"] for box in boxes), "their place is kept before they come"
        pictures.first.locator("a").click()
        one.is_shown("device")
        assert one.position() == 4
        one.page.go_back()
        one.page.route("**/images/key-picture*", lambda route: route.fulfill(status=404))
        one.page.reload()
        expect(one.page.locator("#key-pictures")).to_be_hidden()


def test_without_javascript_text_report_and_forms_work(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46260", ct_study(tmp_path, "46260"))
    with phone(browser, scripts=False) as one:
        page = one.page
        exam_page(page, instance, link)
        expect(page.get_by_text("颅脑CT平扫未见明显异常")).to_be_visible()
        expect(page.locator("[data-read-aloud]")).to_be_hidden()
        expect(page.locator("#key-pictures li")).to_have_count(1)
        page.locator("#original-report").click()
        expect(page.locator(".page img").first).to_be_visible()
        page.goto(f"{instance.url}/mistake")
        page.locator("input[value=images]").check()
        page.locator("#send").click()
        expect(page.locator("#mistake-sent")).to_be_visible()


def test_without_webgl_both_viewers_show_pixels(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46270", ct_study(tmp_path, "46270", slices=4))
    with phone(browser) as one:
        one.context.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...more) { return /webgl/.test(kind) ? null : get.call(this, kind, ...more); };"
        )
        exam_page(one.page, instance, link)
        one.page.goto(f"{instance.url}/images")
        assert one.painted().max() > 100
        one.page.set_viewport_size({"width": 1280, "height": 800})
        one.page.goto(f"{instance.url}/images/desktop")
        area = one.page.locator(".viewport-element canvas").first
        expect(area).to_be_visible(timeout=60_000)
        seen = "canvas => Math.max(...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 8, 8).data.filter((_, i) => i % 4 < 3))"
        wait_for(lambda: area.evaluate(seen) > 100, timeout_seconds=60, what="pixels without WebGL")


def test_without_a_line_the_page_stays_and_says_so(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46280", ct_study(tmp_path, "46280"))
    with phone(browser, language="en") as one:
        exam_page(one.page, instance, link)
        expect(one.page.locator("#offline")).to_be_hidden()
        one.context.set_offline(True)
        expect(one.page.locator("#offline")).to_be_visible()
        one.page.locator("#own-log").click()
        expect(one.page.locator("#offline.insists")).to_be_visible()
        assert one.page.url.endswith("/exam")
        one.context.set_offline(False)
        expect(one.page.locator("#offline")).to_be_hidden()
        one.page.locator("#own-log").click()
        expect(one.page.locator("body")).to_have_attribute("data-page", "access-log")


def test_in_wechat_a_hint_stands_where_files_cannot_be_saved(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    link = sent(instance, "46290", ct_study(tmp_path, "46290"))
    agent = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49"
    for user_agent, is_wechat in ((agent, True), (agent.split(" MicroMessenger")[0], False)):
        context = browser.new_context(
            ignore_https_errors=True, viewport={"width": 390, "height": 844}, locale="zh-CN", user_agent=user_agent
        )
        page = context.new_page()
        exam_page(page, instance, link)
        expect(page.locator("#wechat-hint")).to_have_count(1 if is_wechat else 0)
        expect(page.locator("#download-report")).to_have_count(0 if is_wechat else 1)
        expect(page.locator("a[download]")).to_have_count(0 if is_wechat else 2)
        context.close()
