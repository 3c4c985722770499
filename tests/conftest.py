# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

TESTS = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow folders first, their files mixed: a browser keeps a processor busy, most of the integration tests wait. The order in a file stays."""
    files: dict[str, dict[Path, float]] = {}
    for item in items:
        files.setdefault(_folder(item), {}).setdefault(item.path, 0.0)
    for folder, of_folder in files.items():
        for number, path in enumerate(of_folder):
            of_folder[path] = number / len(of_folder) + (folder == "unit")
    items.sort(key=lambda item: files[_folder(item)][item.path])


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as Debian ships it: one for all tests, since two of Playwright's loops do not share a process."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
