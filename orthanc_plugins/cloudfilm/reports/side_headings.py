# SPDX-License-Identifier: AGPL-3.0-or-later
"""Headings that stand beside their text, at half its height, as in the left cell of a table: moved to the text's beginning."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from cloudfilm.reports.labels import BLOCKS, all_labels
from cloudfilm.reports.lines import Line, middle

_ROW_STEP, _HALF_STEP = 2.4, 1.2  # of a character's height: two rows of one text are nearer to each other, and a heading between them


def raise_side_headings(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page with each such heading on a line of its own before the first line of its text."""
    headings = [place for place, line in enumerate(lines) if _is_heading(line)]
    starts = {place: _start(lines, place) for place in headings}
    for before, after in pairwise(headings):
        if starts[after] <= before + 1:  # the texts meet: the widest gap parts them
            starts[after] = max(
                range(before + 1, after + 1), key=lambda place: _middle(lines[place]) - _middle(lines[place - 1]), default=after
            )
    raised: list[Line] = []
    waiting = {start: place for place, start in starts.items()}
    for place, line in enumerate(lines):
        if place in waiting:
            raised.append(_heading_of(lines[waiting[place]]))
        if place not in starts:
            raised.append(line)
        elif rest := _rest_of(line):
            raised.append(rest)
    return raised


def _is_heading(line: Line) -> bool:
    labels = all_labels(line.text)
    return bool(labels) and labels[0].field in BLOCKS and labels[0].start == 0 and bool(line.characters)


def _start(lines: Sequence[Line], heading: int) -> int:
    """The first line of the text that goes on above its heading; the heading's own place where none does."""
    if not _is_beside_text(lines, heading):
        return heading
    edge = _right_of_heading(lines[heading])
    start = heading
    while start > 0 and _belongs(lines[start - 1], lines[start], edge):
        start -= 1
    return start


def _is_beside_text(lines: Sequence[Line], heading: int) -> bool:
    """Whether a line of text is level with the heading, or half a line higher and another one half a line lower."""
    line = lines[heading]
    if (rest := _rest_of(line)) and rest.characters:
        return rest.characters[0].left - _right_of_heading(line) > 0.5 * _height(line)
    around = [*lines[max(heading - 1, 0) : heading], *lines[heading + 1 : heading + 2]]
    return len(around) == 2 and all(abs(_middle(other) - _middle(line)) < _HALF_STEP * _height(line) for other in around)


def _belongs(line: Line, below: Line, edge: float) -> bool:
    if not line.characters or line.characters[0].left < edge or line.page != below.page:
        return False
    return _middle(below) - _middle(line) < _ROW_STEP * _height(line) and not all_labels(line.text)


def _right_of_heading(line: Line) -> float:
    return _heading_of(line).characters[-1].right


def _heading_of(line: Line) -> Line:
    return line.part(0, all_labels(line.text)[0].end)


def _rest_of(line: Line) -> Line | None:
    rest = line.part(all_labels(line.text)[0].end)
    return rest if rest.text else None


def _middle(line: Line) -> float:
    return fmean(map(middle, line.characters)) if line.characters else 0.0


def _height(line: Line) -> float:
    return line.characters[0].bottom - line.characters[0].top
