# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form that a hospital taught by marking the fields on one sample: where its fixed texts stand, and where its values do.

All places are in points from the top left corner of the sample's page, which lies level. Pages count from 1; of a sample with several pages the last
one stands for the last page of any report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cloudfilm.reports.fields import ReportFields

type Box = tuple[float, float, float, float]  # left, top, right, bottom

# What may be marked: the modality follows from the kind.
MARKABLE = tuple(field.name for field in fields(ReportFields) if field.name != "modality")
BLOCKS = ("findings", "impression")
IDENTIFYING = frozenset({"patient_id", "accession_number"})
# '' is: as the title says; 'other' is any kind that has no modality of ours.
KINDS = ("", "CT", "MR", "DX", "CR", "MG", "US", "ES", "other")
MOST_ANCHORS, LONGEST_ANCHOR, LONGEST_NAME, MOST_PAGES = 80, 80, 60, 8


class UnusableForm(ValueError):
    """The form is not one that can be taught; ``trouble`` names why: a key of the staff page's messages."""

    def __init__(self, trouble: str, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Anchor:
    """A text that stands on every such form: a label, a heading, the hospital's name."""

    text: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Area:
    """Where a field's value stands. Findings and impression go on downwards to the next fixed text, overleaf where it is there."""

    field: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class TaughtForm:
    """
    A form.

    Attributes
    ----------
    form_id, version
        Which one, and after how many changes.
    kind
        One of `KINDS`.
    sizes
        Width and height of the sample's pages in points.
    overrules
        Fields of which the general reader is known to be wrong on this form: on the sample it read something else than was marked.
    """

    form_id: str
    version: int
    name: str
    kind: str
    sizes: tuple[tuple[float, float], ...]
    anchors: tuple[Anchor, ...]
    areas: tuple[Area, ...]
    overrules: frozenset[str] = frozenset()

    def page_of(self, page: int, pages: int) -> int:
        """The page of a report with so many pages on which something stands that is on this page of the sample."""
        return pages if page == len(self.sizes) > 1 else page

    def to_json(self) -> dict[str, Any]:
        """As it is kept and handed to the process that reads documents."""
        return {**asdict(self), "overrules": sorted(self.overrules)}


def form_from_json(document: Mapping[str, Any]) -> TaughtForm:
    """
    The inverse of `TaughtForm.to_json`, for documents of whatever origin.

    Raises
    ------
    UnusableForm
        When it is no form: an unknown field, a place off its page, too much of something.
    """
    try:
        form = TaughtForm(
            form_id=str(document.get("form_id") or ""),
            version=int(document.get("version") or 0),
            name=" ".join(str(document.get("name") or "").split())[:LONGEST_NAME],
            kind=str(document.get("kind") or ""),
            sizes=tuple((_positive(width), _positive(height)) for width, height in document["sizes"]),
            anchors=tuple(Anchor(str(one["text"]), int(one["page"]), box_from_json(one["box"])) for one in document["anchors"]),
            areas=tuple(Area(str(one["field"]), int(one["page"]), box_from_json(one["box"])) for one in document["areas"]),
            overrules=frozenset(str(name) for name in document.get("overrules") or ()) & frozenset(MARKABLE),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnusableForm("malformed", "what was sent is no form") from error
    _check(form)
    return form


def box_from_json(sides: Any) -> Box:
    """
    Four numbers as a box.

    Raises
    ------
    ValueError
        When they are not left, top, right and bottom of one.
    """
    left, top, right, bottom = (float(side) for side in sides)
    if not all(map(math.isfinite, (left, top, right, bottom))) or left >= right or top >= bottom:
        raise ValueError("a box is left, top, right and bottom, in points")
    return round(left, 1), round(top, 1), round(right, 1), round(bottom, 1)


def _positive(side: Any) -> float:
    number = float(side)
    if not 1 <= number <= 20_000:
        raise ValueError("a page has sides of 1 to 20000 points")
    return number


def _check(form: TaughtForm) -> None:
    if form.kind not in KINDS or not 1 <= len(form.sizes) <= MOST_PAGES:
        raise UnusableForm("malformed", "the kind or the number of pages is not allowed")
    if len(form.anchors) > MOST_ANCHORS or any(not 1 <= len(anchor.text) <= LONGEST_ANCHOR for anchor in form.anchors):
        raise UnusableForm("malformed", f"at most {MOST_ANCHORS} fixed texts of at most {LONGEST_ANCHOR} characters")
    names = [area.field for area in form.areas]
    if len(set(names)) != len(names) or not set(names) <= set(MARKABLE):
        raise UnusableForm("malformed", "a field is marked twice, or is none of ours")
    parts: list[Anchor | Area] = [*form.anchors, *form.areas]
    for part in parts:
        if not 1 <= part.page <= len(form.sizes):
            raise UnusableForm("off the page", "a place lies on a page that the sample does not have")
        width, height = form.sizes[part.page - 1]
        left, top, right, bottom = part.box
        if left >= width or top >= height or right <= 0 or bottom <= 0:
            raise UnusableForm("off the page", "a place lies off its page")
