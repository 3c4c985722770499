# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from portal.staff.chart import HEIGHT, WIDTH, chart_of, periods, summed


def test_days_end_with_the_last_one_and_weeks_begin_on_monday() -> None:
    wednesday = date(2026, 3, 4)
    assert periods(wednesday, 3, by_week=False) == [date(2026, 3, 2), date(2026, 3, 3), wednesday]
    assert periods(wednesday, 2, by_week=True) == [date(2026, 2, 23), date(2026, 3, 2)]


def test_a_week_holds_all_its_days_and_no_other() -> None:
    counts = {"2026-03-01": 1, "2026-03-02": 10, "2026-03-08": 100, "2026-03-09": 1000}
    assert summed(counts, [date(2026, 3, 2)], by_week=True) == [110]
    assert summed(counts, [date(2026, 3, 1), date(2026, 3, 2)], by_week=False) == [1, 10]


@pytest.mark.parametrize(("greatest", "top"), [(0, 5), (5, 5), (6, 10), (11, 20), (21, 50), (99, 100), (101, 200)])
def test_the_scale_ends_at_a_round_number(greatest: int, top: int) -> None:
    assert chart_of("exams", [date(2026, 3, 2)], [greatest]).top == top


def test_bars_stand_on_the_base_side_by_side() -> None:
    chart = chart_of("exams", periods(date(2026, 3, 4), 4, by_week=False), [0, 5, 10, 2])
    assert chart.total == 17
    assert [bar.height for bar in chart.bars] == [0, HEIGHT / 2, HEIGHT, HEIGHT / 5]
    assert all(bar.y + bar.height == pytest.approx(HEIGHT) for bar in chart.bars)
    ends = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert ends == sorted(ends)
    assert all(0 <= begin < end <= WIDTH for begin, end in ends)
    assert all(end < begin for (_, end), (begin, _) in pairwise(ends))
