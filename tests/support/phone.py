# SPDX-License-Identifier: AGPL-3.0-or-later
"""A phone with the viewer open: touches as Chromium gets them from a screen, and what the panes show."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from tests.support.instance import wait_for

UPRIGHT, SIDEWAYS = (390, 844), (844, 390)
_STEPS = 8
_PAINTED = "pane => CloudFilm.viewer.panes[pane].painted.toDataURL('image/png')"


@dataclass
class Phone:
    """A page in a touch-screen browser; ``trouble`` collects what the page complained of."""

    context: BrowserContext
    page: Page
    touch: CDPSession
    trouble: list[str] = field(default_factory=list)

    def open(self, url: str, link: str) -> None:
        """Come by a paper's link, agree, and go to the viewer."""
        self.page.goto(link)
        if self.page.locator("#accept").count():
            self.page.locator("#accept").click()
        self.page.goto(url)

    def is_shown(self, source: str, pane: int = 1) -> None:
        """Wait until a pane's picture is painted from ``device`` or ``server``."""
        place = self.page.locator(f"#pane-{pane}")
        wait_for(lambda: place.get_attribute("data-source") == source, what=f"a picture from the {source} in pane {pane}")

    def position(self) -> int:
        """Which picture the active pane shows, from 1."""
        return int(self.page.locator("#position").inner_text().split("/")[0])

    def middle(self, pane: int = 1) -> tuple[float, float]:
        """The middle of a pane."""
        box = self.page.locator(f"#pane-{pane}").bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """One finger."""
        self._touch([(begin, end)])

    def pinch(self, middle: tuple[float, float], apart: float, then: float) -> None:
        """Two fingers beside each other: from so many pixels apart to so many."""
        x, y = middle
        self._touch([((x - apart / 2, y), (x - then / 2, y)), ((x + apart / 2, y), (x + then / 2, y))])

    def _touch(self, ways: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
        def at(share: float) -> list[dict[str, float]]:
            return [
                {"x": b[0] + (e[0] - b[0]) * share, "y": b[1] + (e[1] - b[1]) * share, "id": number} for number, (b, e) in enumerate(ways)
            ]

        self._send("touchStart", at(0))
        for step in range(1, _STEPS + 1):
            self._send("touchMove", at(step / _STEPS))
        self._send("touchEnd", [])

    def _send(self, kind: str, points: list[dict[str, float]]) -> None:
        self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def painted(self, pane: int = 1) -> npt.NDArray[np.int16]:
        """The grey levels that the device computed from the picture's numbers."""
        self.is_shown("device", pane)
        data = str(self.page.evaluate(_PAINTED, pane - 1)).split(",", 1)[1]
        return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("L")).astype(np.int16)

    def seen(self, pane: int = 1) -> npt.NDArray[np.int16]:
        """What stands on the screen in a pane: RGB, CSS pixels."""
        box = self.page.locator(f"#pane-{pane}").bounding_box()
        assert box is not None
        picture = Image.open(BytesIO(self.page.screenshot(clip=box)))
        return np.asarray(picture.convert("RGB").resize((round(box["width"]), round(box["height"])))).astype(np.int16)

    def choose(self, preset: str) -> None:
        """A preset from its sheet."""
        self.page.locator("#presets-open").click()
        self.page.locator(f"[data-preset={preset}]").click()

    def more(self, what: str) -> None:
        """A choice from the sheet with more."""
        self.page.locator("#more-open").click()
        self.page.locator(f"#{what}").click()


@contextmanager
def phone(browser: Browser, size: tuple[int, int] = UPRIGHT, language: str = "zh-CN", scripts: bool = True) -> Iterator[Phone]:
    """A new phone; at its end nothing may have gone wrong in its pages but pictures that were not there."""
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": size[0], "height": size[1]}, locale=language, has_touch=True, is_mobile=True,
        java_script_enabled=scripts,
    )  # fmt: skip
    page = context.new_page()
    opened = Phone(context, page, context.new_cdp_session(page))
    page.on("pageerror", lambda error: opened.trouble.append(str(error)))
    page.on("console", lambda said: opened.trouble.append(said.text) if said.type == "error" else None)
    try:
        yield opened
    finally:
        context.close()
