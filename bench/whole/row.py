# SPDX-License-Identifier: AGPL-3.0-or-later
"""One line of the table: what was measured of CloudFilm, of stock Orthanc, and of what physics allows, and whether the goal is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Beside(StrEnum):
    """What a goal compares with."""

    STOCK = "stock"
    LIMIT = "limit"
    ITSELF = "itself"  # an absolute figure


@dataclass(frozen=True, slots=True)
class Goal:
    """``text`` as people say it. ``at_least`` or ``at_most`` is for CloudFilm's figure divided by the other's, or for the figure itself."""

    text: str
    beside: Beside
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, figure: float) -> bool:
        """Whether this figure meets it."""
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of the rounds, round by round; None where there is nothing to compare with, and then the name says why.

    ``stock_is`` and ``limit_is`` say what exactly was measured there.
    """

    topic: str
    name: str
    unit: str
    ours: tuple[float, ...]
    stock: tuple[float, ...] | None = None
    limit: tuple[float, ...] | None = None
    stock_is: str = ""
    limit_is: str = ""
    goals: tuple[Goal, ...] = ()

    def ratio(self, beside: Beside) -> float | None:
        """CloudFilm's figure divided by the other's: the median of the rounds' ratios, since what else the machine did met both."""
        if beside is Beside.ITSELF:
            return statistics.median(self.ours)
        other = self.stock if beside is Beside.STOCK else self.limit
        if other is None:
            return None
        if len(other) == len(self.ours):
            return statistics.median(a / b for a, b in zip(self.ours, other, strict=True) if b)
        return statistics.median(self.ours) / statistics.median(other)

    def as_json(self) -> dict[str, Any]:
        """With every round's figure."""
        return {
            "topic": self.topic,
            "name": self.name,
            "unit": self.unit,
            "cloudfilm": _spread(self.ours),
            "stock": self.stock and {"is": self.stock_is, **_spread(self.stock), "ratio": self.ratio(Beside.STOCK)},
            "limit": self.limit and {"is": self.limit_is, **_spread(self.limit), "ratio": self.ratio(Beside.LIMIT)},
            "goals": [self._goal(goal) for goal in self.goals],
        }

    def _goal(self, goal: Goal) -> dict[str, Any]:
        figure = self.ratio(goal.beside)
        return {"text": goal.text, "figure": figure, "met": figure is not None and goal.holds(figure)}


def _spread(figures: Sequence[float]) -> dict[str, Any]:
    return {"median": statistics.median(figures), "lowest": min(figures), "highest": max(figures), "rounds": list(figures)}
