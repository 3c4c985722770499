# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cases in turns: in each round every case once, and who begins changes from round to round."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def in_turns(rounds: int, cases: Mapping[str, Callable[[int], float]]) -> dict[str, tuple[float, ...]]:
    """The figures of each case. A case is told the number of the round, from 0."""
    figures: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    for number in range(rounds):
        begin = number % len(names)
        for name in names[begin:] + names[:begin]:
            figures[name].append(cases[name](number))
    return {name: tuple(of_case) for name, of_case in figures.items()}


def taken(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
