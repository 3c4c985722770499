# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bar chart as plain numbers for a template to draw: one bar for a day or a week. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 720, 160


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in a drawing of `WIDTH` x `HEIGHT`, from its upper left corner."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """``top`` is what the upper line stands for."""

    name: str
    total: int
    top: int
    bars: tuple[Bar, ...]


def periods(last: date, number: int, by_week: bool) -> list[date]:
    """The first days of the last ``number`` days or weeks (from Monday), the oldest first."""
    step = timedelta(days=7 if by_week else 1)
    begin = last - timedelta(days=last.weekday()) if by_week else last
    return [begin - step * back for back in range(number - 1, -1, -1)]


def summed(counts: Mapping[str, int], begins: Sequence[date], by_week: bool) -> list[int]:
    """How many in each period."""
    days = range(7 if by_week else 1)
    return [sum(counts.get((begin + timedelta(days=day)).isoformat(), 0) for day in days) for begin in begins]


def chart_of(name: str, begins: Sequence[date], values: Sequence[int]) -> Chart:
    """Bars as high as the greatest value allows; nothing is drawn of nothing."""
    top = _rounded_up(max(values, default=0))
    step = WIDTH / max(1, len(values))
    bars = tuple(
        Bar(
            begin.isoformat(),
            value,
            round(place * step + step * 0.12, 2),
            round(HEIGHT - height, 2),
            round(step * 0.76, 2),
            round(height, 2),
        )
        for place, (begin, value) in enumerate(zip(begins, values, strict=True))
        for height in [HEIGHT * value / top]
    )
    return Chart(name, sum(values), top, bars)


def _rounded_up(value: int) -> int:
    """1, 2 or 5 times a power of ten, at least 5."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if times * power >= max(value, 5):
                return times * power
        power *= 10
