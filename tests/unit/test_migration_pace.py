# SPDX-License-Identifier: AGPL-3.0-or-later
"""The limit of a migration's rate."""

from __future__ import annotations

import pytest

from admin.migration import Pace


def test_bytes_in_a_second_stay_below_the_limit() -> None:
    slept: list[float] = []
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    pace = Pace(1_000_000, monotonic=lambda: now, sleep=sleep)
    for _ in range(10):
        pace.wait_for(500_000)
    assert now == pytest.approx(4.5)
    assert slept == pytest.approx([0.5] * 9)
    now += 100  # a pause does not allow a burst
    pace.wait_for(500_000)
    pace.wait_for(500_000)
    assert now == pytest.approx(105.0)


def test_without_a_limit_nobody_waits() -> None:
    pace = Pace(None, sleep=lambda _seconds: pytest.fail("waited"))
    pace.wait_for(10**12)
