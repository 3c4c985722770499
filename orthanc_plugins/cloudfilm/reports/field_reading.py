# SPDX-License-Identifier: AGPL-3.0-or-later
"""A field as it was read: its value, how sure that is, and where on the paper it stands."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.text_layer import Character, PageText


@dataclass(frozen=True, slots=True)
class FieldReading:
    """
    One field.

    Attributes
    ----------
    confidence
        0 to 1: how likely the value is exactly what the paper says. Below `SURE` a person should look.
    page
        From 1; `None` where the place is not known.
    box
        Left, top, right, bottom in points from the top left corner of the page as it is displayed.
    """

    value: str
    confidence: float
    page: int | None = None
    box: tuple[float, float, float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Without the value, which `ReportFields` holds."""
        return {"confidence": self.confidence, "page": self.page, "box": list(self.box) if self.box else None}


SURE = 0.8


@dataclass(frozen=True, slots=True)
class FormMatch:
    """The taught form that a report was recognised as; `score` is the share of its fixed texts that were found, 0 to 1."""

    form_id: str
    version: int
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class ReportReading:
    """
    The fields of a report, and how each of them was read.

    `needs_witness`: a number that identifies the exam was recognised in a picture, where a wrong digit looks like a right one. `form` is the form of
    the hospital's own, taught in the staff's pages, that the report was recognised as. `unplaced` are numbers on the paper that no label explains; one
    of them may be the exam's.
    """

    fields: ReportFields
    readings: Mapping[str, FieldReading]
    needs_witness: bool = False
    form: FormMatch | None = None
    unplaced: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is kept: `ReportFields.to_json`, and beside the fields how they were read."""
        return {
            **self.fields.to_json(),
            "readings": self.readings_json(),
            "needs_witness": self.needs_witness,
            "form": self.form_json(),
            "unplaced": list(self.unplaced),
        }

    def form_json(self) -> dict[str, Any] | None:
        """`form` for JSON."""
        return asdict(self.form) if self.form else None

    def readings_json(self) -> dict[str, dict[str, Any]]:
        """`readings` for JSON, by field."""
        return {name: reading.to_json() for name, reading in self.readings.items()}


def box_of(characters: Iterable[Character], page: PageText) -> tuple[float, float, float, float] | None:
    """The box around characters, turned back to where they stand on a page that was scanned askew."""
    corners = [
        _askew(x, y, page) for character in characters for x in (character.left, character.right) for y in (character.top, character.bottom)
    ]
    if not corners:
        return None
    across, down = zip(*corners, strict=True)
    return round(min(across), 1), round(min(down), 1), round(max(across), 1), round(max(down), 1)


def _askew(x: float, y: float, page: PageText) -> tuple[float, float]:
    if not page.skew:
        return x, y
    dx, dy = x - page.width_points / 2, y - page.height_points / 2
    cosine, sine = math.cos(page.skew), math.sin(page.skew)
    width, height = page.width_points, page.height_points
    if abs(sine) > abs(cosine):  # the page lay on its side
        width, height = height, width
    return width / 2 + dx * cosine - dy * sine, height / 2 + dx * sine + dy * cosine


def unsure_fields(document: Mapping[str, Any]) -> frozenset[str]:
    """The fields in a `ReportReading.to_json` that were read with less confidence than `SURE`."""
    return frozenset(name for name, one in (document.get("readings") or {}).items() if one["confidence"] < SURE)
