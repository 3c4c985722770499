# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laying a taught form over a report: how much larger or smaller it is printed, how far it lies off, and where each of its fixed texts stands.

Fixed texts above the findings stand still: they tell shift and scale. Those that stand under the findings or the impression move with the length of the
text, perhaps overleaf: of them only the order and the place from left to right are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from cloudfilm.reports.printed_text import Occurrence, PrintedText, core_of
from cloudfilm.reports.taught_form import BLOCKS, Anchor, Area, Box, TaughtForm

_SMALLEST, _LARGEST = 0.9, 1.1  # printed to fit the page
_FARTHEST = 45.0  # points of shift
_NEAR = 8.0  # points between where a text should stand and where it does
_BASE = 120.0  # points between two texts that tell the scale
_MOST_PAIRS = 4000
_HEAVIEST = 6  # characters: a longer text counts no more
_SAME_SHAPE = 0.05  # of the page's sides


@dataclass(frozen=True, slots=True)
class Lie:
    """How one page of a form lies on a page of a report."""

    scale: float
    across: float
    down: float

    def box(self, box: Box) -> Box:
        """A place of the sample on this page."""
        left, top, right, bottom = box
        return (
            left * self.scale + self.across,
            top * self.scale + self.down,
            right * self.scale + self.across,
            bottom * self.scale + self.down,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A fixed text on a page of the report."""

    page: int
    occurrence: Occurrence


@dataclass(frozen=True, slots=True)
class Placing:
    """
    A form laid over a report.

    Attributes
    ----------
    lies
        For each page of the sample.
    found
        The fixed texts that were found, by their places in `TaughtForm.anchors`.
    score
        The share of the fixed texts that were found, longer ones counting more.
    weight
        How many characters that was.
    """

    lies: Mapping[int, Lie]
    found: Mapping[int, Found]
    score: float
    weight: int


def place_form(form: TaughtForm, pages: Sequence[PrintedText]) -> Placing | None:
    """Lay a form over a report; `None` when it has other pages, or nothing of it was found where it should be."""
    lies: dict[int, Lie] = {}
    found: dict[int, Found] = {}
    for number, (width, height) in enumerate(form.sizes, 1):
        place = form.page_of(number, len(pages))
        if place > len(pages) or not _has_shape(pages[place - 1], width, height):
            return None
        text = pages[place - 1]
        still = [one for one, anchor in enumerate(form.anchors) if anchor.page == number and not moves(form, anchor)]
        seen = {one: text.find(form.anchors[one].text) for one in still}
        lie = _lie(form.anchors, seen, text.page.width_points / width)
        lies[number] = lie
        for one, occurrences in seen.items():
            if near := _nearest(lie.box(form.anchors[one].box), occurrences):
                found[one] = Found(place, near)
    _find_moving(form, pages, lies, found)
    total = sum(map(_weight, form.anchors))
    matched = sum(_weight(form.anchors[one]) for one in found)
    return Placing(lies, found, matched / total, matched) if matched else None


def moves(form: TaughtForm, part: Anchor | Area) -> bool:
    """Whether something stands under a text of any length, and so moves with it."""
    left, top, right, _ = part.box
    return any(
        area.field in BLOCKS
        and area.page == part.page
        and area is not part
        and area.box[1] < top - 1
        and area.box[3] <= (part.box[1] + part.box[3]) / 2 + 1
        and area.box[0] < right
        and left < area.box[2]
        for area in form.areas
    )


def _has_shape(text: PrintedText, width: float, height: float) -> bool:
    ratio = text.page.width_points / max(text.page.height_points, 1.0)
    return abs(ratio / (width / height) - 1) < _SAME_SHAPE


def _weight(anchor: Anchor) -> int:
    return min(len(core_of(anchor.text)), _HEAVIEST)


def _lie(anchors: Sequence[Anchor], seen: Mapping[int, Sequence[Occurrence]], base: float) -> Lie:
    """The lie that puts the most fixed texts where they stand."""
    points = [(_corner(anchors[one].box), _corner(occurrence.box), one) for one, several in seen.items() for occurrence in several]
    candidates = [Lie(base, seen_at[0] - at[0] * base, seen_at[1] - at[1] * base) for at, seen_at, _ in points]
    for (first, first_seen, one), (second, second_seen, other) in list(combinations(points, 2))[:_MOST_PAIRS]:
        apart = max(abs(second[0] - first[0]), abs(second[1] - first[1]))
        if one == other or apart < _BASE:
            continue
        axis = 1 if abs(second[1] - first[1]) == apart else 0
        scale = (second_seen[axis] - first_seen[axis]) / (second[axis] - first[axis])
        if _SMALLEST * base <= scale <= _LARGEST * base:
            candidates.append(
                Lie(
                    scale,
                    (first_seen[0] + second_seen[0] - scale * (first[0] + second[0])) / 2,
                    (first_seen[1] + second_seen[1] - scale * (first[1] + second[1])) / 2,
                )
            )
    allowed = [lie for lie in candidates if abs(lie.across) <= _FARTHEST * 2 and abs(lie.down) <= _FARTHEST * 2]
    return max(allowed, key=lambda lie: _fit(lie, anchors, points), default=Lie(base, 0.0, 0.0))


def _fit(
    lie: Lie, anchors: Sequence[Anchor], points: Sequence[tuple[tuple[float, float], tuple[float, float], int]]
) -> tuple[float, float]:
    """How many texts stand where this lie puts them, and how near."""
    nearest: dict[int, float] = {}
    for (x, y), (seen_x, seen_y), one in points:
        off = max(abs(x * lie.scale + lie.across - seen_x), abs(y * lie.scale + lie.down - seen_y))
        if off <= _NEAR:
            nearest[one] = min(off, nearest.get(one, _NEAR))
    return sum(_weight(anchors[one]) for one in nearest), -sum(off * _weight(anchors[one]) for one, off in nearest.items())


def _corner(box: Box) -> tuple[float, float]:
    """The left end of a text's middle line: how wide its characters are, recognition does not know well."""
    return box[0], (box[1] + box[3]) / 2


def _nearest(expected: Box, occurrences: Sequence[Occurrence]) -> Occurrence | None:
    x, y = _corner(expected)
    offs = [(max(abs(_corner(one.box)[0] - x), abs(_corner(one.box)[1] - y)), place) for place, one in enumerate(occurrences)]
    off, place = min(offs, default=(_NEAR + 1, 0))
    return occurrences[place] if off <= _NEAR else None


def _find_moving(form: TaughtForm, pages: Sequence[PrintedText], lies: Mapping[int, Lie], found: dict[int, Found]) -> None:
    """From the top down: each one below the one before, on the same page or a later one."""
    moving = [one for one, anchor in enumerate(form.anchors) if moves(form, anchor)]
    for one in sorted(moving, key=lambda one: (form.anchors[one].page, form.anchors[one].box[1])):
        anchor = form.anchors[one]
        lie, first = lies[anchor.page], form.page_of(anchor.page, len(pages))
        lowest = (first, lie.box(_top_of_block(form, anchor))[1])
        for other, before in found.items():
            if form.anchors[other].page == anchor.page and form.anchors[other].box[3] <= anchor.box[1] + 1:
                lowest = max(lowest, (before.page, before.occurrence.box[3] - 1))
        x = lie.box(anchor.box)[0]
        candidates = [
            Found(number, occurrence)
            for number in range(first, len(pages) + 1)
            for occurrence in pages[number - 1].find(anchor.text)
            if abs(occurrence.box[0] - x) <= _NEAR and (number, occurrence.box[1]) >= lowest
        ]
        if candidates:
            found[one] = next((candidate for candidate in candidates if candidate.occurrence.is_whole), candidates[0])


def _top_of_block(form: TaughtForm, anchor: Anchor) -> Box:
    above = [area.box for area in form.areas if area.field in BLOCKS and area.page == anchor.page and area.box[1] < anchor.box[1]]
    return max(above, key=lambda box: box[1])
