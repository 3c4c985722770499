# SPDX-License-Identifier: AGPL-3.0-or-later
"""The earlier exam comes into Chromium's cache while OHIF asks for nothing, and waits when the reader asks; never what the visitor may not see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request
from pydicom.uid import generate_uid

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.picture_series import phantom_ct
from tests.support.reading_page import reading, series_shown
from tests.support.samples import fields_for, study_uid

LATER, EARLIER = "47101", "47102"
HIDDEN_LATER, HIDDEN_EARLIER = "47103", "47104"
# Two are shown and OHIF's own prefetcher brings two more: others are left for the reader to ask for.
LATER_SERIES = (30,) * 6
SERIES = {number: generate_uid(entropy_srcs=[LATER, str(number)]) for number in range(1, len(LATER_SERIES) + 1)}
EARLIER_SERIES = (80, 40)
FRAME = re.compile(r"/studies/([0-9.]+)/series/([0-9.]+)/instances/[0-9.]+/frames/\d+$")
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 250_000, "uploadThroughput": -1}
TRANSFERS = """(study) => performance.getEntriesByType('resource').filter((one) => one.name.includes(study) && one.name.includes('/frames/'))
    .map((one) => [one.name, one.transferSize, one.decodedBodySize])"""


def made(instance: Instance, folder: Path, seeds: tuple[str, str], later: tuple[int, ...], earlier: tuple[int, ...]) -> str:
    """Two CT exams of a patient, two years apart; the link on the later one's paper."""
    files = [
        path
        for seed, series, date in ((seeds[0], later, "20260305"), (seeds[1], earlier, "20240110"))
        for number, slices in enumerate(series, 1)
        for path in phantom_ct(
            folder / seed, seed, slices, 128, number, noise=20, PatientID=f"P{seeds[0]}", StudyDate=date, AccessionNumber=f"A{seed}"
        )
    ]
    assert instance.dcmtk("storescu", *map(str, files)).returncode == 0
    for seed in seeds:
        wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))  # noqa: B023
        wait_for(lambda: list((instance.data / "published" / study_uid(seed)).glob("*/metadata*")), what=f"the published exam {seed}")  # noqa: B023
    client = instance.client(instance.token("jia", "reports"))
    return str(client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seeds[0]))}).json()["link"])


@pytest.fixture(scope="module")
def link(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A paper whose visitor may see both exams."""
    paper = made(instance, tmp_path_factory.mktemp("earlier"), (LATER, EARLIER), LATER_SERIES, EARLIER_SERIES)
    instance.sql(
        "UPDATE access_grant SET patient_wide = true WHERE report_id IN (SELECT report_id FROM report WHERE accession_number = %s)",
        f"A{LATER}",
    )
    return paper


class Asked:
    """Every request of a page for frames, in the order in which they went out and came back."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.finished: list[tuple[str, str]] = []
        self.searches: list[str] = []
        self._page: Page | None = None

    def watch(self, page: Page) -> None:
        self._page = page
        page.on("request", lambda request: self._note(self.sent, request))
        page.on("requestfinished", lambda request: self._note(self.finished, request))
        page.on("requestfinished", lambda request: self.searches.append(request.url) if "?PatientID=" in request.url else None)

    def of(self, seed: str, noted: list[tuple[str, str]]) -> list[str]:
        """The frames of an exam among them, their paths."""
        self.take()
        return [path for study, path in noted if study == study_uid(seed)]

    def take(self) -> bool:
        """What Chromium has told meanwhile: it comes in while something is asked of the page."""
        assert self._page is not None
        return bool(self._page.evaluate("() => true"))

    @staticmethod
    def _note(noted: list[tuple[str, str]], request: Request) -> None:
        if found := FRAME.search(request.url):
            noted.append((found[1], found[0]))


def test_opened_later_the_earlier_exam_costs_no_line(trusting: Browser, link: str) -> None:
    asked = Asked()
    with reading(trusting, link, "en", panes=2, before=asked.watch) as page:
        wait_for(lambda: len(set(asked.of(EARLIER, asked.finished))) == sum(EARLIER_SERIES), 90, "the earlier exam in the cache")
        assert study_uid(EARLIER) not in {one["study"] for one in series_shown(page)}
        page.add_init_script("performance.setResourceTimingBufferSize(5000)")
        page.goto(link)
        page.locator(".compare:visible").first.click()
        frames = wait_for(lambda: transfers(page, EARLIER_SERIES[0]), 60, "every frame of its first series")
        assert study_uid(EARLIER) in {one["study"] for one in series_shown(page)}
        assert {on_the_line for on_the_line, _ in frames} == {0}, frames
        assert min(size for _, size in frames) > 1000


def transfers(page: Page, least: int) -> list[tuple[int, int]]:
    """Bytes on the line and bytes of each frame of the earlier exam that the page asked for, once there are so many."""
    found: list[list[Any]] = page.evaluate(TRANSFERS, study_uid(EARLIER))
    return [(on_the_line, size) for _, on_the_line, size in found] if len({name for name, _, _ in found}) >= least else []


def test_it_waits_while_the_reader_asks_for_images_and_goes_on_afterwards(trusting: Browser, link: str) -> None:
    asked = Asked()
    with reading(trusting, link, "en", panes=2, before=asked.watch) as page:
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", SLOW)
        wait_for(lambda: len(asked.of(EARLIER, asked.finished)) >= 8, 60, "the first frames of the earlier exam")
        known = " ".join(asked.of(LATER, asked.sent))
        number, uid = next((number, uid) for number, uid in SERIES.items() if uid not in known)
        page.locator("[data-cy^=study-browser-thumbnail]", has_text=f"轴位 {number}").first.dblclick()
        wait_for(lambda: len({one for one in asked.of(LATER, asked.sent) if uid in one}) == LATER_SERIES[0], 60, "the reader's series")
        order = ["reader" if uid in path else study for study, path in asked.sent]
        first, last = order.index("reader"), len(order) - order[::-1].index("reader")
        assert order[:first].count(study_uid(EARLIER)) >= 8
        # It may have sent some more before it noticed.
        assert order[first:last].count(study_uid(EARLIER)) <= 8, order
        wait_for(lambda: len(set(asked.of(EARLIER, asked.finished))) == sum(EARLIER_SERIES), 90, "the rest of the earlier exam")


def test_nothing_is_asked_of_an_exam_that_the_visitor_may_not_see(instance: Instance, trusting: Browser, tmp_path: Path) -> None:
    asked = Asked()
    link = made(instance, tmp_path, (HIDDEN_LATER, HIDDEN_EARLIER), (6, 6), (6,))
    with reading(trusting, link, "en", panes=2, before=asked.watch) as page:
        wait_for(lambda: asked.take() and asked.searches, 60, "the search for an earlier exam")
        page.evaluate("() => new Promise((then) => requestAnimationFrame(() => setTimeout(then, 0)))")
        assert asked.of(HIDDEN_LATER, asked.finished)
        assert asked.of(HIDDEN_EARLIER, asked.sent) == []
