# SPDX-License-Identifier: AGPL-3.0-or-later
"""The speed limit by time of day, and how it holds the senders back."""

from __future__ import annotations

from datetime import datetime

import pytest

from cloudfilm.errors import SettingInvalid
from cloudfilm.gateway_settings import parse_speed_limits
from cloudfilm.transfer.speed import Speed, limit_at, speed_limits_as_text

LIMITS = "07:00-19:00=20,22:00-06:00=0,19:00-22:00=50"


@pytest.mark.parametrize(
    ("moment", "megabits"), [("06:59", 0), ("07:00", 20), ("18:59", 20), ("19:00", 50), ("21:59", 50), ("22:00", 0), ("03:00", 0)]
)
def test_the_limit_of_the_time_of_day_holds_also_over_midnight(moment: str, megabits: int) -> None:
    assert limit_at(parse_speed_limits(LIMITS), datetime.fromisoformat(f"2026-11-30T{moment}")) == megabits * 125_000


def test_limits_are_written_as_they_are_read() -> None:
    assert speed_limits_as_text(parse_speed_limits(LIMITS)) == LIMITS


@pytest.mark.parametrize("text", ["7:00-19:00=20", "07:00-24:00=20", "07:00-19:00", "always=20"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingInvalid):
        parse_speed_limits(text)


def test_all_senders_together_get_what_is_allowed_and_no_limit_makes_nobody_wait() -> None:
    now, waited, allowed = [100.0], [0.0], [1000.0]

    def sleep(seconds: float) -> None:
        waited[0] += seconds
        now[0] += seconds

    speed = Speed(lambda: allowed[0], lambda: now[0], sleep)
    for _ in range(11):
        speed.pass_on(500)
    assert waited[0] == pytest.approx(5.0), "ten portions of half a second each before the last one goes"
    assert speed.bytes_per_second() == 550
    allowed[0] = 0.0
    speed.pass_on(10**9)
    assert waited[0] == pytest.approx(5.0)
