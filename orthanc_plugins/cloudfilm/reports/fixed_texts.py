# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which texts of a sample are printed on every form of its kind, and not on this patient's alone.

Known labels, texts before a colon, the hospital's name and whatever stands directly before or above a marked area are taken. Where other reports of the
hospital are printed on the same form they decide: what most of them do not have is left out, what all of them have is added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from cloudfilm.reports.labels import all_labels
from cloudfilm.reports.lines import COLUMN_GAP, line_of, middle, segments_of
from cloudfilm.reports.printed_text import PrintedText, around, core_of
from cloudfilm.reports.taught_form import BLOCKS, LONGEST_ANCHOR, MOST_ANCHORS, Anchor, Area, Box
from cloudfilm.reports.text_layer import Character
from cloudfilm.reports.title import names_hospital

_ALIKE = 12.0  # points between a text and the same text of another report
_SAME_FORM, _ON_MOST, _ON_ALL = 0.75, 0.6, 0.8  # forms of one country share half of their labels anyway
_BESIDE, _ABOVE = 45.0, 24.0  # points from a label to its area
_SURE_SCORE = 0.9  # of recognised characters
_DIGIT = re.compile(r"\d")
_MOST_WORDS = 24  # characters: a longer text that no other report confirms is a sentence
type Row = list[Character]


@dataclass(frozen=True, slots=True)
class _Candidate:
    anchor: Anchor
    is_likely: bool


def fixed_texts(pages: Sequence[PrintedText], areas: Sequence[Area], others: Sequence[Sequence[PrintedText]]) -> tuple[Anchor, ...]:
    """
    Parameters
    ----------
    pages
        The sample.
    areas
        What is marked on it.
    others
        Other reports of the hospital, on whatever form.
    """
    candidates = [one for number, page in enumerate(pages, 1) for one in _candidates(page, number, areas)]
    likely = [one.anchor for one in candidates if one.is_likely]
    same = [other for other in others if likely and _share(likely, other) >= _SAME_FORM]
    if len(same) < 2:
        return tuple(likely[:MOST_ANCHORS])
    kept = [one.anchor for one in candidates if _spread(one.anchor, same) >= (_ON_MOST if one.is_likely else _ON_ALL)]
    return tuple(kept[:MOST_ANCHORS])


def _share(anchors: Sequence[Anchor], report: Sequence[PrintedText]) -> float:
    return sum(_stands(anchor, report) for anchor in anchors) / len(anchors)


def _spread(anchor: Anchor, reports: Sequence[Sequence[PrintedText]]) -> float:
    return sum(_stands(anchor, report) for report in reports) / len(reports)


def _stands(anchor: Anchor, report: Sequence[PrintedText]) -> bool:
    """Whether it stands there as far from the left; how far down, the length of the findings decides."""
    return any(
        abs(occurrence.box[0] - anchor.box[0]) <= _ALIKE
        for page in report[anchor.page - 1 : anchor.page + 1]
        for occurrence in page.find(anchor.text)
    )


def _candidates(page: PrintedText, number: int, areas: Sequence[Area]) -> list[_Candidate]:
    here = [area for area in areas if area.page == number]
    found: list[_Candidate] = []
    for row in page.rows:
        for part in _outside(row, here):
            found += _of_part(part, number, here)
    for area in here:
        if area.field == "hospital_name":
            inside = [one for row in page.rows for one in row if _is_in(one, area.box)]
            found += [_Candidate(_anchor(inside, number), True)] if inside else []
        elif area.field in BLOCKS:
            found += [_Candidate(_anchor(part, number), True) for part in _heading_in(page, area.box)]
    return [one for one in found if core_of(one.anchor.text)]


def _heading_in(page: PrintedText, box: Box) -> list[Row]:
    """The heading with which a text begins on its own first line."""
    rows = [inside for row in page.rows if (inside := [one for one in row if _is_in(one, box)])]
    if not rows:
        return []
    line = line_of(rows[0])
    labels = [label for label in all_labels(line.text) if label.field in BLOCKS and label.start == 0]
    return [list(line.part(0, labels[0].end).characters)] if labels else []


def _outside(row: Row, areas: Sequence[Area]) -> list[Row]:
    """The parts of a row that lie in no area."""
    parts = [list(part) for is_marked, part in groupby(row, key=lambda one: any(_is_in(one, area.box) for area in areas)) if not is_marked]
    return [segment for part in parts for segment in segments_of(part, COLUMN_GAP)]


def _of_part(part: Row, number: int, areas: Sequence[Area]) -> list[_Candidate]:
    line = line_of(part)
    labels = all_labels(line.text)
    if labels:
        words = [line.part(label.start, label.end).characters for label in labels]
        return [_Candidate(_anchor(characters, number), _is_clear(characters)) for characters in words if characters]
    text = line.text.strip()
    if len(text) > LONGEST_ANCHOR:
        return []
    is_word = not _DIGIT.search(text) and len(text) <= _MOST_WORDS and _is_clear(part)
    is_label = text[-1] in ":：" or _is_before_an_area(around(part), areas) or names_hospital(text)
    return [_Candidate(_anchor(part, number), is_word and is_label)]


def _is_before_an_area(box: Box, areas: Sequence[Area]) -> bool:
    left, top, right, bottom = box
    for area in areas:
        a_left, a_top, a_right, a_bottom = area.box
        height = (top + bottom) / 2
        is_beside = 0 <= a_left - right + 2 <= _BESIDE and a_top - 2 <= height <= (a_top + 14 if area.field in BLOCKS else a_bottom + 2)
        is_above = -2 <= a_top - bottom <= _ABOVE and left < a_right and a_left < right
        if is_beside or is_above:
            return True
    return False


def _anchor(characters: Sequence[Character], number: int) -> Anchor:
    left, top, right, bottom = around(_without_marks(characters))
    text = line_of(list(characters)).text.replace("\t", " ").strip()
    return Anchor(text[:LONGEST_ANCHOR], number, (round(left, 1), round(top, 1), round(right, 1), round(bottom, 1)))


def _without_marks(characters: Sequence[Character]) -> Sequence[Character]:
    """Without the brackets around it and the colon behind it, which recognition often misses."""
    known = [place for place, one in enumerate(characters) if core_of(one.text)]
    return characters[known[0] : known[-1] + 1] if known else characters


def _is_clear(characters: Sequence[Character]) -> bool:
    return min(one.score for one in characters) >= _SURE_SCORE


def _is_in(one: Character, box: Box) -> bool:
    return box[0] <= (one.left + one.right) / 2 <= box[2] and box[1] <= middle(one) <= box[3]
