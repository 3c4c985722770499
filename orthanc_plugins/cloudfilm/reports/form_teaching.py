# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making a form of a sample: what the general reader proposes, what people marked, and the fixed texts around it. Pure: the page asks anew for each mark."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import median

from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import FieldReading, ReportReading, box_of
from cloudfilm.reports.fixed_texts import fixed_texts
from cloudfilm.reports.form_combining import with_form
from cloudfilm.reports.form_placing import Found, Lie, Placing
from cloudfilm.reports.form_reading import read_areas
from cloudfilm.reports.form_recognition import LEAST_WEIGHT, RecognisedForm, recognise_form
from cloudfilm.reports.lines import line_of, segments_of
from cloudfilm.reports.printed_text import PrintedText, around, core_of
from cloudfilm.reports.taught_form import BLOCKS, Anchor, Area, Box, TaughtForm, UnusableForm, box_from_json
from cloudfilm.reports.text_layer import Character, PageText

_INDENT = 3.0  # em that a text's first line may stand to the right of its others
_MARGIN = 1.0  # points between a text and what stands beside it


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of the sample that may be taken as a field's value, for those who cannot draw."""

    page: int
    text: str
    box: Box


def suggested_areas(general: ReportReading, pages: Sequence[PageText]) -> tuple[Area, ...]:
    """What the general reader found, where it stands."""
    return tuple(
        Area(name, reading.page, level_box(reading.box, pages[reading.page - 1]))
        for name, reading in general.readings.items()
        if name != "modality" and reading.page is not None and reading.box is not None
    )


def text_lines(pages: Sequence[PageText]) -> tuple[TextLine, ...]:
    """The lines of the sample, those in two columns apart."""
    found: list[TextLine] = []
    for number, page in enumerate(pages, 1):
        for row in PrintedText(page).rows:
            for part in segments_of(row):
                found.append(TextLine(number, line_of(part).text, around(part)))
    return tuple(found)


def make_form(
    pages: Sequence[PageText],
    areas: Sequence[Area],
    *,
    name: str = "",
    kind: str = "",
    form_id: str = "",
    version: int = 0,
    others: Sequence[Sequence[PageText]] = (),
    dropped: Collection[str] = (),
    general: ReportReading | None = None,
) -> TaughtForm:
    """
    Make a form of a sample and what was marked on it.

    Parameters
    ----------
    areas
        On the level page. Those of findings and impression are widened to the room that there is.
    others
        Other reports of the hospital, to tell fixed texts from values.
    dropped
        Keys (`anchor_key`) of fixed texts that people took out.
    general
        What the general reader made of the sample, if that is known.
    """
    texts = [PrintedText(page) for page in pages]
    areas = [replace(area, box=box_from_json(area.box)) for area in areas]
    first = fixed_texts(texts, areas, [])
    widened = tuple(_widened(area, areas, first, texts[area.page - 1]) for area in areas)
    anchors = fixed_texts(texts, widened, [[PrintedText(page) for page in other] for other in others])
    form = TaughtForm(
        form_id=form_id,
        version=version,
        name=name,
        kind=kind,
        sizes=tuple((page.width_points, page.height_points) for page in pages),
        anchors=tuple(anchor for anchor in anchors if anchor_key(anchor) not in dropped),
        areas=widened,
    )
    general = general or read_report(pages)
    own = {one: reading.reading for one, reading in read_areas(form, on_sample(form, texts), texts).items()}
    return replace(form, overrules=frozenset(one for one, reading in own.items() if _differs(general.readings.get(one), reading)))


def anchor_key(anchor: Anchor) -> str:
    """What a fixed text is called on the staff's page: its text and place."""
    return f"{anchor.page} {anchor.box[0]:.0f} {anchor.box[1]:.0f} {core_of(anchor.text)}"


def on_sample(form: TaughtForm, texts: Sequence[PrintedText]) -> Placing:
    """The form laid over its own sample: nothing to be searched for."""
    found: dict[int, Found] = {}
    for one, anchor in enumerate(form.anchors):
        near = [other for other in texts[anchor.page - 1].find(anchor.text) if math.dist(other.box[:2], anchor.box[:2]) < 2]
        if near:
            found[one] = Found(anchor.page, near[0])
    return Placing({number: Lie(1.0, 0.0, 0.0) for number in range(1, len(form.sizes) + 1)}, found, 1.0, 0)


def check_form(form: TaughtForm, pages: Sequence[PageText]) -> RecognisedForm:
    """
    Whether the form can be kept: it must recognise its own sample.

    Raises
    ------
    UnusableForm
        With what is missing.
    """
    if not form.name:
        raise UnusableForm("no name", "a form needs a name")
    if not form.areas:
        raise UnusableForm("no fields", "nothing is marked")
    if sum(len(core_of(anchor.text)) for anchor in form.anchors) < LEAST_WEIGHT:
        raise UnusableForm("no fixed texts", "there is too little fixed text to recognise the form by")
    recognised = recognise_form(pages, [form])
    if recognised is None:
        raise UnusableForm("not recognised", "the sample itself is not recognised by this form")
    return recognised


def read_with_forms(pages: Sequence[PageText], forms: Sequence[TaughtForm]) -> tuple[ReportReading, RecognisedForm | None]:
    """Read a report: by the taught form that it is printed on, if there is one, and by the general reader."""
    general = read_report(pages)
    recognised = recognise_form(pages, forms) if forms else None
    return (with_form(general, recognised) if recognised else general), recognised


def level_box(box: Box, page: PageText) -> Box:
    """A place on the picture of a page that lay askew, where it would be on the level page."""
    if not page.skew:
        return box
    left, top, right, bottom = box
    cosine, sine = math.cos(page.skew), math.sin(page.skew)
    width, height = page.width_points, page.height_points
    is_on_side = abs(sine) > abs(cosine)
    shown = (height, width) if is_on_side else (width, height)
    dx, dy = (left + right - shown[0]) / 2, (top + bottom - shown[1]) / 2
    x, y = width / 2 + dx * cosine + dy * sine, height / 2 - dx * sine + dy * cosine
    across, down = (bottom - top, right - left) if is_on_side else (right - left, bottom - top)
    return round(x - across / 2, 1), round(y - down / 2, 1), round(x + across / 2, 1), round(y + down / 2, 1)


def picture_box(box: Box, page: PageText) -> Box:
    """A place on the level page, where it is on the picture."""
    return box_of([Character("", *box)], page) or box


def _differs(general: FieldReading | None, own: FieldReading | None) -> bool:
    if general is None:
        return False
    return own is None or "".join(general.value.split()) != "".join(own.value.split())


def _widened(area: Area, areas: Sequence[Area], anchors: Sequence[Anchor], text: PrintedText) -> Area:
    """Findings and impression take the room to both sides that nothing else takes."""
    if area.field not in BLOCKS:
        return area
    left, top, right, bottom = area.box
    em = median(one.bottom - one.top for row in text.rows for one in row) if text.rows else 10.0
    parts: list[Area | Anchor] = [*areas, *anchors]
    beside = [part.box for part in parts if part is not area and part.page == area.page and part.box[1] < bottom and top < part.box[3]]
    edge_left = max((box[2] + _MARGIN for box in beside if box[2] <= left + _MARGIN), default=0.0)
    edge_right = min((box[0] - _MARGIN for box in beside if box[0] >= right - _MARGIN), default=text.page.width_points)
    margin = min((one.left for row in text.rows for one in row), default=0.0)
    printed_right = max((one.right for row in text.rows for one in row), default=right)
    printed_right = max(printed_right, text.page.width_points - margin)  # a sample of short lines does not tell how far others go
    new_left = min(left, max(edge_left, left - _INDENT * em))
    new_right = max(right, min(edge_right, printed_right + em))
    return replace(area, box=(round(new_left, 1), top, round(new_right, 1), bottom))
