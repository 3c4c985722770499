# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much is measured: the whole, or as much as fits into three minutes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlowLine:
    """A line between browser and server, and how long a series is looked at over it: on a slow one stock would need minutes for a long one."""

    megabits: float  # a second
    milliseconds: float  # there and back
    slices: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.megabits:g} Mbit/s, {self.milliseconds:g} ms"


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of rounds, images, seconds and rows."""

    name: str
    rounds: int
    slices: int  # of the series that is looked at, 512x512
    long_slices: int  # of the series with many small images
    sent_by_one: int  # images of a round on one association
    sent_by_each: int  # on each of eight
    frame_seconds: float  # of one turn of reading frames
    requests: int  # of one turn of latency
    cost_rounds: int  # of what a study costs: each waits until the study is published
    rows: tuple[int, ...]  # studies in the index
    browser_rounds: int
    lines: tuple[SlowLine, ...]

    def says(self) -> str:
        """For people."""
        return f"{self.name}: {self.rounds} rounds, {self.slices} and {self.long_slices} slices, {max(self.rows):,} rows"


WHOLE = Scale("whole", 5, 300, 1600, 60, 20, 4.0, 200, 5, (10_000, 1_000_000), 5, (SlowLine(20, 20, 300), SlowLine(4, 50, 60)))
QUICK = Scale(
    "quick (fewer rounds, smaller data: not for comparing with other runs)",
    3, 40, 200, 12, 4, 0.7, 30, 1, (10_000,), 1, (SlowLine(20, 20, 12),),
)  # fmt: skip
