# SPDX-License-Identifier: AGPL-3.0-or-later
"""A link as people use it: made on one screen, opened on the other, ended on the first."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support.instance import Instance, wait_for
from tests.support.patients import reported_exam

SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}
SAID = {
    "zh-CN": ("已打开 1 次，最多 3 次", "链接“李医生”：打开了检查"),
    "en": ("opened 1 of 3 times", "the link “李医生”: opened the exam"),
}


def opened(browser: Browser, screen: str, language: str) -> BrowserContext:
    width, height = SCREENS[screen]
    return browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}, locale=language)


@pytest.mark.parametrize(("screen", "language", "other"), [("phone", "zh-CN", "desktop"), ("desktop", "en", "phone")])
def test_a_link_is_made_opened_elsewhere_and_ended(
    instance: Instance, browser: Browser, tmp_path: Path, screen: str, language: str, other: str
) -> None:
    paper = reported_exam(instance, tmp_path, f"share-{screen}")
    patients, doctors = opened(browser, screen, language), opened(browser, other, language)
    page, elsewhere = patients.new_page(), doctors.new_page()
    trouble: list[str] = []
    for one in (page, elsewhere):
        one.on("pageerror", lambda error: trouble.append(str(error)))
        one.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)

    page.goto(paper.link)
    page.locator("#accept").click()
    page.locator("#share-exam").click()
    page.locator("#nickname").fill("李医生")
    page.locator("#maximum-openings").fill("3")
    page.locator("#hide-names").check()
    expect(page.locator("#download")).to_be_disabled()
    page.locator("#hide-names").uncheck()
    expect(page.locator("#download")).to_be_enabled()
    page.locator("#make").click()
    link = page.locator("#link").input_value()
    picture = Image.open(BytesIO(page.locator("#qr").screenshot()))
    assert zxingcpp.read_barcode(picture).text == link.upper()
    page.locator("#copy").click()
    expect(page.locator("#said")).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    elsewhere.goto(link)
    expect(elsewhere.get_by_text("李医生").first).to_be_visible()
    expect(elsewhere.get_by_text("王小明")).to_have_count(0)
    elsewhere.locator("#accept").click()
    expect(elsewhere.get_by_text("王小明").first).to_be_visible()
    expect(elsewhere.locator("#shared")).to_be_visible()
    expect(elsewhere.locator("#share-exam")).to_have_count(0)

    page.locator("#to-shares").click()
    expect(page.locator("[data-openings]")).to_have_text(SAID[language][0])
    page.goto(f"{instance.url}/access-log")
    expect(page.get_by_text(SAID[language][1])).to_be_visible()
    page.goto(f"{instance.url}/shares")
    page.locator("[data-share] a[href$='/end']").click()
    page.locator("#end").click()
    expect(page.locator("[data-share]")).to_have_attribute("data-state", "revoked")

    def is_over() -> bool:
        elsewhere.reload()
        return elsewhere.locator("body").get_attribute("data-page") == "failure"

    wait_for(is_over, timeout_seconds=10, what="the end of the doctor's visit")
    page.goto(f"{instance.url}/exam")
    page.locator("#leave").click()
    expect(page.locator("body")).to_have_attribute("data-page", "code")
    assert trouble == []
    patients.close()
    doctors.close()
