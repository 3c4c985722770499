# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every page must hold: no serious fault that axe-core finds, nothing beside the screen, also with text twice as large.

With the environment variable CLOUDFILM_PICTURES set to a folder, a picture of each page on each screen is kept there.
"""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}
_AXE = Axe().axe_script
_FIND = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
_GRAVE = ("serious", "critical")
# How far the content reaches beside the screen, and what reaches farthest, for the message.
_WIDER = """() => {
    const screen = document.documentElement.clientWidth, wide = document.documentElement.scrollWidth - screen;
    if (wide <= 0) return '';
    const all = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > screen + 1);
    return wide + ' px: ' + all.slice(-3).map(one => one.outerHTML.slice(0, 120)).join(' | ');
}"""


class PageCheck:
    """Looks at pages and collects what is wrong with them."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.seen = page, 0
        self.faults: list[str] = []
        self._language = language
        kept = os.environ.get("CLOUDFILM_PICTURES")
        self._pictures = Path(kept) if kept else None
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.faults.append(f"{page.url}: {said.text}") if "Content Security Policy" in said.text else None)

    def look(self, name: str) -> None:
        """Judge the page that is open, on each screen."""
        self.seen += 1
        language = self.page.locator("html").get_attribute("lang")
        if language != self._language:
            self.faults.append(f"{name}: the page is in {language}")
        self.page.evaluate("document.querySelectorAll('main details').forEach(one => one.setAttribute('open', ''))")
        self.page.evaluate(_AXE)
        for screen, (width, height) in SCREENS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            where = f"{name}, {screen}, {self._language}"
            for found in self.page.evaluate(_FIND):
                if found["impact"] in _GRAVE:
                    places = " | ".join(node["html"][:160] for node in found["nodes"][:3])
                    self.faults.append(f"{where}: {found['id']}: {places}")
            self._must_fit(where)
            self._keep(f"{name}-{screen}-{self._language}")
            self.page.evaluate("document.documentElement.style.fontSize = '200%'")
            self._must_fit(f"{where}, text twice as large")
            self.page.evaluate("document.documentElement.style.fontSize = ''")

    def _must_fit(self, where: str) -> None:
        if wider := self.page.evaluate(_WIDER):
            self.faults.append(f"{where}: wider than the screen by {wider}")

    def _keep(self, name: str) -> None:
        if self._pictures is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self._pictures / f"{name}.jpg", type="jpeg", quality=70, full_page=True)
