# SPDX-License-Identifier: AGPL-3.0-or-later
"""A row of labels above a row of values, as one line that has each value behind its label."""

import re
from collections.abc import Sequence
from dataclasses import replace

from cloudfilm.reports.labels import BLOCKS, Label, find_labels
from cloudfilm.reports.lines import Line
from cloudfilm.reports.text_layer import Character

_FARTHEST_BELOW = 2.4  # em from the labels down to the values
_WIDEST_SPACE = 0.8  # em between two words of one value
_OFF_TO_THE_LEFT = 0.8  # em by which a value may begin before its label


def pair_labels_with_values_below(lines: Sequence[Line]) -> list[Line]:
    """Join each line that is nothing but labels with the line of values below it, where there is one."""
    paired: list[Line] = []
    place = 0
    while place < len(lines):
        joined = _joined(lines[place], lines[place + 1]) if place + 1 < len(lines) else None
        paired.append(joined or lines[place])
        place += 2 if joined else 1
    return paired


def _joined(above: Line, below: Line) -> Line | None:
    labels = find_labels(above.text)
    if not labels or any(label.field in BLOCKS for label in labels) or not _is_labels_only(above, labels) or find_labels(below.text):
        return None
    em = _height(above) * 0.85
    if not em or not 0 < _middle(below) - _middle(above) < _FARTHEST_BELOW * max(em, _height(below) * 0.85):
        return None
    columns = [above.part(label.start, label.end) for label in labels]
    values: list[list[Line]] = [[] for _ in columns]
    for phrase in _phrases(below, em):
        column = _column_of(phrase, columns, em)
        for word in [phrase] if column is not None else _words(phrase):
            place = column if column is not None else _column_of(word, columns, em, is_single=True)
            if place is None:
                return None
            values[place].append(word)
    return _written(above, columns, values)


def _is_labels_only(line: Line, labels: Sequence[Label]) -> bool:
    ends = [0, *(label.end for label in labels)]
    starts = [*(label.start for label in labels), len(line.text)]
    return not any(line.text[end:start].strip() for end, start in zip(ends, starts, strict=True))


def _phrases(line: Line, em: float) -> list[Line]:
    """The parts of a line that stand apart by more than a space."""
    phrases: list[Line] = []
    start = end = 0
    for word in _words(line):
        first = line.places.index(word.characters[0], end)
        if end and word.characters[0].left - line.part(start, end).characters[-1].right > _WIDEST_SPACE * em:
            phrases.append(line.part(start, end))
            start = first
        end = first + len(word.text)
    return [*phrases, line.part(start, end)]


def _words(line: Line) -> list[Line]:
    return [line.part(match.start(), match.end()) for match in re.finditer(r"\S+", line.text)]


def _column_of(part: Line, columns: Sequence[Line], em: float, is_single: bool = False) -> int | None:
    """
    The label that a part of the line below stands under.

    One whose middle or left edge is the part's; else the only one that it overlaps or, for a single word, the last one that begins left of it.
    """
    left, right = part.characters[0].left, part.characters[-1].right
    spans = [(column.characters[0].left, column.characters[-1].right) for column in columns]
    overlapping = [place for place, (first, last) in enumerate(spans) if left < last and first < right]
    if len(overlapping) > 1 and not is_single:
        return None
    for place, (first, last) in enumerate(spans):
        if abs((first + last) / 2 - (left + right) / 2) < em / 2 or abs(first - left) < em / 2:
            return place
    begun = [place for place, (first, _) in enumerate(spans) if first - _OFF_TO_THE_LEFT * em <= left]
    return overlapping[0] if overlapping else begun[-1] if begun else None


def _written(line: Line, columns: Sequence[Line], values: Sequence[Sequence[Line]]) -> Line:
    text, places = "", list[Character | None]()
    for label, words in zip(columns, values, strict=True):
        for part, gap in ((label, "\t"), *((word, " " if place else "\t") for place, word in enumerate(words))):
            if text:
                text, places = text + gap, [*places, None]
            text, places = text + part.text, [*places, *part.places]
    return replace(line, text=text, places=tuple(places))


def _middle(line: Line) -> float:
    return sum(character.top + character.bottom for character in line.characters) / 2 / max(len(line.characters), 1)


def _height(line: Line) -> float:
    heights = sorted(character.bottom - character.top for character in line.characters)
    return heights[len(heights) // 2] if heights else 0.0
