# SPDX-License-Identifier: AGPL-3.0-or-later
"""Readings and pages of text as JSON, between the processes that read a document."""

from collections.abc import Mapping
from typing import Any

from cloudfilm.reports.field_reading import FieldReading, FormMatch, ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.text_layer import Character, PageText


def reading_to_json(reading: ReportReading) -> dict[str, Any]:
    """Fields, and how they were read."""
    return {
        "fields": reading.fields.to_json(),
        "readings": reading.readings_json(),
        "needs_witness": reading.needs_witness,
        "form": reading.form_json(),
        "unplaced": list(reading.unplaced),
    }


def reading_from_json(document: Mapping[str, Any]) -> ReportReading:
    """The inverse of `reading_to_json`."""
    fields = ReportFields.from_json(document["fields"])
    readings = {
        name: FieldReading(document["fields"][name], one["confidence"], one["page"], _box(one["box"]))
        for name, one in document["readings"].items()
    }
    form = FormMatch(**document["form"]) if document.get("form") else None
    return ReportReading(fields, readings, document["needs_witness"], form, tuple(document["unplaced"]))


def page_to_json(page: PageText) -> dict[str, Any]:
    """A page of text."""
    characters = [[one.text, one.left, one.top, one.right, one.bottom, one.score] for one in page.characters]
    size = [page.width_points, page.height_points]
    return {"stream": page.stream, "characters": characters, "size": size, "is_picture": page.is_picture, "skew": page.skew}


def page_from_json(document: Mapping[str, Any]) -> PageText:
    """The inverse of `page_to_json`."""
    width, height = document["size"]
    characters = tuple(Character(*one) for one in document["characters"])
    return PageText(document["stream"], characters, width, height, document["is_picture"], document["skew"])


def _box(sides: list[float] | None) -> tuple[float, float, float, float] | None:
    return (sides[0], sides[1], sides[2], sides[3]) if sides else None
