# SPDX-License-Identifier: AGPL-3.0-or-later
"""The review page in a browser: two keys decide, one takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid
from tests.support.staff import add_member


@pytest.mark.parametrize("width", [390, 1440])
def test_a_digit_and_enter_decide_and_u_takes_it_back(instance: Instance, browser: Browser, tmp_path: Path, width: int) -> None:
    instance.sql("DELETE FROM wrong_try")
    seed, twin = f"3050{width}", f"3051{width}"
    ct_study(tmp_path / "one", seed, slices=1)
    change(ct_study(tmp_path / "two", twin, slices=1), PatientID=f"P{seed}", AccessionNumber=f"A{seed}", PatientName="Wang^DaMing=王^大明")
    files = [str(path) for path in sorted(tmp_path.glob("*/*.dcm"))]
    assert instance.dcmtk("storescu", *files).returncode == 0
    for uid in (study_uid(seed), study_uid(twin)):
        wait_for(lambda uid=uid: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count > 0", uid))  # type: ignore[misc]
    client = instance.client(instance.token("jia", "reports"))
    report = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    assert report["status"] == "review"

    member = add_member(instance, "registrar", "jia")
    context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(f"{instance.url}/staff/review?lang=en")
    page.fill('input[name="login"]', member.login)
    page.fill('input[name="password"]', member.password)
    page.click('button[type="submit"]')
    page.goto(f"{instance.url}/staff/review/{report['report_id']}")
    expect(page.locator("#status")).to_have_text("to look at")
    expect(page.locator(".candidate")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pictures = page.locator(".candidate-picture img")
    for number in range(2):
        pictures.nth(number).scroll_into_view_if_needed()
    wait_for(
        lambda: page.evaluate("[...document.querySelectorAll('.candidate-picture img')].every(one => one.complete && one.naturalWidth > 0)")
    )
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("to look at")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.locator("#candidates input:checked")).to_have_count(1)
    page.keyboard.press("Shift+Digit2")
    expect(page.locator("#candidates input:checked")).to_have_count(2)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#undo-last")).to_be_visible()
    found = "SELECT status, study_instance_uid FROM report WHERE report_id = %s"
    assert instance.sql(found, report["report_id"]) == [("matched", study_uid(seed))]
    page.wait_for_load_state()  # its keys work from then on
    page.keyboard.press("u")
    expect(page.locator("#status")).to_have_text("to look at")
    assert instance.sql(found, report["report_id"]) == [("review", None)]
    context.close()
