# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a page as lines with their places, to be laid unseen over its picture: it can be selected, searched and read aloud there. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cloudfilm.reports.lines import line_of, rows_of, segments_of
from cloudfilm.reports.text_layer import PageText

_MOST_LINES = 400  # a page of a report has 60; a table of numbers may have more


@dataclass(frozen=True, slots=True)
class TextLines:
    """
    The lines of one page.

    Attributes
    ----------
    width, height
        The page as it is displayed, in points.
    skew, centre
        In a picture that lay askew or on its side, lines are level: they stand on the paper when turned by so many degrees clockwise about
        this point, which is then moved to the middle of the page.
    lines
        Text, left, top, width, height; in points.
    """

    width: float
    height: float
    skew: float
    centre: tuple[float, float]
    lines: tuple[tuple[str, float, float, float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "size": [self.width, self.height],
            "skew": self.skew,
            "centre": list(self.centre),
            "lines": [list(line) for line in self.lines],
        }


def text_lines(page: PageText, width: float, height: float) -> TextLines:
    """The lines of a page, row by row; ``width`` and ``height`` are the displayed page's, in points."""
    lines = []
    for row in rows_of(page.characters):
        for segment in segments_of(row):
            left, right = segment[0].left, max(one.right for one in segment)
            top, bottom = min(one.top for one in segment), max(one.bottom for one in segment)
            if right > left and bottom > top:
                lines.append((line_of(segment).text, round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)))
    centre = (round(page.width_points / 2, 1), round(page.height_points / 2, 1))
    return TextLines(round(width, 1), round(height, 1), round(math.degrees(page.skew), 2), centre, tuple(lines[:_MOST_LINES]))
