# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines of text, put together from where the characters stand on the page."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cloudfilm.reports.text_layer import Character, PageText

COLUMN_GAP = 1.6  # em; wider than any space inside a label or a sentence


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of a page.

    Attributes
    ----------
    text
        A gap between two columns of the page is a tab in it, a smaller one a space.
    left, right
        Where the line begins and ends, as parts of the page's width; `None` where that is not known.
    em
        The size of a Chinese character, as a part of the page's width.
    """

    text: str
    left: float | None = None
    right: float | None = None
    em: float = 0.0


def lines_by_place(page: PageText) -> tuple[Line, ...]:
    """The lines that a reader sees, from top to bottom, whatever the order in which they were drawn."""
    rows: list[list[Character]] = []
    for character in sorted(page.characters, key=_middle):
        if rows and _is_on_row(character, rows[-1]):
            rows[-1].append(character)
        else:
            rows.append([character])
    return tuple(_line(sorted(row, key=lambda character: character.left), page.width_points) for row in rows)


def lines_of_stream(stream: str) -> tuple[Line, ...]:
    """The lines in the order in which they were drawn."""
    return tuple(Line(line.strip()) for line in stream.split("\n") if line.strip())


def _middle(character: Character) -> float:
    return (character.top + character.bottom) / 2


def _is_on_row(character: Character, row: Sequence[Character]) -> bool:
    height = min(character.bottom - character.top, statistics.median(other.bottom - other.top for other in row[-8:]))
    return abs(_middle(character) - statistics.fmean(_middle(other) for other in row[-8:])) < height / 2


def _line(row: Sequence[Character], page_width: float) -> Line:
    em = max(statistics.median(character.bottom - character.top for character in row) * 0.85, 0.1)
    text = row[0].text
    for before, character in pairwise(row):
        text += _gap(before, character, em) + character.text
    return Line(text, row[0].left / page_width, max(character.right for character in row) / page_width, em / page_width)


def _gap(before: Character, after: Character, em: float) -> str:
    gap = after.left - before.right
    if gap > COLUMN_GAP * em:
        return "\t"
    is_latin = before.text.isascii() and after.text.isascii()
    return " " if gap > (0.15 if is_latin else 0.35) * em else ""
