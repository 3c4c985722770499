# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a form is taught from: a report of the hospital, a sample that was handed in, or the sample of a form that is there already."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cloudfilm.db.report_forms import FormRecord, form_with_id, sample_text_of_form
from cloudfilm.db.report_texts import Picture, recent_reports, sample_with_id, text_of_report
from cloudfilm.db.reports import pages_of_report
from cloudfilm.errors import NotFound
from cloudfilm.reports.kept_text import unpack_text
from cloudfilm.reports.text_layer import PageText
from portal.services import services

_OTHERS = 12  # reports that tell fixed texts from values


class SourceKind(StrEnum):
    """Where a sample comes from."""

    REPORT = "report"
    SAMPLE = "sample"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Source:
    """A sample: its kept text, its pages' pictures, and the form that is changed, if one is."""

    kind: SourceKind
    source_id: UUID
    text: bytes
    pages: tuple[PageText, ...]
    pictures: tuple[Picture, ...]
    form: FormRecord | None = None

    @property
    def address(self) -> str:
        """Of the page that teaches from it."""
        return f"/staff/forms/teach/{self.kind}/{self.source_id}"


class NotReadYet(Exception):
    """A worker has not read the sample yet."""


class SampleRefused(Exception):
    """The sample cannot be read, and why."""


def source_of(hospital_id: str, kind: SourceKind, source_id: UUID) -> Source:
    """
    Raises
    ------
    NotFound
        There is no such thing, or it is another hospital's, or its text is no longer kept.
    NotReadYet, SampleRefused
        Of a sample that was handed in.
    """
    form: FormRecord | None = None
    with services().database.transaction() as cursor:
        if kind is SourceKind.REPORT:
            text = text_of_report(cursor, hospital_id, source_id)
            pictures = tuple(Picture(one.image_sha256, one.width, one.height) for one in pages_of_report(cursor, source_id))
        elif kind is SourceKind.SAMPLE:
            sample = sample_with_id(cursor, source_id)
            if sample is None or sample.hospital_id != hospital_id:
                raise NotFound
            if sample.status == "refused":
                raise SampleRefused(sample.reason)
            if sample.status == "received":
                raise NotReadYet
            text, pictures = sample.pages, sample.pictures
        else:
            form = form_with_id(cursor, hospital_id, source_id)
            if form is None:
                raise NotFound
            text, pictures = sample_text_of_form(cursor, source_id), form.pictures
    if not text:
        raise NotFound
    return Source(kind, source_id, text, unpack_text(text), pictures, form)


def other_reports(hospital_id: str, source: Source) -> list[tuple[PageText, ...]]:
    """The hospital's newest reports beside the sample."""
    with services().database.transaction() as cursor:
        found = recent_reports(cursor, hospital_id, _OTHERS + 1)
    return [unpack_text(one.pages) for one in found if one.report_id != source.source_id and one.pages != source.text][:_OTHERS]
