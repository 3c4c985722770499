# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a report by a taught form that was laid over it: what stands in each marked area.

A value may be longer or shorter than the sample's: words are taken whole, those that reach into the area and those that follow without a gap, unless
they lie in another area. The form's fixed texts are taken away first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudfilm.reports.confidence import plausibility, recognised
from cloudfilm.reports.field_reading import FieldReading, box_of
from cloudfilm.reports.field_values import value_of
from cloudfilm.reports.form_placing import Lie, Placing, moves
from cloudfilm.reports.lines import Line, line_of, middle, segments_of
from cloudfilm.reports.paragraphs import paragraphs
from cloudfilm.reports.printed_text import PrintedText
from cloudfilm.reports.reading import is_footer
from cloudfilm.reports.taught_form import BLOCKS, Anchor, Area, Box, TaughtForm
from cloudfilm.reports.text_layer import Character
from cloudfilm.reports.title import read_title

_WORD_GAP = 0.35  # em: narrower is inside a word
_FOLLOWS = 1.2  # em: a word so near belongs to the value before it
_IN_AREA = 0.3  # of the narrower of word and area
_CUT = 0.5  # the confidence left of a value that two areas share
_UNREADABLE = 0.4  # of a text that is not one of this field's, as letters for a date
_SLACK = 2.0  # points a value may stand above or below its area
_TITLE = frozenset({"hospital_name", "report_kind"})
_REPEATED = 10.0  # points between a text of the head and its repetition overleaf
_COLONS = " :：|｜【】[]"
type Row = list[Character]


@dataclass(frozen=True, slots=True)
class AreaReading:
    """
    What stands in an area: `reading` is `None` where it is blank.

    `is_plausible`: the text is one that such a field has; a blank one is.
    """

    reading: FieldReading | None
    is_plausible: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """An area on a page of the report."""

    page: int
    box: Box


def read_areas(form: TaughtForm, placing: Placing, pages: Sequence[PrintedText]) -> dict[str, AreaReading]:
    """The marked fields of a report over which the form was laid."""
    fixed = {id(character) for one, found in placing.found.items() if not _is_value(form, one) for character in found.occurrence.characters}
    places = {area.field: _place(form, area, placing, len(pages)) for area in form.areas}
    read: dict[str, AreaReading] = {}
    for area in form.areas:
        place = places[area.field]
        if area.field in BLOCKS:
            read[area.field] = _read_block(form, area, place, placing, pages, fixed, places)
        else:
            beside = [
                (name, other) for name, other in places.items() if name != area.field and name not in BLOCKS and other.page == place.page
            ]
            others = [other.box for name, other in beside if not {name, area.field} <= _TITLE]
            read[area.field] = _read_value(area.field, place, pages[place.page - 1], fixed, others)
    return read


def _is_value(form: TaughtForm, one: int) -> bool:
    """Whether a fixed text is itself what is read there: the hospital's name."""
    anchor = form.anchors[one]
    x, y = (anchor.box[0] + anchor.box[2]) / 2, (anchor.box[1] + anchor.box[3]) / 2
    names = (area for area in form.areas if area.field == "hospital_name" and area.page == anchor.page)
    return any(area.box[0] <= x <= area.box[2] and area.box[1] <= y <= area.box[3] for area in names)


def _place(form: TaughtForm, area: Area, placing: Placing, pages: int) -> _Place:
    """Where the area is: one that moves goes with the fixed text that it stands behind or under."""
    lie = placing.lies[area.page]
    box = lie.box(area.box)
    leader = _leader(form, area)
    if leader is not None and (found := placing.found.get(leader)) is not None:
        expected, seen = lie.box(form.anchors[leader].box), found.occurrence.box
        down = (seen[1] + seen[3] - expected[1] - expected[3]) / 2
        return _Place(found.page, (box[0], box[1] + down, box[2], box[3] + down))
    return _Place(form.page_of(area.page, pages), box)


def _leader(form: TaughtForm, area: Area) -> int | None:
    if not moves(form, area):
        return None
    left, top, _, bottom = area.box
    above: list[tuple[float, int]] = []
    for one, anchor in enumerate(form.anchors):
        a_left, a_top, a_right, a_bottom = anchor.box
        if anchor.page != area.page or not moves(form, anchor) or (a_top + a_bottom) / 2 > bottom:
            continue
        beside = 0.0 if a_left <= left else a_left - left
        above.append((max(top - a_bottom, 0.0) * 3 + max(left - a_right, beside, 0.0), one))
    return min(above)[1] if above else None


def _read_value(field: str, place: _Place, text: PrintedText, fixed: set[int], others: Sequence[Box]) -> AreaReading:
    rows = [row for row in text.rows if _is_level(row, place.box)]
    taken: list[Row] = []
    is_cut = False
    for row in rows:
        words, cut = _words_in(row, place.box, fixed, others)
        taken += [words] if words else []
        is_cut |= cut
    characters = [character for words in taken for character in words]
    printed = "".join(_joined(words, before) for before, words in zip([None, *taken], taken, strict=False))
    if field in _TITLE:
        printed = _title_part(field, taken) or printed
    if not printed.strip(_COLONS):
        return AreaReading(None)
    value = value_of(field, printed.strip(_COLONS))
    if value is None:
        is_blank = not any(one.isalnum() for one in printed)
        if is_blank:
            return AreaReading(None)
        return AreaReading(None, is_plausible=False)
    likely = plausibility(field, value)
    confidence = likely * recognised(characters) * (_CUT if is_cut else 1.0)
    reading = FieldReading(value, round(confidence, 3), place.page, box_of(characters, text.page))
    return AreaReading(reading, is_plausible=likely == 1.0 and not is_cut)


def _title_part(field: str, rows: Sequence[Row]) -> str | None:
    """The hospital's name or the kind of report alone, where both stand in one line."""
    hospital, kind = read_title(line_of(row) for row in rows)
    part = hospital if field == "hospital_name" else kind
    return part.text if part else None


def _is_level(row: Row, box: Box) -> bool:
    return box[1] - _SLACK <= sum(map(middle, row)) / len(row) <= box[3] + _SLACK


def _words_in(row: Row, box: Box, fixed: set[int], others: Sequence[Box]) -> tuple[Row, bool]:
    """The characters of the words in an area, and whether a word had to be cut because it lies in another one as well."""
    level = [other for other in others if _is_level(row, other)]
    words = [word for part in _without(row, fixed) for word in segments_of(part, _WORD_GAP)]
    own: list[Row] = []
    is_cut = False
    for word in words:
        here, there = _share(word, box), max((_share(word, other) for other in level), default=0.0)
        if here >= _IN_AREA and there >= _IN_AREA:
            part = [one for one in word if box[0] <= (one.left + one.right) / 2 <= box[2]]
            own += [part] if part else []
            is_cut = True
        elif here >= _IN_AREA or (
            own and there < _IN_AREA and word[0].left - own[-1][-1].right <= _FOLLOWS * _em(word) and _follows(row, own[-1], word, fixed)
        ):
            own.append(word)
    return [character for word in own for character in word], is_cut


def _follows(row: Row, before: Row, word: Row, fixed: set[int]) -> bool:
    """Whether no fixed text stands between."""
    return not any(id(one) in fixed and before[-1].left < one.left < word[0].left for one in row)


def _without(row: Row, fixed: set[int]) -> list[Row]:
    """The parts of a row between its fixed texts."""
    parts: list[Row] = [[]]
    for character in row:
        if id(character) in fixed:
            parts.append([])
        else:
            parts[-1].append(character)
    return [part for part in parts if part]


def _share(word: Row, box: Box) -> float:
    left, right = word[0].left, max(one.right for one in word)
    overlap = min(right, box[2]) - max(left, box[0])
    return max(overlap, 0.0) / max(min(right - left, box[2] - box[0]), 0.1)


def _em(row: Row) -> float:
    return max(one.bottom - one.top for one in row)


def _joined(words: Row, before: Row | None) -> str:
    text = line_of(words).text.replace("\t", " ")
    return f" {text}" if before and before[-1].text.isascii() and text[:1].isascii() else text


def _read_block(
    form: TaughtForm,
    area: Area,
    place: _Place,
    placing: Placing,
    pages: Sequence[PrintedText],
    fixed: set[int],
    places: Mapping[str, _Place],
) -> AreaReading:
    """Findings or impression: every row down to the next fixed text below, overleaf where it stands there."""
    left, top, right, _ = place.box
    end = _end(form, area, place, placing, places)
    last = end.page if end else place.page
    lines: list[Line] = []
    for number in range(place.page, last + 1):
        text = pages[number - 1]
        first = top - _SLACK if number == place.page else _below_header(form, area, placing.lies[area.page], text)
        stop = end.box[1] if end and number == last else text.page.height_points
        for row in text.rows:
            height = sum(map(middle, row)) / len(row)
            others = [there.box for name, there in places.items() if name not in BLOCKS and there.page == number]
            inside = _of_text(row, left, right, fixed, others)
            if not first <= height < stop or not inside:
                continue
            line = line_of(inside, text.page.width_points, number, min(right / text.page.width_points, 1.0))
            if not is_footer(line.text):
                lines.append(line.part(_leading_marks(line.text)))
    return _block_reading(area.field, [line for line in lines if line.text], pages)


def _of_text(row: Row, left: float, right: float, fixed: set[int], others: Sequence[Box]) -> Row:
    """What of a row belongs to a text: all of a run of characters that lies in it for the most part, but for what lies in another area."""
    free = [part for part in _without(row, fixed) for part in segments_of(part)]
    inside: Row = []
    for run in free:
        own = [one for one in run if not any(_holds(other, one) for other in others)]
        within = [one for one in own if left - _SLACK <= (one.left + one.right) / 2 <= right + _SLACK]
        inside += own if 2 * len(within) > len(own) else within
    return inside


def _holds(box: Box, one: Character) -> bool:
    return box[0] <= (one.left + one.right) / 2 <= box[2] and box[1] <= middle(one) <= box[3]


def _block_reading(field: str, lines: Sequence[Line], pages: Sequence[PrintedText]) -> AreaReading:
    printed = paragraphs(lines)
    if not printed:
        return AreaReading(None)
    characters = [character for line in lines for character in line.characters]
    page = lines[0].page
    on_page = [character for line in lines if line.page == page for character in line.characters]
    confidence = plausibility(field, printed) * recognised(characters)
    return AreaReading(FieldReading(printed, round(confidence, 3), page, box_of(on_page, pages[page - 1].page)))


def _leading_marks(text: str) -> int:
    return len(text) - len(text.lstrip(" :：】]"))


def _end(form: TaughtForm, area: Area, place: _Place, placing: Placing, places: Mapping[str, _Place]) -> _Place | None:
    """What stands first after the text: a fixed text or another area under it, else overleaf what is not repeated from its own page."""
    parts: list[tuple[Anchor | Area, _Place]] = [
        (form.anchors[one], _Place(found.page, found.occurrence.box)) for one, found in placing.found.items()
    ]
    parts += [(other, places[other.field]) for other in form.areas if other is not area]
    after = [(part, there) for part, there in parts if (there.page, there.box[1]) > (place.page, place.box[1])]
    ends = [there for part, there in after if _is_under(part, area)]
    if not ends:
        repeated = {anchor.text for anchor in form.anchors if anchor.page == area.page}
        ends = [there for part, there in after if part.page > area.page and not (isinstance(part, Anchor) and part.text in repeated)]
    return min(ends, key=lambda end: (end.page, end.box[1]), default=None)


def _is_under(part: Anchor | Area, area: Area) -> bool:
    left, top, right, _ = part.box
    return part.page == area.page and top >= area.box[3] - _SLACK and left < area.box[2] and area.box[0] < right


def _below_header(form: TaughtForm, area: Area, lie: Lie, text: PrintedText) -> float:
    """On a page overleaf the text begins under whatever is repeated of the form's head."""
    bottoms = [0.0]
    for anchor in form.anchors:
        if anchor.page == area.page and anchor.box[3] <= area.box[1] + _SLACK:
            expected = lie.box(anchor.box)
            for occurrence in text.find(anchor.text):
                if abs(occurrence.box[0] - expected[0]) <= _REPEATED and abs(occurrence.box[1] - expected[1]) <= _REPEATED:
                    bottoms.append(occurrence.box[3])
    return max(bottoms)
