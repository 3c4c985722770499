# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from portal.language import chosen_language


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "expected"),
    [
        ("en", "zh-CN", "zh-CN", "en"),
        (None, "en", "zh-CN", "en"),
        ("xx", "yy", "", "zh-CN"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, None, "en-US,en;q=0.9", "en"),
        (None, None, "", "zh-CN"),
    ],
)
def test_the_language_of_a_page(asked: str | None, remembered: str | None, accepted: str, expected: str) -> None:
    assert chosen_language(asked, remembered, accepted) == expected
