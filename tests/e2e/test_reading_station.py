# SPDX-License-Identifier: AGPL-3.0-or-later
"""OHIF as a reading station: one point in two stacks, linked scrolling and window, no English in Chinese, by what Chromium shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.picture_series import phantom_ct
from tests.support.samples import fields_for, study_uid

SEED = "43001"
SHOWN = """() => cornerstone.getRenderingEngines().flatMap((engine) => engine.getViewports()).map((viewport) => ({
    z: cornerstone.metaData.get('imagePlaneModule', viewport.getCurrentImageId()).imagePositionPatient[2],
    window: viewport.getProperties().voiRange,
}))"""
MARKS = "() => [...document.querySelectorAll('.viewport-element')].map((one) => one.querySelectorAll('svg.svg-layer line').length)"
LABELS = """() => Object.values(services.toolbarService.state.buttonSections).flat()
    .map((id) => services.toolbarService.state.buttons[id]).filter((button) => button && button.props)
    .flatMap((button) => [button.props.label, button.props.tooltip]).filter(Boolean)"""
# What Chinese departments write in Latin letters.
LATIN = {"ROI", "DICOM", "Cobb", "CT", "MPR", "SUV"}


@pytest.fixture(scope="module")
def link(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An exam of two axial series in one frame of reference: slices at 1, 2 … 40 mm, and at 38, 36 … 2 mm."""
    folder = tmp_path_factory.mktemp("reading")
    fine = phantom_ct(folder, SEED, slices=40, size=128, series_number=1)
    coarse = phantom_ct(folder, SEED, slices=19, size=128, series_number=2)
    for path in coarse:
        image = dcmread(path)
        image.ImagePositionPatient = [-100.0, -100.0, 40.0 - 2 * image.InstanceNumber]
        image.save_as(path)
    assert instance.dcmtk("storescu", *map(str, [*fine, *coarse])).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(SEED)))
    client = instance.client(instance.token("jia", "reports"))
    return str(client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(SEED))}).json()["link"])


@contextmanager
def reading(browser: Browser, link: str, language: str) -> Iterator[Page]:
    """OHIF, opened from the paper's link, with both series on the screen."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale=language)
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")
    weights = weigh(page)
    page.locator("#open-desktop:visible").first.click()
    expect(page.locator(".viewport-element canvas")).to_have_count(2, timeout=60_000)
    wait_for(lambda: len([one for one in shown(page) if one]) == 2, timeout_seconds=60, what="two series with images")
    WEIGHTS[page] = round(sum(weights))
    yield page
    assert mistakes == []
    context.close()


WEIGHTS: dict[Page, int] = {}


def weigh(page: Page) -> list[float]:
    """The bytes on the line from here on, headers too, without frames."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    weights: list[float] = []
    frames: set[str] = set()

    def sent(event: dict[str, Any]) -> None:
        if "/frames/" in event["request"]["url"]:
            frames.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] not in frames:
            weights.append(event["encodedDataLength"])

    network.on("Network.requestWillBeSent", sent)
    network.on("Network.loadingFinished", finished)
    return weights


def shown(page: Page) -> list[dict[str, Any]]:
    """The height in mm and the window of the image in each viewport; empty while they are loading."""
    try:
        found: list[dict[str, Any]] = page.evaluate(SHOWN)
    except Exception:  # OHIF is still starting
        return []
    return found


def heights(page: Page) -> tuple[float, float]:
    first, second = shown(page)
    return first["z"], second["z"]


def test_one_point_in_all_series_then_linked_scrolling_and_window(instance: Instance, browser: Browser, link: str) -> None:
    with reading(browser, link, "en") as page:
        first = page.locator(".viewport-element").first
        box = first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, 100)
        wait_for(lambda: abs(heights(page)[0] - heights(page)[1]) > 0.5, what="series that stand apart")
        for _ in range(8):
            page.mouse.wheel(0, 100)
        wait_for(lambda: abs(heights(page)[0] - heights(page)[1]) > 4, what="series that stand well apart")

        page.locator("[data-cy=PointLocator]").first.click()
        page.mouse.click(x, y)
        wait_for(lambda: abs(heights(page)[0] - heights(page)[1]) <= 1, what="the other series at the point's height")
        wait_for(lambda: all(count >= 4 for count in page.evaluate(MARKS)), what="a mark in both")

        page.locator("[data-cy=LinkScroll]").first.click()
        before = heights(page)
        page.mouse.move(x, y)
        for _ in range(5):
            page.mouse.wheel(0, 100)
        wait_for(lambda: abs(heights(page)[0] - before[0]) >= 4, what="scrolling")
        wait_for(lambda: abs(heights(page)[0] - heights(page)[1]) <= 1, what="the other series after it")

        page.locator("[data-cy=LinkWindow]").first.click()
        page.locator("[data-cy=WindowLevel]").first.click()
        was = shown(page)[1]["window"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 60, y + 40, steps=5)
        page.mouse.up()
        wait_for(lambda: shown(page)[1]["window"] != was, what="the other series' window")
        wait_for(lambda: shown(page)[0]["window"] == shown(page)[1]["window"], what="one window in both")


def test_in_chinese_no_tool_is_named_in_english(instance: Instance, browser: Browser, link: str) -> None:
    with reading(browser, link, "zh-CN") as page:
        expect(page.locator("#cloudfilm-hospital")).to_have_text("甲医院")
        labels: list[str] = page.evaluate(LABELS)
        assert len(labels) > 40
        foreign = {label for label in labels if set(re.findall(r"[A-Za-z]{2,}", label)) - LATIN}
        assert foreign == set()
        assert 1_500_000 < WEIGHTS[page] <= 2_450_000
