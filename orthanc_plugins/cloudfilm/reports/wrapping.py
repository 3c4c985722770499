# SPDX-License-Identifier: AGPL-3.0-or-later
"""Values of a header that found no room in their column and go on on the next line: put back behind their label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cloudfilm.reports.labels import BLOCKS, Label, find_labels, unknown_labels
from cloudfilm.reports.lines import Line

_ALIGNED = 0.6  # em between the left edges of a value and of its next line
_LARGEST_STEP = 2.0  # em down to it
_MARGIN = 2.2  # em between a column and the next one
_FIRST_WORD = re.compile(r"(?:[A-Za-z0-9.×+\-/]+|.)[，。、；：！？）,;:)%]*")
_SHORTEST = 4  # characters of a value that needed another line


def join_wrapped_values(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page; one that is nothing but continuations of the values above it is joined with them, and so is the next one."""
    right = max((line.characters[-1].right for line in lines if line.characters), default=0.0)
    joined: list[Line] = []
    above: Line | None = None
    for line in lines:
        if joined and above and (whole := _joined(joined[-1], above, line, right)):
            joined[-1], above = whole, line
            continue
        joined.append(line)
        above = line
    return joined


def _joined(whole: Line, above: Line, below: Line, right: float) -> Line | None:
    labels = find_labels(whole.text)
    if not labels or labels[0].field in BLOCKS or not below.characters or find_labels(below.text) or unknown_labels(below.text, ()):
        return None
    places: list[tuple[int, Line]] = []
    for part in _columns(below):
        end = _end_of_value(whole, labels, part, right) if _is_next_line(above, part) else None
        if end is None:
            return None
        places.append((end, part))
    if len({end for end, _ in places}) < len(places):
        return None
    for end, part in sorted(places, key=lambda one: one[0], reverse=True):
        whole = replace(
            whole, text=whole.text[:end] + part.text + whole.text[end:], places=(*whole.places[:end], *part.places, *whole.places[end:])
        )
    return whole


def _columns(line: Line) -> list[Line]:
    parts, place = [], 0
    for text in line.text.split("\t"):
        part = line.part(place, place + len(text))
        place += len(text) + 1
        if part.characters:
            parts.append(part)
    return parts


def _end_of_value(line: Line, labels: Sequence[Label], part: Line, right: float) -> int | None:
    """Where the value ends that goes on in `part`: it begins at the same left edge, and its last line reaches to the next column."""
    em = line.em * line.page_width
    marks = sorted([*labels, *unknown_labels(line.text, labels)], key=lambda label: label.start)
    for number, label in enumerate(marks):
        following = marks[number + 1] if number + 1 < len(marks) else None
        value = line.part(label.end, following.start if following else None)
        if len(value.text) < _SHORTEST or abs(value.characters[0].left - part.characters[0].left) > _ALIGNED * em:
            continue
        last = value.characters[-1]
        start = line.part(following.start, following.end).characters[0].left if following else right
        if last.right + _width_of_first_word(part) + _MARGIN * em > start and part.characters[0].top > last.top:
            return line.places.index(last) + len(last.text)
    return None


def _width_of_first_word(line: Line) -> float:
    """What found no room before the line was broken."""
    word = _FIRST_WORD.match(line.text)
    characters = line.part(0, word.end() if word else 1).characters
    return characters[-1].right - characters[0].left


def _is_next_line(above: Line, part: Line) -> bool:
    em = above.em * above.page_width
    step = _middle(part) - _middle(above)
    return 0.8 * em < step < _LARGEST_STEP * em


def _middle(line: Line) -> float:
    return sum(character.top + character.bottom for character in line.characters) / 2 / max(len(line.characters), 1)
