# SPDX-License-Identifier: AGPL-3.0-or-later
"""The original report on the patient's screen: light on a phone, sharp on a desktop, its text under the finger where it is printed."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from demo.forms import all_forms
from tests.support.instance import Instance, wait_for

FORM = all_forms()[8]


@pytest.fixture(scope="module")
def link(instance: Instance) -> str:
    answer = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": FORM.pdf()}).json()
    report_id = answer["report_id"]
    wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE report_id = %s AND status <> 'received'", report_id))
    return str(answer["link"])


def opened(browser: Browser, instance: Instance, link: str, width: int, height: int) -> tuple[Page, list[str]]:
    page = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}).new_page()
    page.goto(link)
    page.locator("#accept").click()
    page.goto(f"{instance.url}/report")
    picture = page.locator(".page img").first
    wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"), what="the picture of the page")
    fetched: list[str] = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    return page, [url for url in fetched if "/pages/" in url]


def test_a_phone_gets_the_small_picture_and_a_sharp_one_when_it_is_enlarged(browser: Browser, instance: Instance, link: str) -> None:
    page, fetched = opened(browser, instance, link, 390, 844)
    assert fetched
    assert not any("size=large" in url for url in fetched)
    assert page.locator(".page img").first.evaluate("image => image.naturalWidth") == 780
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    wait_for(lambda: page.locator(".page img").first.evaluate("image => image.naturalWidth") == 1600, what="the sharper picture")
    page.context.close()


def test_a_desktop_shows_the_large_picture_and_a_way_to_the_pdf(browser: Browser, instance: Instance, link: str) -> None:
    page, _ = opened(browser, instance, link, 1440, 900)
    assert str(page.locator(".page img").first.evaluate("image => image.currentSrc")).endswith("?size=large")
    expect(page.locator("a.pdf")).to_be_visible()
    page.context.close()


def test_selected_text_lies_on_the_printed_text(browser: Browser, instance: Instance, link: str) -> None:
    """All ink of a line of the impression is inside the line's box of text, and not much else."""
    page, _ = opened(browser, instance, link, 1440, 900)
    impression = (FORM.fields.impression or "").splitlines()[0]
    line = page.locator(".page-text text", has_text=impression[-8:]).first
    box = line.bounding_box()
    assert box is not None
    margin = box["height"] * 0.4
    around = {"x": box["x"] - margin, "y": box["y"] - margin, "width": box["width"] + 2 * margin, "height": box["height"] + 2 * margin}
    shot = page.screenshot(clip=around, full_page=True)  # type: ignore[arg-type]
    ink = np.argwhere(np.asarray(Image.open(BytesIO(shot)).convert("L")) < 128)
    (top, left), (bottom, right) = ink.min(axis=0) - margin, ink.max(axis=0) - margin
    assert -2 <= left < 6
    assert box["width"] - box["height"] < right  # a full stop fills the left of its square only
    assert right <= box["width"] + 2
    assert -2 <= top < box["height"] / 3
    assert box["height"] / 2 < bottom <= box["height"] + 2
    line.select_text()
    assert page.evaluate("getSelection().toString()").strip() == line.text_content()
    page.context.close()
