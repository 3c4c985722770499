# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor at work: sign in, find a study, see its pixels, sign out; on a phone and on a desktop, without JavaScript of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid
from tests.support.staff import add_member

SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}


@pytest.mark.parametrize(("screen", "language"), [("phone", "zh-CN"), ("desktop", "en")])
def test_a_doctor_signs_in_and_opens_a_study(instance: Instance, browser: Browser, tmp_path: Path, screen: str, language: str) -> None:
    seed = f"staff-{screen}"
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, seed))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))
    doctor = add_member(instance, "doctor", "jia")

    width, height = SCREENS[screen]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}, locale=language)
    page = context.new_page()
    page.goto(f"{instance.url}/staff/")
    assert page.locator("html").get_attribute("lang") == language
    page.fill("#login", doctor.login)
    page.fill("#password", "not the password at all")
    page.click("#submit")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.input_value("#login") == doctor.login
    page.fill("#password", doctor.password)
    page.click("#submit")

    page.fill("#text", f"A{seed}")
    page.keyboard.press("Enter")
    expect(page.locator("#studies tbody tr")).to_have_count(1)
    expect(page.get_by_text("王小明")).to_be_visible()
    assert_nothing_sticks_out(page)
    with page.expect_response(lambda response: response.url.endswith("/open")) as opened:
        page.locator(".act button").click()
    assert opened.value.status == 303
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)

    page.goto(f"{instance.url}/staff/account")
    assert_nothing_sticks_out(page)
    page.click("#set-up-code")
    wait_for(lambda: page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 100"), what="the QR code")
    assert_nothing_sticks_out(page)
    page.click("#sign-out")
    expect(page.locator("#password")).to_be_visible()
    assert page.goto(f"{instance.url}/staff/account").status == 401  # type: ignore[union-attr]
    context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_an_administrators_pages_fit_the_screen(instance: Instance, browser: Browser, screen: str) -> None:
    administrator = add_member(instance, "administrator", "jia")
    width, height = SCREENS[screen]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": height}, locale="zh-CN")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(f"{instance.url}/staff/users")
    page.fill("#login", administrator.login)
    page.fill("#password", administrator.password)
    refused.clear()
    page.click("#submit")
    expect(page).to_have_url(f"{instance.url}/staff/users")
    page.fill("#full-name", "赵六")
    page.fill("#login", f"zhao-{screen}")
    page.click("#add-account")
    expect(page.locator("#issued-password")).to_be_visible()
    for path in ("users", "grants", "tokens", "audit", "account", ""):
        page.goto(f"{instance.url}/staff/{path}")
        for details in page.locator("details").all()[:1]:
            details.locator("summary").click()
        assert_nothing_sticks_out(page)
    assert refused == [], "the content security policy lets every page be"
    context.close()


def assert_nothing_sticks_out(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
