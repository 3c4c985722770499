# SPDX-License-Identifier: AGPL-3.0-or-later
"""The main job as people do it: the report, then storescu, the paper's link on a phone and on a desktop, to pixels on the screen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Browser, Page, expect

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for

SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}


@pytest.mark.parametrize(("screen", "language"), [("phone", "zh-CN"), ("desktop", "en")])
def test_from_the_papers_link_to_pixels(instance: Instance, browser: Browser, tmp_path: Path, screen: str, language: str) -> None:
    seed = f"main-{screen}"
    api = instance.client(instance.token("jia", "reports"))
    answer = api.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    assert answer["status"] == "waiting"

    width, height = SCREENS[screen]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}, locale=language)
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))

    page.goto(answer["link"])
    expect(page.get_by_text("王小明")).to_have_count(0)
    page.locator("#accept").click()
    expect(page.get_by_text("王小明").first).to_be_visible()
    expect(page.get_by_text("颅脑CT平扫未见明显异常").first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == language

    # The images come while the page is open: it refreshes by itself.
    expect(page.locator("[data-images]")).to_have_attribute("data-images", "waiting")
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, seed, slices=8))).returncode == 0
    expect(page.locator("[data-images=complete]")).to_be_attached(timeout=40_000)

    page.locator("#original-report:visible, a[href='/report']:visible").first.click()
    picture = page.locator("img[src*='/pages/1']").first
    expect(picture).to_be_visible()
    wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 500"), what="the report's page image")
    page.go_back()

    page.locator("#open-desktop:visible, #open-images:visible, #bar-images:visible").first.click()
    if screen == "phone":
        expect(page.locator("#pane-1")).to_have_attribute("data-source", "device", timeout=30_000)
        assert brightness_of_images(page) > 5.0
        # The other viewer is a link away.
        page.locator("#more-open").click()
        page.locator("#desktop").click()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    wait_for(lambda: brightness_of_images(page) > 5.0, timeout_seconds=60, what="pixels in the image area")
    assert "token=" not in page.url, "the token leaves the address"
    assert page.evaluate("localStorage.i18nextLng").startswith("zh" if language == "zh-CN" else "en")
    page.reload()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    wait_for(lambda: brightness_of_images(page) > 5.0, timeout_seconds=60, what="pixels after a reload, with the session alone")
    assert trouble == []
    context.close()


def brightness_of_images(page: Page) -> float:
    """Mean grey level of the middle of the first image area: the phantom is a bright disc, an empty viewport is black."""
    area = page.locator(".viewport-element, canvas").first
    picture = Image.open(BytesIO(area.screenshot())).convert("L")
    width, height = picture.size
    middle = picture.crop((width * 3 // 8, height * 3 // 8, width * 5 // 8, height * 5 // 8))
    return float(ImageStat.Stat(middle).median[0])
