# SPDX-License-Identifier: AGPL-3.0-or-later
"""Text in two columns: findings beside the impression, or a narrow column of labels beside the text.

A heading that stands well inside the page, with a white strip on its left that goes on below it, begins a column. From there down to the end of the
white strip the left column is read first and the right one after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloudfilm.reports.labels import BLOCKS, all_labels
from cloudfilm.reports.lines import em_of, line_of, segments_of
from cloudfilm.reports.text_layer import Character

_INSIDE = 5.0  # em between the page's left edge of print and such a heading


Row = list[Character]


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row and how far to the right it might have gone, in points."""

    row: Row
    room: float


def in_reading_order(rows: Sequence[Row], page_width: float) -> list[PlacedRow]:
    """The rows of a page, those of two columns split and put one column after the other."""
    ordered: list[PlacedRow] = []
    place = 0
    left_edge = min((row[0].left for row in rows), default=0.0)
    while place < len(rows):
        split = _column_at(rows, place, left_edge)
        if split is None:
            ordered.append(PlacedRow(rows[place], page_width))
            place += 1
            continue
        end = _end_of_column(rows, place, split)
        zone = rows[place:end]
        ordered += [PlacedRow(row, split) for row in _side(zone, split, is_left=True)]
        ordered += in_reading_order(_side(zone, split, is_left=False), page_width)
        place = end
    return ordered


def _column_at(rows: Sequence[Row], place: int, left_edge: float) -> float | None:
    """Where the column begins whose heading stands on this row."""
    row = rows[place]
    em = em_of(row)
    for segment in segments_of(row):
        labels = all_labels(line_of(segment).text)
        if not labels or labels[0].field not in BLOCKS or labels[0].start > 0 or segment[0].left < left_edge + _INSIDE * em:
            continue
        split = segment[0].left - em / 2
        below = rows[place + 1 : _end_of_column(rows, place, split)]
        if any(character.left >= split for other in below for character in other) and _has_left(
            rows[place : place + 1 + len(below)], split
        ):
            return split
    return None


def _end_of_column(rows: Sequence[Row], place: int, split: float) -> int:
    end = place
    while end < len(rows) and not _crosses(rows[end], split) and not _is_row_of_signatures(rows[end], split):
        end += 1
    return end


def _crosses(row: Row, split: float) -> bool:
    """Whether something reaches from the left column well into the right one; a long value may end in the white strip."""
    return any(segment[0].left < split and segment[-1].right > split + em_of(segment) for segment in segments_of(row))


def _is_row_of_signatures(row: Row, split: float) -> bool:
    sides = [[character for character in row if (character.left < split) is is_left] for is_left in (True, False)]
    return all(side and any(label.ends_text for label in all_labels(line_of(side).text)) for side in sides)


def _has_left(rows: Sequence[Row], split: float) -> bool:
    return any(row[0].left < split for row in rows)


def _side(rows: Sequence[Row], split: float, is_left: bool) -> list[Row]:
    parts = [[character for character in row if (_middle(character) < split) is is_left] for row in rows]
    return [part for part in parts if part]


def _middle(character: Character) -> float:
    """Half-way across the character."""
    return (character.left + character.right) / 2
