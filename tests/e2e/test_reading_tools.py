# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader must be able to do, tool by tool on one page of OHIF, each within two clicks; and how exams of each modality hang."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom import dcmread

from demo.report_form import make_report_pdf
from tests.support.exams_by_modality import abdominal_us, chest_in_two_views, head_mr, mammograms
from tests.support.instance import Instance, wait_for
from tests.support.key_objects import key_object
from tests.support.picture_series import phantom_ct
from tests.support.reading_page import active, choose, descriptions, drag, grey, pane_box, press, reading, series_shown
from tests.support.samples import change, ct_study, fields_for, study_uid

SEED, EARLIER = "47001", "47002"
MEASUREMENTS = (
    "() => services.measurementService.getMeasurements().map((one) => [one.toolName, [].concat(one.displayText.primary).join(' ')])"
)
HAS_THE_MOUSE = "() => services.toolGroupService.getToolGroup('default').getActivePrimaryMouseButtonTool()"
NEXT_POINT_OF_ANGLE = "() => { const drawn = services.toolGroupService.getToolGroup('default').getToolInstance('Angle').editData; return drawn ? drawn.handleIndex : null; }"
CROSSHAIR = "() => services.toolGroupService.getToolGroup('mpr').getToolOptions('Crosshairs').mode"
PLACES = "() => cornerstone.getRenderingEngines().flatMap((e) => e.getViewports()).map((one) => one.getCurrentImageIdIndex())"
Link = Callable[[str, list[Path], str], str]


@pytest.fixture(scope="module")
def link_to(instance: Instance) -> Link:
    """Send an exam and hand in its report; the paper's link."""

    def made(seed: str, files: list[Path], modality: str) -> str:
        assert instance.dcmtk("storescu", *map(str, files)).returncode == 0
        wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))
        client = instance.client(instance.token("jia", "reports"))
        fields = replace(fields_for(seed), modality=modality, report_kind=f"{modality}检查报告单")
        answer = client.post("/api/v1/reports", files={"file": make_report_pdf(fields)}).json()
        assert answer["status"] == "matched", answer
        return str(answer["link"])

    return made


@dataclass(frozen=True)
class Exam:
    """A paper's link, and the SOPInstanceUIDs that a document marks."""

    link: str
    marked: list[str]


@pytest.fixture(scope="module")
def exam(instance: Instance, link_to: Link, tmp_path_factory: pytest.TempPathFactory) -> Exam:
    """Two axial series of 40 and 24 images; a document marks the fourth and the sixth; an exam two years before."""
    folder = tmp_path_factory.mktemp("tools")
    files = [*phantom_ct(folder / "a", SEED, 40, 128), *phantom_ct(folder / "a", SEED, 24, 128, series_number=2)]
    earlier = change(ct_study(folder / "b", EARLIER), PatientID=f"P{SEED}", StudyDate="20240110")
    assert instance.dcmtk("storescu", *map(str, earlier)).returncode == 0
    marked = [next(path for path in files if path.stem == name) for name in ("1-00004", "2-00006")]
    paper = link_to(SEED, [*files, key_object(folder / "a", marked)], "CT")
    instance.sql(
        "UPDATE access_grant SET patient_wide = true WHERE report_id IN (SELECT report_id FROM report WHERE accession_number = %s)",
        f"A{SEED}",
    )
    return Exam(paper, [str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in marked])


@pytest.fixture(scope="module")
def open_page(browser: Browser, exam: Exam) -> Iterator[Page]:
    with reading(browser, exam.link, "en", panes=2) as page:
        yield page


@pytest.fixture
def page(open_page: Page) -> Page:
    """The one page, with the first series active, its image and everything else as at the opening."""
    left, top, width, _ = pane_box(open_page)
    press(open_page, "WindowLevel")
    open_page.mouse.click(left + width / 2, top + 8)
    press(open_page, "Reset")
    return open_page


def middle(page: Page) -> tuple[float, float]:
    left, top, width, height = pane_box(page)
    return left + width / 2, top + height / 2


def at(page: Page, right: float, down: float) -> tuple[float, float]:
    """A place in the first pane's square image, as parts of its side."""
    left, top, width, height = pane_box(page)
    side = min(width, height)
    return left + (width - side) / 2 + right * side, top + (height - side) / 2 + down * side


def test_a_named_window_takes_two_clicks_and_changes_what_is_seen(page: Page) -> None:
    before = grey(page)
    choose(page, "WindowPresets", "window-ct-lung")
    wait_for(lambda: active(page)["window"] == {"lower": -1350, "upper": 149}, what="the lung's window")
    wait_for(lambda: np.abs(grey(page).astype(int) - before).mean() > 10, what="another histogram")
    choose(page, "WindowPresets", "window-stated")
    wait_for(lambda: active(page)["window"] == {"lower": -160, "upper": 239}, what="the device's window")
    choose(page, "WindowPresets", "window-auto")
    wait_for(
        lambda: active(page)["window"]["lower"] < -900 and active(page)["window"]["upper"] > 900, what="a window of all the phantom's steps"
    )


def test_dragging_sets_window_zoom_and_place_and_the_wheel_turns_pages(page: Page) -> None:
    x, y = middle(page)
    begin = active(page)
    drag(page, (x, y), (x + 60, y + 30))
    wait_for(lambda: active(page)["window"] != begin["window"], what="another window by the left button")
    drag(page, (x, y), (x, y + 80), button="right")
    wait_for(lambda: abs(active(page)["zoom"] - begin["zoom"]) > 0.05, what="zoom by the right button")
    drag(page, (x, y), (x + 50, y + 40), button="middle")
    wait_for(lambda: active(page)["pan"] != begin["pan"], what="pan by the middle button")
    page.mouse.wheel(0, 100)
    wait_for(lambda: active(page)["place"] != begin["place"], what="another image by the wheel")


def test_the_magnifier_shows_the_place_under_it_larger(page: Page) -> None:
    press(page, "Magnify")
    x, y = at(page, 0.3, 0.3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y + 5, steps=3)
    expect(page.locator(".magnifyTool")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".magnifyTool")).to_have_count(0)


def test_inverting_inverts(page: Page) -> None:
    before = grey(page).astype(int)
    press(page, "invert")
    wait_for(lambda: np.median(np.abs(grey(page).astype(int) - (255 - before))) < 8, what="black for white")
    press(page, "invert")
    wait_for(lambda: np.median(np.abs(grey(page).astype(int) - before)) < 8, what="white again")


def test_rotating_and_flipping_move_the_bar_at_the_left_edge(page: Page) -> None:
    def bright(right: float, down: float) -> bool:
        x, y = at(page, right, down)
        shot = page.screenshot(clip={"x": x - 4, "y": y - 4, "width": 8, "height": 8})
        return bool(np.asarray(Image.open(BytesIO(shot)).convert("L")).mean() > 200)

    wait_for(lambda: bright(0.03, 0.97), what="the bar at the left edge")
    choose(page, "MoreTools", "flipHorizontal")
    wait_for(lambda: bright(0.97, 0.97), what="the bar at the right edge")
    press(page, "Reset")
    choose(page, "MoreTools", "rotate-right")
    wait_for(lambda: bright(0.03, 0.03) and not bright(0.97, 0.97), what="the bar at the upper edge")
    press(page, "Reset")
    choose(page, "MoreTools", "flipVertical")
    wait_for(lambda: bright(0.03, 0.03) and not bright(0.03, 0.97), what="the bar from above")


def measure(page: Page, tool: str, draw: Callable[[], None]) -> None:
    """Draw with a tool of the menu, once it has the mouse, and wait for its numbers."""
    choose(page, "MeasurementTools", tool)
    wait_for(lambda: page.evaluate(HAS_THE_MOUSE) == tool, 30, f"{tool} with the mouse")
    draw()
    wait_for(lambda: [text for name, text in page.evaluate(MEASUREMENTS) if name == tool and text], 60, f"the numbers of {tool}")


def draw_angle(page: Page) -> None:
    """Three clicks, each once the one before was understood: cornerstone waits a moment whether a click becomes a double one."""
    for place, next_point in zip(((0.3, 0.55), (0.5, 0.55), (0.5, 0.7)), (1, 2, None), strict=True):
        page.mouse.move(*at(page, *place), steps=4)
        page.mouse.click(*at(page, *place))
        wait_for(lambda: page.evaluate(NEXT_POINT_OF_ANGLE) == next_point, 30, f"the angle's point after {place}")  # noqa: B023


def test_lengths_angles_and_areas_are_measured_and_leave_as_a_file(page: Page, tmp_path: Path) -> None:
    measure(page, "Length", lambda: drag(page, at(page, 0.25, 0.75), at(page, 0.75, 0.75)))
    measure(page, "Angle", lambda: draw_angle(page))
    # In the stripes of blood and of fat (-100 HU), and in the band of water.
    measure(page, "EllipticalROI", lambda: drag(page, at(page, 0.69, 0.3), at(page, 0.71, 0.33)))
    measure(page, "RectangleROI", lambda: drag(page, at(page, 0.27, 0.2), at(page, 0.35, 0.25)))
    outline = [at(page, *place) for place in ((0.3, 0.8), (0.6, 0.8), (0.6, 0.85), (0.3, 0.85), (0.3, 0.801))]
    measure(page, "PlanarFreehandROI", lambda: drag(page, *outline))
    expected = ["Angle", "EllipticalROI", "Length", "PlanarFreehandROI", "RectangleROI"]
    told = dict(page.evaluate(MEASUREMENTS))
    assert abs(first_number(told["Length"]) - 51.2) < 1.5, told
    assert abs(first_number(told["Angle"]) - 90) < 2, told
    press(page, "trackedMeasurements-btn")
    with page.expect_download() as download:
        page.get_by_text("CSV", exact=True).click()
    file = tmp_path / "measurements.csv"
    download.value.save_as(file)
    text = file.read_text(encoding="utf-8")
    assert all(name in text for name in expected)
    stats = page.evaluate("() => cornerstoneTools.annotation.state.getAllAnnotations().filter((one) => one.metadata.toolName === 'RectangleROI')"
                          ".map((one) => Object.values(one.data.cachedStats)[0].mean)")  # fmt: skip
    assert abs(stats[0] + 100) < 2, stats
    press(page, "trackedMeasurements-btn")
    page.evaluate("() => services.measurementService.clearMeasurements()")


def test_what_a_doctor_marked_comes_first_then_the_middle_of_each_series(page: Page, exam: Exam) -> None:
    seen: list[str] = []
    for number in range(1, 5):
        press(page, "KeyImages")
        expect(page.get_by_text(f"Key image {number} / 4")).to_be_visible()
        expected = exam.marked[number - 1 : number]
        wait_for(lambda: [image_in_view(page)] == expected if expected else image_in_view(page) not in seen, 30, f"key image {number}")  # noqa: B023
        seen.append(image_in_view(page))
    press(page, "KeyImages")
    wait_for(lambda: image_in_view(page) == seen[0], 30, "the first one again")
    kinds = page.evaluate("() => services.displaySetService.getActiveDisplaySets().map((one) => one.Modality)")
    assert "KO" not in kinds, "the document itself is no series that can be shown"


def test_three_planes_with_their_cross_hair_are_one_click_away(page: Page) -> None:
    press(page, "ThreePlanes")
    expect(page.locator(".viewport-element canvas")).to_have_count(3)
    wait_for(lambda: page.evaluate(CROSSHAIR) == "Active", what="the cross-hair", timeout_seconds=30)
    before = page.evaluate(PLACES)
    left, top, width, height = pane_box(page)
    page.mouse.click(left + width * 0.35, top + height * 0.56)
    wait_for(
        lambda: sum(one != other for one, other in zip(page.evaluate(PLACES), before, strict=True)) == 2,
        what="both other planes at the point",
    )
    press(page, "ThreePlanes")
    expect(page.locator(".viewport-element canvas")).to_have_count(2)


def test_another_layout_is_two_clicks_away(page: Page) -> None:
    page.locator("[data-cy=layout-button]").first.click()
    page.locator("[data-cy=Layout-1-1]").click()
    expect(page.locator("[data-cy=viewport-pane]")).to_have_count(4)


@pytest.mark.parametrize(
    ("seed", "make", "modality", "hung"),
    [
        ("47010", head_mr, "MR", ["T1 轴位", "T2 轴位", "T2-FLAIR 轴位", "DWI b1000"]),
        ("47011", chest_in_two_views, "DX", ["胸部正位", "胸部侧位"]),
        ("47012", abdominal_us, "US", ["腹部", "心脏"]),
        ("47013", mammograms, "MG", ["RCC", "LCC", "RMLO", "LMLO"]),
    ],
)
def test_exams_hang_by_their_modality(
    browser: Browser, link_to: Link, tmp_path: Path, seed: str, make: Callable[[Path, str], list[Path]], modality: str, hung: list[str]
) -> None:
    link = link_to(seed, make(tmp_path, seed), modality)
    with reading(browser, link, "zh-CN", panes=len(hung)) as page:
        assert descriptions(page) == hung
        if modality == "MG":
            # Back to back: what is bright touches the line between the panes.
            right_breast, left_breast = grey(page, 0), grey(page, 1)
            assert right_breast[:, -60:].mean() > 3 * right_breast[:, :60].mean()
            assert left_breast[:, :60].mean() > 3 * left_breast[:, -60:].mean()


def test_an_earlier_exam_hangs_beside_this_one(browser: Browser, exam: Exam) -> None:
    with reading(browser, exam.link, "zh-CN", panes=2, click=".compare") as page:
        assert [one["study"] for one in series_shown(page)] == [study_uid(SEED), study_uid(EARLIER)]


def image_in_view(page: Page) -> str:
    """SOPInstanceUID of the active pane's image."""
    return str(active(page)["image"]).split("/instances/")[1].split("/")[0]


def first_number(text: str) -> float:
    found = re.search(r"\d+(\.\d+)?", text)
    assert found, text
    return float(found[0])
