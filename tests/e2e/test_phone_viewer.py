# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer for phones on a real installation, by touch: what stands on the screen is looked at pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.patients import open_link
from tests.support.phone import SIDEWAYS, UPRIGHT, Phone, phone
from tests.support.picture_series import DOTS, STEPS_HU, colour_clip, document, phantom_ct, radiograph
from tests.support.samples import fields_for, study_uid

SLICES, SIZE, SPACING_MM = 24, 256, 0.8
SERIES_CT, SERIES_RADIOGRAPH, SERIES_CLIP, SERIES_CT_THICK = 1, 2, 3, 4


@dataclass(frozen=True)
class Exam:
    """An exam with a paper."""

    instance: Instance
    seed: str
    link: str
    report_id: str

    @property
    def url(self) -> str:
        return f"{self.instance.url}/images"

    def manifest(self) -> dict[str, Any]:
        """What the viewer is told."""
        answer: dict[str, Any] = open_link(self.instance, self.link).get("/api/v1/exam/images").json()
        return answer


def made_exam(instance: Instance, seed: str, paths: list[Path]) -> Exam:
    """Send these files and a report for them."""
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))
    client = instance.client(instance.token("jia", "reports"))
    answer = client.post("/api/v1/reports", files={"file": make_report_pdf(fields_for(seed))}).json()
    return Exam(instance, seed, answer["link"], answer["report_id"])


@pytest.fixture(scope="module")
def exam(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Exam:
    """CT in two thicknesses, a radiograph, a colour clip and a document."""
    folder, seed = tmp_path_factory.mktemp("phone"), "37001"
    thin = phantom_ct(folder, seed, SLICES, SIZE)
    thick = phantom_ct(folder, seed, SLICES // 2, SIZE, series_number=SERIES_CT_THICK)
    for number in range(1, SLICES // 2 + 1):
        path = folder / f"{SERIES_CT_THICK}-{number:05}.dcm"
        image = dcmread(path)
        image.ImagePositionPatient = [-100.0, -100.0, 2.0 * number]
        image.save_as(path, enforce_file_format=True)
    return made_exam(instance, seed, [*thin, *thick, *radiograph(folder, seed), *colour_clip(folder, seed), *document(folder, seed)])


def rendered(exam: Exam, series: int, index: int, window: tuple[float, float]) -> npt.NDArray[np.int16]:
    """The server's own picture, without loss."""
    manifest = exam.manifest()
    one = manifest["series"][series - 1]
    tail = one["each"]["instance"][index] if "instance" in one["each"] else ""
    address = f"/dicom-web/studies/{manifest['study']}/series/{one['uid']}/instances/{one['prefix']}{tail}/frames/1/rendered"
    client = open_link(exam.instance, exam.link)
    answer = client.get(f"{address}?window={window[0]},{window[1]},linear", headers={"Accept": "image/png"})
    assert answer.status_code == 200
    return np.asarray(Image.open(BytesIO(answer.content)).convert("L")).astype(np.int16)


def grey(value: float, window: tuple[float, float]) -> float:
    """PS3.3 §C.11.2.1.2."""
    centre, width = window
    return float(np.clip(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255, 0, 255))


def steps_on_screen(one: Phone) -> list[int]:
    """The grey of each of the phantom's stripes as it stands on the screen, where the picture is fitted to the pane."""
    seen = one.seen()
    high, wide = seen.shape[:2]
    side = min(high, wide)
    row = high // 2 - side // 2 + side * 5 // 16
    columns = [wide // 2 - side // 2 + round(side * (place + 1.5) / 8) for place in range(len(STEPS_HU))]
    return [int(seen[row, column].mean()) for column in columns]


@pytest.mark.parametrize(("size", "language"), [(UPRIGHT, "zh-CN"), (SIDEWAYS, "en")])
def test_the_page_brings_its_first_picture_and_fits_the_screen(exam: Exam, browser: Browser, size: tuple[int, int], language: str) -> None:
    with phone(browser, size, language) as one:
        one.open(exam.instance.url + "/exam", exam.link)
        one.page.locator("#open-images:visible, #bar-images:visible").first.click()
        assert "window=40,400,linear" in (one.page.locator("#first-picture").get_attribute("src") or "")
        one.is_shown("device")
        assert one.page.locator("html").get_attribute("lang") == language
        assert one.page.locator("#strip .series").count() == 4
        assert one.position() == SLICES // 2
        assert [one.page.locator(f"#pane-1 [data-side={side}]").inner_text() for side in ("left", "right", "top", "bottom")] == [
            "R",
            "L",
            "A",
            "P",
        ]
        assert one.page.evaluate(
            "document.documentElement.scrollWidth <= window.innerWidth && document.documentElement.scrollHeight <= window.innerHeight"
        )
        for button in one.page.locator(".panel button:visible, .panel a:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size[0] + 1
            assert box["y"] + box["height"] <= size[1] + 1
        one.page.locator("#back").click()
        expect(one.page.locator("body")).to_have_attribute("data-page", "exam")
        assert one.trouble == []


def test_a_preset_changes_the_grey_levels_and_invert_inverts_them(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        for preset, window in (("brain", (40, 80)), ("bone", (500, 2000)), ("lung", (-600, 1500))):
            one.choose(preset)
            one.is_shown("device")
            wait_for(
                lambda window=window: np.allclose(steps_on_screen(one), [grey(value, window) for value in STEPS_HU], atol=4),  # type: ignore[misc]
                timeout_seconds=5, what=f"the {preset} window on the screen",
            )  # fmt: skip
        one.more("invert")
        wait_for(
            lambda: np.allclose(steps_on_screen(one), [255 - grey(value, (-600, 1500)) for value in STEPS_HU], atol=4), timeout_seconds=5
        )
        assert one.trouble == []


@pytest.mark.parametrize(
    ("series", "index", "window"), [(SERIES_CT, SLICES // 2 - 1, (60.0, 160.0)), (SERIES_RADIOGRAPH, 0, (1800.0, 2500.0))]
)
def test_the_devices_window_is_the_servers(exam: Exam, browser: Browser, series: int, index: int, window: tuple[float, float]) -> None:
    with phone(browser) as one:
        one.open(f"{exam.url}?series={series}", exam.link)
        one.page.locator("[data-mode=window]").click()
        one.is_shown("device")
        one.page.evaluate("w => CloudFilm.viewer.active.setWindow(CloudFilm.greyWindow.make(w[0], w[1]), 'own')", list(window))
        one.page.locator("#window", has_text=str(round(window[1]))).wait_for()
        theirs = rendered(exam, series, index, window)
        wait_for(lambda: np.abs(one.painted() - theirs).max() <= 2, timeout_seconds=5, what="the server's grey levels")
        assert theirs.std() > 20
        assert one.trouble == []


def test_dragging_scrolls_and_the_slice_on_the_screen_is_the_one_that_is_named(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        x, y = one.middle()
        before = one.position()
        one.drag((x, y), (x, y + 100))
        wait_for(lambda: one.position() > before, timeout_seconds=5, what="a later slice")
        one.is_shown("device")
        bar = one.seen()[:, 4].mean(axis=1) > 200
        high, wide = one.seen().shape[:2]
        assert bar.sum() / min(high, wide) == pytest.approx(one.position() / SLICES, abs=0.02)
        later = one.position()
        one.drag((x, y), (x, y - 60))
        wait_for(lambda: one.position() < later, timeout_seconds=5, what="an earlier slice")
        one.page.locator("#slider").fill("1")
        expect(one.page.locator("#position")).to_have_text(f"1 / {SLICES}")
        one.page.locator("#next").click()
        expect(one.page.locator("#position")).to_have_text(f"2 / {SLICES}")
        one.page.keyboard.press("End")
        expect(one.page.locator("#position")).to_have_text(f"{SLICES} / {SLICES}")
        expect(one.page.locator("#slider")).to_have_attribute("aria-valuetext", f"第 {SLICES} 张，共 {SLICES} 张")
        assert one.trouble == []


def test_two_fingers_zoom_and_a_double_tap_fits_again(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        x, y = one.middle()
        before = one.position()
        one.pinch((x, y), 80, 240)
        zoom = one.page.evaluate("CloudFilm.viewer.active.place.zoom")
        assert zoom == pytest.approx(3, rel=0.1)
        assert one.position() == before, "two fingers do not scroll"
        wide = one.seen().shape[1]
        expected = grey(0, (40, 400))
        wait_for(
            lambda: abs(float(one.seen()[one.seen().shape[0] // 2 + round(wide * 0.15 * zoom), wide // 2].mean()) - expected) < 6,
            timeout_seconds=5,
        )
        one.page.touchscreen.tap(x, y)
        one.page.touchscreen.tap(x, y)
        wait_for(lambda: one.page.evaluate("CloudFilm.viewer.active.place.zoom") == 1, timeout_seconds=5, what="the fitted picture")
        assert one.trouble == []


def test_a_known_distance_is_measured_right(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        one.page.locator("[data-mode=measure]").click()
        x, y = one.middle()
        side = min(one.seen().shape[:2])
        ends = [(x + (across - 0.5) * side, y + (down - 0.5) * side) for across, down in DOTS]
        one.drag(ends[0], ends[1])
        said = one.page.locator("#pane-1").get_attribute("data-lengths") or ""
        assert float(said.removesuffix(" mm")) == pytest.approx((DOTS[1][0] - DOTS[0][0]) * SIZE * SPACING_MM, abs=1.0)
        yellow = (one.seen() > [200, 170, -1]).all(axis=2) & (one.seen()[..., 2] < 140)
        assert yellow.sum() > side / 4, "the line is on the screen"
        one.page.locator("#remove-lengths").click()
        wait_for(lambda: one.page.locator("#pane-1").get_attribute("data-lengths") == "", timeout_seconds=5)
        one.page.locator(f"#strip .series:nth-child({SERIES_RADIOGRAPH})").click()
        one.is_shown("device")
        one.drag((x - 50, y), (x + 50, y))
        assert (one.page.locator("#pane-1").get_attribute("data-lengths") or "").startswith("≈ ")
        assert one.trouble == []


def test_two_series_scroll_together_through_the_same_places(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        one.more("split")
        one.page.locator(f"#strip .series:nth-child({SERIES_CT_THICK})").click()
        for pane in (1, 2):
            one.is_shown("device", pane)
        upper, lower = one.page.locator("#pane-1").bounding_box(), one.page.locator("#pane-2").bounding_box()
        assert upper is not None
        assert lower is not None
        assert lower["y"] >= upper["y"] + upper["height"] - 1
        one.page.locator("#slider").fill("4")
        wait_for(
            lambda: one.page.locator("#pane-1").get_attribute("data-index") == "8", timeout_seconds=5, what="the slice at the same place"
        )
        one.page.set_viewport_size({"width": SIDEWAYS[0], "height": SIDEWAYS[1]})

        def is_beside() -> bool:
            left, right = one.page.locator("#pane-1").bounding_box(), one.page.locator("#pane-2").bounding_box()
            return bool(
                left
                and right
                and right["x"] >= left["x"] + left["width"] - 1
                and one.page.evaluate("document.documentElement.scrollWidth <= 844")
            )

        wait_for(is_beside, timeout_seconds=5, what="the series beside each other")
        assert one.trouble == []


def test_a_clip_plays_in_colour(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(f"{exam.url}?series={SERIES_CLIP}", exam.link)
        one.is_shown("server")

        def red_at() -> float:
            seen = one.seen()
            red = (seen[..., 0] > 150) & (seen[..., 2] < 120)
            assert red.any()
            return float(np.nonzero(red)[1].mean())

        first = red_at()
        one.page.locator("#play").click()
        wait_for(lambda: red_at() > first + 40, what="the square on its way")
        one.page.locator("#play").click()

        def stands_still() -> bool:
            before = one.position()
            one.page.wait_for_function("() => new Promise(done => setTimeout(() => done(true), 300))")
            return one.position() == before

        wait_for(stands_still, what="the clip to stop")
        assert stands_still()
        assert one.page.locator("[data-mode=window]").is_disabled()
        assert one.trouble == []


def test_a_mirrored_picture_says_so_at_its_sides(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(f"{exam.url}?series={SERIES_RADIOGRAPH}", exam.link)
        one.is_shown("device")
        sides = [one.page.locator(f"#pane-1 [data-side={side}]") for side in ("left", "right")]
        assert [side.inner_text() for side in sides] == ["R", "L"]
        before = one.seen()
        one.more("mirror")
        wait_for(lambda: [side.inner_text() for side in sides] == ["L", "R"], timeout_seconds=5, what="the sides of the mirrored picture")
        row = before.shape[0] // 2 + 40
        assert abs(before[row, 60:-60].mean(axis=1)[::-1] - one.seen()[row, 60:-60].mean(axis=1)).max() < 6


def test_a_picture_that_cannot_be_shown_leaves_the_others(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    paths = sorted(phantom_ct(tmp_path, "37005", 5, 64))
    broken = dcmread(paths[1])
    del broken.PixelData
    broken.save_as(paths[1], enforce_file_format=True)
    exam = made_exam(instance, "37005", paths)
    with phone(browser) as one:
        one.open(f"{exam.url}?picture=2", exam.link)
        expect(one.page.locator("#pane-1 [data-missing]")).to_be_visible(timeout=10_000)
        one.page.locator("#next").click()
        one.is_shown("device")
        expect(one.page.locator("#pane-1 [data-missing]")).to_be_hidden()
        expect(one.page.locator("#ended")).to_be_hidden()


def test_without_a_line_it_says_so_and_goes_on_when_there_is_one(exam: Exam, browser: Browser) -> None:
    with phone(browser) as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        one.context.set_offline(True)
        one.choose("lung")
        one.page.keyboard.press("Home")
        expect(one.page.locator("#offline")).to_be_visible(timeout=10_000)
        one.context.set_offline(False)
        expect(one.page.locator("#offline")).to_be_hidden(timeout=15_000)
        one.is_shown("device")


def test_when_the_visit_has_ended_it_leads_back(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    exam = made_exam(instance, "37002", phantom_ct(tmp_path, "37002", 60, 64))
    with phone(browser, language="en") as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        grants = instance.admin("grant", "list", "--hospital", "jia")["grants"]
        instance.admin("grant", "revoke", next(one["grant_id"] for one in grants if one["report_id"] == exam.report_id))

        keys = cycle(("Home", "3", "End", "4", "5"))

        def has_ended() -> bool:
            one.page.keyboard.press(next(keys))
            return one.page.locator("#ended").is_visible()

        wait_for(has_ended, timeout_seconds=15, what="the end of the visit")
        one.page.locator("#ended a").click()
        expect(one.page.locator("body")).to_have_attribute("data-page", "code")


def test_more_pictures_appear_while_they_arrive(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    seed = "37003"
    paths = sorted(phantom_ct(tmp_path, seed, 12, 64))
    exam = made_exam(instance, seed, paths[:5])
    instance.sql("UPDATE study SET complete_at = NULL WHERE study_instance_uid = %s", study_uid(seed))
    with phone(browser, language="en") as one:
        one.open(exam.url, exam.link)
        expect(one.page.locator("#arriving")).to_have_text("5 pictures here, more are arriving")
        assert one.position() == 3
        assert instance.dcmtk("storescu", *map(str, paths[5:])).returncode == 0
        expect(one.page.locator("#position")).to_have_text("3 / 12", timeout=60_000)
        expect(one.page.locator("#arriving")).to_be_hidden(timeout=40_000)


def test_without_scripts_each_series_has_a_picture_and_links(exam: Exam, browser: Browser) -> None:
    with phone(browser, scripts=False) as one:
        one.open(exam.url, exam.link)
        first = one.page.locator("#first-picture")
        wait_for(lambda: np.asarray(Image.open(BytesIO(first.screenshot())).convert("L")).std() > 20, what="the picture")
        before = first.get_attribute("src")
        one.page.locator("#plain-next").click()
        assert one.page.locator("#first-picture").get_attribute("src") != before
        assert f"{SLICES // 2 + 1} / {SLICES}" in one.page.locator("#position").inner_text()
        assert one.page.locator(".plain-series img").count() == 4
        one.page.locator(".plain-series a").nth(SERIES_CLIP - 1).click()
        assert "1 / 12" in one.page.locator("#position").inner_text()


def test_an_exam_of_documents_says_that_it_has_no_pictures(instance: Instance, browser: Browser, tmp_path: Path) -> None:
    exam = made_exam(instance, "37004", [*phantom_ct(tmp_path, "37004", 1, 64), *document(tmp_path, "37004")])
    instance_id = instance.sql("SELECT orthanc_study_id FROM study WHERE study_instance_uid = %s", study_uid("37004"))
    assert instance_id
    manifest = exam.manifest()
    assert [one["count"] for one in manifest["series"]] == [1]
    assert manifest["withoutPictures"] >= 1  # and what is kept of its report
    with phone(browser, language="en") as one:
        one.open(exam.url, exam.link)
        one.is_shown("device")
        # What the page is told of a study that holds nothing else.
        one.page.route("**/api/v1/exam/images*", lambda route: route.fulfill(json={**manifest, "series": []}))
        one.page.reload()
        expect(one.page.locator("#empty")).to_have_text("This exam holds documents only, no pictures.")


def test_windows_are_dragged_smoothly_on_the_device(exam: Exam, browser: Browser) -> None:
    """At least 20 updates a second. Chromium composes without its emulation of a GPU, which alone takes 100 ms a frame."""
    plain = browser.browser_type.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    with phone(plain) as one:
        one.open(exam.url, exam.link)
        one.page.locator("[data-mode=window]").click()
        one.is_shown("device")
        milliseconds = one.page.evaluate(
            """() => {
                const pane = CloudFilm.viewer.active, began = performance.now();
                pane.dragging = true;
                for (let i = 0; i < 60; i += 1) { pane.window = CloudFilm.greyWindow.make(40 + i, 400); pane.draw(); }
                pane.canvas.getContext('2d').getImageData(0, 0, 1, 1);
                pane.dragging = false;
                return (performance.now() - began) / 60;
            }"""
        )
        assert milliseconds < 50
    plain.close()
