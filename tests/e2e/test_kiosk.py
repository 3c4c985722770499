# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kiosk in a browser: touched with a finger, and cleared when nobody touches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.report_form import make_report_pdf
from tests.support.instance import Instance
from tests.support.samples import fields_for


@pytest.fixture
def page(instance: Instance, browser: Browser) -> Iterator[Page]:
    """A kiosk that was just set up, with a clock of its own."""
    code = instance.admin("kiosk", "add", "e2e", "--hospital", "jia")["pairing_code"]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1080, "height": 1920}, locale="en-US", has_touch=True)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{instance.url}/kiosk")
    page.fill("#entry", code)
    page.click("#go-on")
    page.wait_for_selector("#entry[name=number]")
    yield page
    context.close()


def access_code(instance: Instance, seed: str) -> str:
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": ("r.pdf", make_report_pdf(fields_for(seed)), "application/pdf")})
    return str(answer.json()["access_code"])


def seconds_left(page: Page) -> int:
    return int(page.locator("#countdown strong").inner_text())


def test_fingers_type_and_the_screen_is_cleared_by_itself(instance: Instance, page: Page) -> None:
    for key in access_code(instance, "33080").replace("-", ""):
        page.tap(f'[data-key="{key}"]')
    page.tap("[data-back]")
    assert len(page.input_value("#entry")) == 11
    page.clock.run_for(31_000)
    assert page.input_value("#entry") == "", "typed and left"
    page.keyboard.type(access_code(instance, "33080"))  # as a scanner does
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="王*")).to_be_visible()
    expect(page.locator("#countdown")).to_contain_text("This screen is cleared in")
    page.clock.pause_at(page.evaluate("Date.now() + 100"))  # from here on only the test lets time pass
    assert 20 < (left := seconds_left(page)) <= 30
    page.clock.run_for(15_000)
    assert seconds_left(page) == left - 15
    page.touchscreen.tap(500, 1000)
    page.clock.run_for(20_000)
    expect(page.get_by_role("heading", name="王*")).to_be_visible()
    page.clock.run_for(11_000)
    expect(page.locator("#entry[name=number]")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("王*")).to_have_count(0)
