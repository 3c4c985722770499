# SPDX-License-Identifier: AGPL-3.0-or-later
"""Marking the fields of a form as a person does who sees the sample: a rectangle around each printed value, drawn a little loosely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.form_teaching import make_form
from cloudfilm.reports.printed_text import PrintedText, around, bare
from cloudfilm.reports.taught_form import BLOCKS, MARKABLE, Area, TaughtForm
from cloudfilm.reports.text_layer import Character, PageText, read_text_layer
from demo.forms.odd import odd_form
from demo.forms.wording import SEXES

_LOOSE = 2.0  # points around the characters


def marked_areas(fields: ReportFields, pages: Sequence[PageText]) -> tuple[Area, ...]:
    """An area for every value that is printed on the pages, findings and impression from their first character to their last."""
    areas: list[Area] = []
    for name, printed in _printed(fields).items():
        for number, page in enumerate(pages, 1):
            if characters := _characters_of(bare(printed), page, is_long=name in BLOCKS):
                left, top, right, bottom = around(characters)
                areas.append(Area(name, number, (left - _LOOSE, top - _LOOSE, right + _LOOSE, bottom + _LOOSE)))
                break
    return tuple(areas)


def teach_odd_form(layout: str, seed: int) -> TaughtForm:
    """
    The form of an odd layout as it is taught from the first report from this seed on that both doctors signed.

    What is blank on the sample is marked where the reports after it have it, as by somebody who knows the form.
    """
    sample = next(form for number in range(seed, seed + 100) if (form := odd_form(layout, number)).fields.reviewing_doctor)
    pages = read_text_layer(sample.pdf())
    areas = {area.field: area for area in marked_areas(sample.fields, pages)}
    for number in range(seed, seed + 10):
        other = odd_form(layout, number)
        areas = {area.field: area for area in marked_areas(other.fields, read_text_layer(other.pdf()))} | areas
    return make_form(pages, tuple(areas.values()), name=layout, form_id=layout, version=1)


def _printed(fields: ReportFields) -> Mapping[str, str]:
    values = {name: value for name, value in fields.to_json().items() if value and name in MARKABLE}
    if fields.patient_sex:
        values["patient_sex"] = SEXES[fields.patient_sex]
    for name in ("exam_time", "report_time"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name]).strftime("%Y-%m-%d %H:%M")
    return values


def _characters_of(text: str, page: PageText, is_long: bool) -> list[Character]:
    written = [(letter, one) for row in PrintedText(page).rows for one in row for letter in bare(one.text)]
    letters, place = "".join(letter for letter, _ in written), -1
    while (place := letters.find(text, place + 1)) >= 0:
        found = [one for _, one in written[place : place + len(text)]]
        around_it = [one for _, one in written[max(place - 1, 0) : place] + written[place + len(text) : place + len(text) + 1]]
        if is_long or not any(_touches(one, found) for one in around_it):
            return found
    return []


def _touches(one: Character, word: Sequence[Character]) -> bool:
    """Whether a character stands directly before or behind a word, which then is a part of another word."""
    is_level = one.top < word[0].bottom and word[0].top < one.bottom
    return is_level and one.text not in ":：" and -1 < max(word[0].left - one.right, one.left - word[-1].right) < 1
