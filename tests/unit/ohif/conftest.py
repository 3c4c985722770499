# SPDX-License-Identifier: AGPL-3.0-or-later
"""OHIF as installed, and our scripts for it read by Chromium."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

SOURCE = Path(__file__).resolve().parents[3] / "ohif_config"
# In the order in which they run.
OURS = (
    "opening.js", "bringing.js", "hanging.js", "key_images.js", "windows.js", "earlier.js", "reading.js", "app-config.js", "zh.js",
)  # fmt: skip
INSTALLED = Path("/opt/cloudfilm/ohif")

sys.path.insert(0, str(SOURCE))  # the install step runs these modules as scripts, from their own folder


@dataclass(frozen=True)
class Installed:
    """OHIF's static files."""

    folder: Path

    def names(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self.folder.glob(pattern))

    def text(self, pattern: str) -> str:
        (path,) = self.folder.glob(pattern)
        return path.read_text(encoding="utf-8")

    def locale(self, name: str) -> dict[str, dict[str, str]]:
        """OHIF's own texts in one language, by namespace, out of its minified main script."""
        script = self.text("app.bundle.*.js")
        (table,) = re.findall(rf'[{{,]"?{name}"?:\{{(AboutModal:[\w$:,]+)\}}', script)
        return {namespace: self._strings(script, variable) for namespace, variable in (pair.split(":") for pair in table.split(","))}

    @staticmethod
    def _strings(script: str, variable: str) -> dict[str, str]:
        found = re.search(rf"(?<![\w$]){re.escape(variable)}=JSON\.parse\((['\"`])((?:(?!\1)[^\\]|\\.)*)\1\)", script)
        if not found:
            return {}
        strings: dict[str, str] = json.loads(re.sub(r"\\(['\"`\\])", r"\1", found.group(2)))
        return strings


@pytest.fixture(scope="session")
def ohif() -> Installed:
    if not (INSTALLED / "VERSION").exists():
        pytest.skip(f"OHIF is not installed at {INSTALLED}")
    return Installed(INSTALLED)


def _answer(route: Route) -> None:
    """Our scripts and an empty page; the hosts of these tests do not exist."""
    name = route.request.url.rpartition("/")[2].partition("?")[0]
    if name in (*OURS, "first_frames.js"):
        route.fulfill(path=SOURCE / name, content_type="text/javascript")
    else:
        first, *others = (f'<script src="/viewer/{ours}"></script>' for ours in OURS)
        page = f'<!doctype html><meta charset=utf-8><template id="viewer-files">{"".join(others)}</template>{first}<body>'
        route.fulfill(body=page, content_type="text/html")


def wait_for_scripts(page: Page) -> None:
    """Until the last one has run."""
    page.wait_for_function("window.rspackChunk")


def again(page: Page) -> None:
    """Load it anew."""
    page.reload()
    wait_for_scripts(page)


@contextmanager
def opened(browser: Browser, lang: str | None = None, locale: str = "de-DE", query: str = "?StudyInstanceUIDs=1.2.3") -> Iterator[Page]:
    """A page on which our scripts have run, but not OHIF's."""
    context = browser.new_context(locale=locale)
    context.route("**/*", _answer)
    if lang:
        context.add_cookies([{"name": "lang", "value": lang, "url": "https://film.example"}])
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(f"https://film.example/viewer/viewer{query}")
    wait_for_scripts(page)
    yield page
    assert not mistakes
    context.close()


@pytest.fixture(scope="session")
def config(browser: Browser) -> dict[str, Any]:
    """OHIF's configuration as data: functions are left out."""
    with opened(browser) as page:
        read: dict[str, Any] = json.loads(page.evaluate("JSON.stringify(window.config)"))
    return read


# What zh.js hands to OHIF's i18n module, and the number it asks that module by.
CATCH_TEXTS = """() => {
    const caught = {};
    const load = (id) => ({ A: { addLocales: (locales) => Object.assign(caught, { id, texts: locales.zh }) } });
    window.rspackChunk.forEach((chunk) => chunk[2](load));
    return caught;
}"""


@pytest.fixture(scope="session")
def chinese(browser: Browser) -> dict[str, Any]:
    with opened(browser) as page:
        caught: dict[str, Any] = page.evaluate(CATCH_TEXTS)
    return caught
