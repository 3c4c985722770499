# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page shows that teaches a form: the marks on the sample, what is read there, the fixed texts, and how it does on other reports. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import SURE, FieldReading, ReportReading
from cloudfilm.reports.form_reading import read_areas
from cloudfilm.reports.form_teaching import (
    anchor_key,
    check_form,
    level_box,
    make_form,
    on_sample,
    picture_box,
    read_with_forms,
    suggested_areas,
)
from cloudfilm.reports.lines import line_of, segments_of
from cloudfilm.reports.printed_text import PrintedText, around
from cloudfilm.reports.taught_form import BLOCKS, KINDS, LONGEST_NAME, MARKABLE, Area, Box, TaughtForm, UnusableForm, box_from_json
from cloudfilm.reports.text_layer import PageText

_MOST_DROPPED = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A form that is being taught, as the page sends it back with every step.

    `marks` are places on the pictures of the pages, `dropped` the keys of fixed texts that were taken out.
    """

    name: str = ""
    kind: str = ""
    marks: tuple[Area, ...] = ()
    dropped: frozenset[str] = frozenset()

    def marked(self, area: Area) -> Draft:
        """With a field marked, or marked anew."""
        return replace(self, marks=(*(one for one in self.marks if one.field != area.field), area))

    def unmarked(self, name: str) -> Draft:
        """Without a field."""
        return replace(self, marks=tuple(one for one in self.marks if one.field != name))

    def to_text(self) -> str:
        """For a hidden field of the page."""
        marks = [{"field": one.field, "page": one.page, "box": list(one.box)} for one in self.marks]
        return json.dumps({"name": self.name, "kind": self.kind, "marks": marks, "dropped": sorted(self.dropped)}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field in the page's table."""

    name: str
    page: int | None = None
    box: Box | None = None
    value: str | None = None
    is_sure: bool = True

    @property
    def is_marked(self) -> bool:
        """Whether it has a place."""
        return self.box is not None

    @property
    def is_long(self) -> bool:
        """Whether it takes whole lines."""
        return self.name in BLOCKS


@dataclass(frozen=True, slots=True)
class ShownAnchor:
    """A fixed text."""

    key: str
    text: str
    page: int
    box: Box
    is_kept: bool


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the sample to choose from instead of drawing."""

    page: int
    text: str
    box: Box

    @property
    def place(self) -> str:
        """For the form."""
        return " ".join(map(str, (self.page, *self.box)))


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that depends on the marks. `trouble` says why the form cannot be kept yet, '' when it can."""

    fields: tuple[ShownField, ...]
    anchors: tuple[ShownAnchor, ...]
    trouble: str
    form: TaughtForm = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """For the page's script."""
        return {
            "fields": [
                {"name": one.name, "page": one.page, "box": one.box, "value": one.value, "is_sure": one.is_sure} for one in self.fields
            ],
            "anchors": [
                {"key": one.key, "text": one.text, "page": one.page, "box": one.box, "is_kept": one.is_kept} for one in self.anchors
            ],
            "trouble": self.trouble,
        }


def draft_from_text(text: str) -> Draft:
    """
    The inverse of `Draft.to_text`, for what a browser sends.

    Raises
    ------
    UnusableForm
        When it is none.
    """
    try:
        return draft_from_json(json.loads(text))
    except ValueError as error:
        raise UnusableForm("malformed", "what was sent is no form") from error


def draft_from_json(document: Any) -> Draft:
    """The same from JSON that was read."""
    try:
        marks = tuple(Area(str(one["field"]), int(one["page"]), box_from_json(one["box"])) for one in document.get("marks") or ())
        names = [one.field for one in marks]
        kind = str(document.get("kind") or "")
        dropped = frozenset(str(key)[:200] for key in list(document.get("dropped") or ())[:_MOST_DROPPED])
        name = " ".join(str(document.get("name") or "").split())[:LONGEST_NAME]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnusableForm("malformed", "what was sent is no form") from error
    if len(set(names)) != len(names) or not set(names) <= set(MARKABLE) or kind not in KINDS:
        raise UnusableForm("malformed", "a field is marked twice or is none of ours, or the kind is unknown")
    return Draft(name, kind, marks, dropped)


def proposed_draft(pages: Sequence[PageText], general: ReportReading) -> Draft:
    """What the general reader found, to be mended: usually only mistakes need marking."""
    areas = suggested_areas(general, pages)
    marks = tuple(replace(area, box=picture_box(area.box, pages[area.page - 1])) for area in areas)
    return Draft(name=general.fields.report_kind or "", marks=marks)


def draft_of_form(form: TaughtForm, pages: Sequence[PageText]) -> Draft:
    """A form that is to be changed, with the fixed texts that were taken out of it."""
    marks = tuple(replace(area, box=picture_box(area.box, pages[area.page - 1])) for area in form.areas)
    kept = {anchor_key(anchor) for anchor in form.anchors}
    candidates = make_form(pages, form.areas).anchors
    return Draft(form.name, form.kind, marks, frozenset(anchor_key(one) for one in candidates) - kept)


def show(draft: Draft, pages: Sequence[PageText], others: Sequence[Sequence[PageText]], form_id: str = "", version: int = 0) -> Shown:
    """
    What is read on the sample by the marks.

    Raises
    ------
    UnusableForm
        When a mark lies on no page.
    """
    if any(not 1 <= mark.page <= len(pages) for mark in draft.marks):
        raise UnusableForm("off the page", "a place lies on a page that the sample does not have")
    areas = tuple(replace(mark, box=level_box(mark.box, pages[mark.page - 1])) for mark in draft.marks)
    general = read_report(pages)
    whole = make_form(pages, areas, name=draft.name, kind=draft.kind, form_id=form_id, version=version, others=others, general=general)
    form = replace(whole, anchors=tuple(one for one in whole.anchors if anchor_key(one) not in draft.dropped))
    texts = [PrintedText(page) for page in pages]
    read = read_areas(form, on_sample(form, texts), texts)
    marks = {mark.field: mark for mark in draft.marks}
    fields = []
    for name in MARKABLE:
        if (mark := marks.get(name)) is None:
            fields.append(ShownField(name))
            continue
        reading = read[name].reading
        is_sure = read[name].is_plausible and (reading is None or reading.confidence >= SURE)
        fields.append(ShownField(name, mark.page, mark.box, _shown_value(name, reading), is_sure))
    anchors = tuple(
        ShownAnchor(anchor_key(one), one.text, one.page, picture_box(one.box, pages[one.page - 1]), anchor_key(one) not in draft.dropped)
        for one in whole.anchors
    )
    return Shown(tuple(fields), anchors, _trouble(form, pages), form)


def _shown_value(name: str, reading: FieldReading | None) -> str | None:
    """As it is kept; the sex as it is printed, too."""
    if reading is None or name != "patient_sex":
        return reading.value if reading else None
    return {"M": "男 M", "F": "女 F"}.get(reading.value, reading.value)


def _trouble(form: TaughtForm, pages: Sequence[PageText]) -> str:
    try:
        check_form(form, pages)
    except UnusableForm as unusable:
        return unusable.trouble
    return ""


@dataclass(frozen=True, slots=True)
class Tried:
    """How the form did on one report: not its own, or these values. `changed` are the fields that are read otherwise than before."""

    report_id: str
    title: str
    is_recognised: bool
    values: tuple[ShownField, ...]
    changed: frozenset[str]


def try_on(
    form: TaughtForm, beside: Sequence[TaughtForm], pages: Sequence[PageText], before: Mapping[str, Any]
) -> tuple[bool, tuple[ShownField, ...], frozenset[str]]:
    """Read a report as it would be with this form: whether it is recognised, what is read, and which fields change by it."""
    reading, recognised = read_with_forms(pages, [form, *beside])
    if recognised is None or recognised.form.form_id != form.form_id:
        return False, (), frozenset()
    values = tuple(
        ShownField(name, value=_shown_value(name, one), is_sure=one.confidence >= SURE)
        for name in MARKABLE
        if (one := reading.readings.get(name))
    )
    changed = frozenset(name for name in MARKABLE if (getattr(reading.fields, name) or None) != (before.get(name) or None))
    return True, values, changed


def lines_to_choose(pages: Sequence[PageText]) -> tuple[ShownLine, ...]:
    """The lines of the sample from the top down, columns apart, with their places on the picture."""
    found = []
    for number, page in enumerate(pages, 1):
        for row in PrintedText(page).rows:
            for part in segments_of(row):
                left, top, right, bottom = picture_box(around(part), page)
                found.append(ShownLine(number, line_of(part).text[:60], (round(left, 1), round(top, 1), round(right, 1), round(bottom, 1))))
    return tuple(found)
