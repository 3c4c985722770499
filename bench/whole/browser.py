# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chromium at the end of a line: when the first picture stands on the screen and when the whole series is there, cold and on a second visit."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Page, Playwright, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.failure import BenchFailed
from bench.whole.ct_series import CtSeries
from bench.whole.row import Beside, Goal, Row
from bench.whole.scale import SlowLine
from bench.whole.stage import Stage
from bench.whole.stock import TUNED
from bench.whole.stock_ohif import stock_ohif
from machine.installation import TLS

_ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    # The page itself by the processor, as Chromium draws without a graphics card; only the images by WebGL.
    "--disable-gpu-rasterization", "--disable-gpu-compositing",
]  # fmt: skip
_LONGEST_SECONDS = 600
_FRAME = re.compile(r"/instances/([0-9.]+)/frames/")
# Run in each page before its own scripts: notes when a picture of the exam was painted (ohif_config/opening.js; Largest Contentful Paint) and when
# cornerstone has drawn the ball's noise, in milliseconds since 1970. Asking the page in turns would hold up what is measured: reading a canvas takes 100 ms.
_NOTES = """(() => {
    const noted = window.benchNoted = {};
    const hasNoise = (canvas) => {
        const context = canvas.width > 50 && canvas.getContext('2d');
        if (!context) return false;
        const {data} = context.getImageData((canvas.width >> 1) - 8, (canvas.height >> 1) - 8, 16, 16);
        const greys = data.filter((_, index) => index % 4 === 0);
        return Math.max(...greys) - Math.min(...greys) > 20;
    };
    new PerformanceObserver((list) => list.getEntries().forEach((one) => {
        if (one.element?.closest('#cloudfilm-opening') && one.element.localName === 'img') noted.something = performance.timeOrigin + one.startTime;
    })).observe({type: 'largest-contentful-paint', buffered: true});
    let hasImage = false;
    ['STACK', 'VOLUME'].forEach((kind) => document.addEventListener(`CORNERSTONE_${kind}_NEW_IMAGE`, () => { hasImage = true; }, true));
    document.addEventListener('CORNERSTONE_IMAGE_RENDERED', (event) => {
        if (hasImage && !noted.first && [...event.target.querySelectorAll('canvas')].some(hasNoise)) noted.first = Date.now();
    }, true);
})()"""
_NOTED = "() => window.benchNoted || {}"
_PHONE_NOTES = """(() => {
    const noted = window.benchNoted = {};
    const look = () => {
        const picture = document.querySelector('#first-picture');
        if (picture && picture.complete && picture.naturalWidth > 0) requestAnimationFrame(() => { noted.first = Date.now(); });
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
# What OHIF's documentation starts with.
_STOCK_CONFIGURATION = """window.config = {
  routerBasename: '/', extensions: [], modes: [], showStudyList: false, investigationalUseDialog: { option: 'never' },
  maxNumberOfWebWorkers: 3, maxNumRequests: { interaction: 100, thumbnail: 75, prefetch: 25 }, studyPrefetcher: { enabled: true },
  defaultDataSourceName: 'stock',
  dataSources: [{ namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'stock', configuration: {
    friendlyName: 'stock', name: 'stock', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web', wadoUriRoot: '/wado', qidoSupportsIncludeField: false,
    imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
    omitQuotationForMultipartRequest: true, singlepart: 'bulkdata,video', bulkDataURI: { enabled: true, relativeResolution: 'studies' },
  } }],
};
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds since the click; ``something`` is a picture of the exam, which may be the first one itself."""

    something: float
    first_picture: float
    whole_series: float


class InTheBrowser:
    """OHIF at one line's speed: ours as it is installed; stock's as its makers publish it, with its default settings and the stock Orthanc."""

    def __init__(self, line: SlowLine) -> None:
        self._line_is = line

    def measure(self, stage: Stage) -> list[Row]:
        """First picture and whole series, cold and on a second visit."""
        series = stage.browser_series[self._line_is.slices]
        ohif_of_stock = stage.folder / "nginx/ohif"
        if not ohif_of_stock.exists():
            ohif_of_stock.symlink_to(stock_ohif())
        (stage.folder / "nginx/app-config.js").write_text(_STOCK_CONFIGURATION, encoding="utf-8")
        link = _link(stage, series)
        ohif: dict[str, list[tuple[Seen, Seen]]] = {"ours": [], "stock": []}
        with self._line(stage.ours.https_port) as to_ours, self._line(stage.bare_port) as to_stock, sync_playwright() as playwright:
            for number in range(stage.scale.browser_rounds):
                for name in ("ours", "stock") if number % 2 == 0 else ("stock", "ours"):
                    if name == "ours":
                        ours = f"https://localhost:{to_ours}"
                        ohif[name].append(self._visits(playwright, link, f"{ours}/images/desktop", _NOTES, series, before=f"{ours}/exam"))
                    else:
                        theirs = f"https://localhost:{to_stock}"
                        address = f"{theirs}/viewer?StudyInstanceUIDs={series.study_instance_uid}"
                        ohif[name].append(self._visits(playwright, None, address, _NOTES, series, before=f"{theirs}/ohif-logo.svg"))
        return self._rows(stage, series, ohif)

    def _visits(
        self,
        playwright: Playwright,
        link: str | None,
        address: str,
        notes: str,
        series: CtSeries,
        is_phone: bool = False,
        wants_whole: bool = True,
        before: str = "about:blank",
    ) -> tuple[Seen, Seen]:
        """With an empty cache, and again; ``before`` is the page on which somebody clicks, which has the connection."""
        with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-", ignore_cleanup_errors=True) as profile:
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path="/usr/bin/chromium", args=[*_ARGUMENTS, f"--ignore-certificate-errors-spki-list={_key_hash()}"],
                viewport={"width": 390, "height": 844} if is_phone else {"width": 1440, "height": 900}, has_touch=is_phone,
            )  # fmt: skip
            try:
                if link is not None:
                    _agree(context, link)
                context.add_init_script(notes)
                first = self._visit(context, before, address, series, wants_whole)
                return first, self._visit(context, before, address, series, wants_whole)
            finally:
                context.close()

    def _visit(self, context: BrowserContext, before: str, address: str, series: CtSeries, wants_whole: bool) -> Seen:
        page, came = context.new_page(), dict[str, float]()

        def finished(request: Request) -> None:
            if (frame := _FRAME.search(request.url)) and frame[1] not in came:
                came[frame[1]] = time.time()

        page.goto(before, wait_until="networkidle", timeout=_LONGEST_SECONDS * 1000)
        page.on("requestfinished", finished)
        began = time.time()
        page.goto(address, wait_until="commit", timeout=_LONGEST_SECONDS * 1000)
        noted: dict[str, float] = {}
        # By turns, not by wait_for_function: what that puts into the page our Content-Security-Policy forbids.
        while "first" not in noted:
            if time.time() - began > _LONGEST_SECONDS:
                raise BenchFailed(f"no picture of {address.split('?')[0]} stood on the screen within {_LONGEST_SECONDS} s")
            page.wait_for_timeout(50)
            noted = _noted(page)
        while wants_whole and len(came) < len(series.files):
            if time.time() - began > _LONGEST_SECONDS:
                raise BenchFailed(f"{len(came)} of {len(series.files)} pictures came to the browser within {_LONGEST_SECONDS} s")
            page.wait_for_timeout(50)
        page.close()
        first = noted["first"] / 1000 - began
        return Seen(noted.get("something", noted["first"]) / 1000 - began, first, max(came.values(), default=began) - began)

    @contextmanager
    def _line(self, port: int) -> Iterator[int]:
        command = [sys.executable, "-m", "bench.whole.slow_line", str(port), str(self._line_is.megabits), str(self._line_is.milliseconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.terminate()

    def _rows(self, stage: Stage, series: CtSeries, ohif: dict[str, list[tuple[Seen, Seen]]]) -> list[Row]:
        topic, slices = f"Chromium, {self._line_is.name}", len(series.files)
        stock_is = f"OHIF as its makers publish it (minified, gzip -9), default settings, {TUNED}, behind nginx"
        compressed = sum(path.stat().st_size for path in stage.frames_folder(series).glob("*/1.202"))
        line_seconds = (compressed * 8 / (self._line_is.megabits * 1e6),)
        line_is = "the line's rate for the compressed frames alone"
        is_slow = self._line_is.megabits < 10
        rows = []
        for visit, state in enumerate(("cold", "second visit")):
            ours, stock = ([of[visit] for of in ohif[name]] for name in ("ours", "stock"))
            first_goal = (
                Goal("0.6 of stock's", Beside.STOCK, at_most=0.6) if is_slow else Goal("never later than stock", Beside.STOCK, at_most=1)
            )
            whole_goals = (
                Goal("1.15 of the line's rate", Beside.LIMIT, at_most=1.15),
                Goal("2.8 times faster", Beside.STOCK, at_most=1 / 2.8),
            )
            at_once = (Goal("something of the study within 0.5 s", Beside.ITSELF, at_most=0.5),)
            rows += [
                Row(topic, f"a picture of the exam while OHIF starts, {state}", "s", tuple(one.something for one in ours), goals=at_once),
                Row(topic, f"OHIF, first picture, {state}", "s", _first(ours), _first(stock), None, stock_is, "", (first_goal,)),
                Row(
                    topic, f"OHIF, {slices} slices, {state}", "s", _whole(ours), _whole(stock), line_seconds, stock_is, line_is,
                    () if is_slow or visit else whole_goals,
                ),
            ]  # fmt: skip
        return rows


class PhoneViewer(InTheBrowser):
    """The first picture on a phone, of a series of usual length and of a long one, of which a phone never fetches all."""

    def measure(self, stage: Stage) -> list[Row]:
        """A row for each series and visit."""
        rows = []
        with self._line(stage.ours.https_port) as port, sync_playwright() as playwright:
            for series, most in ((stage.browser_series[self._line_is.slices], 1.0), (stage.long_series, 2.0)):
                link, address = _link(stage, series), f"https://localhost:{port}/images"
                visits = [
                    self._visits(playwright, link, address, _PHONE_NOTES, series, is_phone=True, wants_whole=False)
                    for _ in range(stage.scale.browser_rounds)
                ]
                for number, state in enumerate(("cold", "second visit")):
                    name, figures = f"first picture of {len(series.files):,} slices, {state}", _first([of[number] for of in visits])
                    goals = (Goal(f"at most {most:g} s", Beside.ITSELF, at_most=most),)
                    rows.append(Row(f"Phone viewer, {self._line_is.name}", name, "s", figures, goals=goals))
        return rows


def _noted(page: Page) -> dict[str, float]:
    try:
        return dict(page.evaluate(_NOTED))
    except PlaywrightError:
        return {}  # the page is being replaced by the one that it leads to


def _first(visits: list[Seen]) -> tuple[float, ...]:
    return tuple(one.first_picture for one in visits)


def _whole(visits: list[Seen]) -> tuple[float, ...]:
    return tuple(one.whole_series for one in visits)


def _link(stage: Stage, series: CtSeries) -> str:
    """What stands in a QR code: the link to the one study with its number."""
    token = stage.ours.admin("token", "issue", "--hospital", "bench", "--scope", "reports", "--days", "1")["token"]
    answer = requests.post(
        f"https://localhost:{stage.ours.https_port}/api/v1/reservations", json={"accession_number": series.accession_number}, timeout=60,
        headers={"Authorization": f"Bearer {token}"}, verify=str(TLS / "certificate.pem"),
    )  # fmt: skip
    if answer.status_code not in (200, 201):
        raise BenchFailed(f"no link: {answer.status_code} {json.dumps(answer.text)[:200]}")
    return str(answer.json()["link"])


def _agree(context: BrowserContext, link: str) -> None:
    """Come by the link and accept the disclaimer, not over the slow line; a cookie knows no ports."""
    page: Page = context.new_page()
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("load")
    page.close()


def _key_hash() -> str:
    """Chromium keeps nothing of a server whose certificate it does not trust: it is told the key."""
    certificate = x509.load_pem_x509_certificate(Path(TLS / "certificate.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
