# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines of text, put together from where the characters stand on the page."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cloudfilm.reports.text_layer import Character

COLUMN_GAP = 1.6  # em; wider than any space inside a label or a sentence
_SPACE, _LATIN_SPACE = 0.22, 0.15  # em
_ENOUGH = 8  # characters tell how high a row is
_EM = 0.85  # of a character's box, which is as high as the font's ascent and descent


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of a page, or a part of one.

    Attributes
    ----------
    text
        A gap between two columns of the page is a tab in it, a smaller one a space.
    left, right
        Where the line begins and ends, as parts of the page's width; `None` where that is not known.
    em
        The size of a Chinese character, as a part of the page's width.
    places
        For each character of the text where it stands, `None` for a gap; empty where places are not known.
    page, page_width
        The page's number, from 1, and its width in points.
    room
        How far to the right the line might have gone, as a part of the page's width: 1 unless another column stands there.
    """

    text: str
    left: float | None = None
    right: float | None = None
    em: float = 0.0
    places: tuple[Character | None, ...] = ()
    page: int = 1
    page_width: float = 0.0
    room: float = 1.0

    def part(self, start: int, end: int | None = None) -> "Line":
        """The characters from `start` to `end`, without white space around them."""
        text = self.text[start:end]
        first = start + len(text) - len(text.lstrip())
        last = first + len(text.strip())
        part = replace(self, text=self.text[first:last], places=self.places[first:last])
        if not part.characters or not self.page_width:
            return part
        right = max(character.right for character in part.characters)
        return replace(part, left=part.characters[0].left / self.page_width, right=right / self.page_width)

    @property
    def characters(self) -> tuple[Character, ...]:
        """The characters whose places are known."""
        return tuple(place for place in self.places if place)


def rows_of(characters: Iterable[Character]) -> list[list[Character]]:
    """The characters row by row, each row from left to right, whatever the order in which they were drawn."""
    rows: list[list[Character]] = []
    for character in sorted(characters, key=middle):
        if rows and _is_on_row(character, rows[-1]):
            rows[-1].append(character)
        else:
            rows.append([character])
    return [sorted(row, key=lambda character: character.left) for row in rows]


def line_of(row: Sequence[Character], page_width: float = 1.0, page: int = 1, room: float = 1.0) -> Line:
    """A row as a line of text."""
    em = em_of(row)
    text = row[0].text
    places: list[Character | None] = [row[0], *[None] * (len(row[0].text) - 1)]
    for before, character in pairwise(row):
        gap = _gap(before, character, em)
        text += gap + character.text
        places += [*[None] * len(gap), character, *[None] * (len(character.text) - 1)]
    right = max(character.right for character in row)
    return Line(text, row[0].left / page_width, right / page_width, em / page_width, tuple(places), page, page_width, room)


def lines_of_stream(stream: str) -> tuple[Line, ...]:
    """The lines in the order in which they were drawn."""
    return tuple(Line(line.strip()) for line in stream.split("\n") if line.strip())


def segments_of(row: Sequence[Character], gap: float = COLUMN_GAP) -> list[list[Character]]:
    """The parts of a row that stand apart by more than `gap` em."""
    em = em_of(row)
    segments = [[row[0]]]
    for before, character in pairwise(row):
        if character.left - before.right > gap * em:
            segments.append([character])
        else:
            segments[-1].append(character)
    return segments


def em_of(row: Sequence[Character]) -> float:
    """The size of a Chinese character in a row, in points."""
    return max(statistics.median(character.bottom - character.top for character in row) * _EM, 0.1)


def middle(character: Character) -> float:
    """Half-way down the character, in points from the page's top."""
    return (character.top + character.bottom) / 2


def _is_on_row(character: Character, row: Sequence[Character]) -> bool:
    last = row[-_ENOUGH:]
    heights = sorted(other.bottom - other.top for other in last)
    height = min(character.bottom - character.top, heights[len(heights) // 2])
    return abs(middle(character) - sum(map(middle, last)) / len(last)) < height / 2


def _gap(before: Character, after: Character, em: float) -> str:
    gap = after.left - before.right
    if gap > COLUMN_GAP * em:
        return "\t"
    is_latin = before.text.isascii() and after.text.isascii()
    return " " if gap > (_LATIN_SPACE if is_latin else _SPACE) * em else ""
