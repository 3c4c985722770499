# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much is measured: the whole, or as much as fits into three minutes."""

from __future__ import annotations

from dataclasses import dataclass


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
    rows: tuple[int, ...]  # studies in the index
    browser_rounds: int
    browser_slices: int
    lines: tuple[tuple[str, float, float], ...]  # name, Mbit/s, ms there and back

    def says(self) -> str:
        """For people."""
        return f"{self.name}: {self.rounds} rounds, {self.slices} and {self.long_slices} slices, {max(self.rows):,} rows"


_LINES = (("20 Mbit/s, 20 ms", 20.0, 20.0), ("4 Mbit/s, 50 ms", 4.0, 50.0))
WHOLE = Scale("whole", 5, 300, 1600, 60, 20, 4.0, 200, (10_000, 1_000_000), 5, 300, _LINES)
QUICK = Scale("quick (fewer rounds, smaller data: not for comparing with other runs)", 3, 40, 200, 12, 4, 0.7, 30, (10_000,), 1, 12, _LINES)
