# SPDX-License-Identifier: AGPL-3.0-or-later
"""OHIF cannot be pointed at another server by its address: in Chromium, no request leaves the origin."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Request

from tests.support.instance import Instance

_ELSEWHERE = "https://elsewhere.example/evil.json"
_ADDRESSES = [
    f"/viewer/viewer?StudyInstanceUIDs=1.2&url={_ELSEWHERE}",
    f"/viewer/viewer?StudyInstanceUIDs=1.2&configUrl={_ELSEWHERE}",
    f"/viewer/viewer?StudyInstanceUIDs=1.2&datasources=dicomjson&url={_ELSEWHERE}",
    f"/viewer/viewer?StudyInstanceUIDs=1.2&dataSource={_ELSEWHERE}",
    f"/viewer/viewer/dicomjson?url={_ELSEWHERE}",
    f"/viewer/viewer/dicomwebproxy?url={_ELSEWHERE}",
    f"/viewer/dicomjson?url={_ELSEWHERE}",
    f"/viewer/viewer?StudyInstanceUIDs=1.2&customization={_ELSEWHERE}",
    f"/viewer/viewer?StudyInstanceUIDs=1.2&hangingprotocolId=@ohif/mnGrid&wadoRoot={_ELSEWHERE}&qidoRoot={_ELSEWHERE}",
    f"/viewer/local?url={_ELSEWHERE}",
]


@pytest.mark.parametrize("address", _ADDRESSES)
def test_no_address_makes_the_viewer_ask_another_server(instance: Instance, browser: Browser, address: str) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(instance.url + address, wait_until="networkidle")
    context.close()
    assert asked
    assert [url for url in asked if not url.startswith((f"{instance.url}/", "blob:", "data:"))] == []
