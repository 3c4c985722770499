# SPDX-License-Identifier: AGPL-3.0-or-later
"""OHIF as a specialist has it: opened from a paper's link, asked by what it shows and by its own services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, Error, Page, expect

from tests.support.instance import wait_for

_SERIES = """() => [...services.viewportGridService.getState().viewports.values()]
    .sort((a, b) => a.y - b.y || a.x - b.x)
    .map((pane) => pane.displaySetInstanceUIDs.map((uid) => services.displaySetService.getDisplaySetByUID(uid))
    .map((set) => ({ description: set.SeriesDescription, number: set.SeriesNumber, study: set.StudyInstanceUID }))[0])"""
_ACTIVE = """(what) => {
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(services.viewportGridService.getActiveViewportId());
    return {
        place: viewport.getCurrentImageIdIndex(),
        image: viewport.getCurrentImageId && viewport.getCurrentImageId(),
        window: viewport.getProperties().voiRange,
        zoom: viewport.getZoom(),
        pan: viewport.getPan().map(Math.round),
        presentation: viewport.getViewPresentation(),
    };
}"""
_LOADED = """() => cornerstone.getRenderingEngines().flatMap((engine) => engine.getViewports())
    .map((viewport) => !!viewport.getImageData())"""


@contextmanager
def reading(
    browser: Browser, link: str, language: str, panes: int, before: Callable[[Page], None] | None = None, click: str = "#open-desktop"
) -> Iterator[Page]:
    """OHIF with so many series on the screen; ``before`` is called when the exam's page is there. No script may have failed."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale=language)
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(link)
    page.locator("#accept").click()
    page.wait_for_load_state("networkidle")
    if before is not None:
        before(page)
    page.locator(f"{click}:visible").first.click()
    expect(page.locator(".viewport-element canvas")).to_have_count(panes, timeout=60_000)
    wait_for(lambda: ask(page, _LOADED) == [True] * panes, timeout_seconds=60, what=f"{panes} series with images")
    yield page
    assert mistakes == []
    context.close()


def ask(page: Page, question: str) -> Any:
    """What a script in the page answers; None while OHIF is still starting."""
    try:
        return page.evaluate(question)
    except Error:
        return None


def series_shown(page: Page) -> list[dict[str, Any]]:
    """The series in the panes, by rows."""
    found: list[dict[str, Any]] = page.evaluate(_SERIES)
    return found


def descriptions(page: Page) -> list[str]:
    """SeriesDescription of each pane's series, by rows."""
    return [one["description"] for one in series_shown(page)]


def active(page: Page) -> dict[str, Any]:
    """The active pane: place of its image, window, zoom, pan, rotation and flips."""
    found: dict[str, Any] = page.evaluate(_ACTIVE)
    return found


def pane_box(page: Page, place: int = 0) -> tuple[float, float, float, float]:
    """Left, top, width and height of a pane, CSS pixels."""
    box = page.locator(".viewport-element").nth(place).bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def grey(page: Page, place: int = 0) -> npt.NDArray[np.uint8]:
    """The image as it is on the screen, its upper and lower edges with texts left out."""
    left, top, width, height = pane_box(page, place)
    clip = {"x": left + 2, "y": top + 0.15 * height, "width": width - 24, "height": 0.7 * height}
    shot = page.screenshot(clip=clip)  # type: ignore[arg-type]
    return np.asarray(Image.open(BytesIO(shot)).convert("L"))


def drag(page: Page, *points: tuple[float, float], button: str = "left") -> None:
    """Over these points with a mouse button held."""
    page.mouse.move(*points[0])
    page.mouse.down(button=button)  # type: ignore[arg-type]
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up(button=button)  # type: ignore[arg-type]


def choose(page: Page, menu: str, tool: str) -> None:
    """A tool of one of the toolbar's menus: two clicks."""
    page.locator(f"[data-cy={menu}-split-button-secondary] button").first.click()
    page.locator(f"[role=menuitem][data-cy={tool}]").click()


def press(page: Page, tool: str) -> None:
    """A button of the toolbar: one click."""
    page.locator(f"[data-cy={tool}]").first.click()
