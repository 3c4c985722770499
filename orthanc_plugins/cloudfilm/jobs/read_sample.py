# SPDX-License-Identifier: AGPL-3.0-or-later
"""Read a sample that a hospital handed in to teach a form from: its text and its pages as images, nothing else."""

from __future__ import annotations

from uuid import UUID

from cloudfilm.db.report_texts import Picture, sample_with_id, set_sample_read, set_sample_refused
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.document import read_document
from cloudfilm.reports.kept_text import pack_text
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp import Stamp
from cloudfilm.reports.taught_form import MOST_PAGES

_NOBODYS_STAMP = Stamp("HTTPS://SAMPLE.INVALID", "SAMPLE")  # the stamped copy of a sample is thrown away


def read_sample(context: JobContext, sample_id_text: str) -> None:
    """Read one sample in a limited child process. Safe to run again."""
    sample_id = UUID(sample_id_text)
    with context.database.transaction() as cursor:
        sample = sample_with_id(cursor, sample_id)
    if sample is None or sample.status != "received":
        return
    try:
        reading = read_document(context.documents.get(sample.document_sha256), _NOBODYS_STAMP, DocumentLimits(max_pages=MOST_PAGES))
    except DocumentRefused as refused:
        with context.database.transaction() as cursor:
            set_sample_refused(cursor, sample_id, str(refused))
        return
    text = pack_text(reading.pages)
    pictures = [Picture(context.documents.put(image.small.webp), image.small.width, image.small.height) for image in reading.page_images]
    with context.database.transaction() as cursor:
        if text is None:
            set_sample_refused(cursor, sample_id, "no text was found on the pages, or far too much")
        else:
            set_sample_read(cursor, sample_id, text, pictures)
