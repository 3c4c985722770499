# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that `read_document` runs for each document: limits first, then the work, one answer on the standard output."""

import json
import sys
from collections.abc import Sequence

import pypdfium2  # type: ignore[import-untyped, unused-ignore]

from cloudfilm.reports.active_content import without_active_content
from cloudfilm.reports.content_hash import content_hash
from cloudfilm.reports.form_teaching import read_with_forms
from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits, limit_this_process
from cloudfilm.reports.page_images import render_pages
from cloudfilm.reports.pictures import pages_to_recognise, pictures_of
from cloudfilm.reports.reading_json import page_to_json, reading_to_json
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp import stamp
from cloudfilm.reports.stamp_drawing import Stamp
from cloudfilm.reports.taught_form import TaughtForm, form_from_json
from cloudfilm.reports.text_layer import read_text_layer
from cloudfilm.reports.text_lines import text_lines

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_ALLOWED = "an undamaged PDF that opens without a password is read"


def main() -> None:
    """Answer the one request on the standard input."""
    request, pdf = read_frames(sys.stdin.buffer)
    document = json.loads(request)
    limits = DocumentLimits(**document["limits"])
    limit_this_process(limits)
    forms = [form_from_json(form) for form in document["forms"]]
    write_frames(sys.stdout.buffer, answer_of(pdf, Stamp(**document["stamp"]), limits, forms))


def answer_of(pdf: bytes, wanted: Stamp, limits: DocumentLimits, forms: Sequence[TaughtForm] = ()) -> Sequence[bytes]:
    """
    The frames of the answer: a JSON head, the stamped PDF, the page images, pictures of the pages to recognise, and a copy without what would
    run where there was something; for a refused document the head alone.
    """
    try:
        _check_pages(pdf, limits)
        harmless = without_active_content(pdf)
        if harmless is not None and limits.refuses_active:
            raise DocumentRefused("the document carries scripts or files", "a document that only shows pages is read (ActiveDocuments)")
        pages = read_text_layer(pdf)
        reading, recognised = read_with_forms(pages, forms)
        pictures = pictures_of(pdf, pages, pages_to_recognise(pages, is_known_form=recognised is not None))
        images = render_pages(pdf, limits.max_pixels)
        stamped = stamp(harmless or pdf, wanted)
    except DocumentRefused as refusal:
        return [json.dumps({"refused": refusal.reason, "allowed": refusal.allowed}).encode()]
    except MemoryError:
        return [
            json.dumps({"refused": "the document needs too much memory", "allowed": "a document of a few ordinary pages is read"}).encode()
        ]
    except Exception as error:
        return [json.dumps({"refused": "the document is damaged", "allowed": _ALLOWED, "cause": _place(error)}).encode()]
    head = {
        "reading": reading_to_json(reading),
        "sizes": [
            {"points": (image.width_points, image.height_points), "pictures": [(picture.width, picture.height) for picture in image.all]}
            for image in images
        ],
        "lines": [text_lines(page, *page.displayed_size).to_json() for page in pages],
        "places": list(pictures),
        "pages": [page_to_json(page) for page in pages],
        "content_sha256": content_hash(pages, [image.small for image in images]),
    }
    frames = [
        json.dumps(head).encode(), stamped, *(picture.webp for image in images for picture in image.all), *pictures.values(),
    ]  # fmt: skip
    return [*frames, harmless] if harmless is not None else frames


def _check_pages(pdf: bytes, limits: DocumentLimits) -> None:
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise DocumentRefused("the document needs a password", _ALLOWED) from error
        raise
    try:
        if not 1 <= len(document) <= limits.max_pages:
            raise DocumentRefused(f"the document has {len(document)} pages", f"1 to {limits.max_pages} pages are read")
        for number in range(len(document)):
            sides = document.get_page_size(number)
            if not (min(sides) >= 1 and max(sides) <= limits.max_page_points):
                raise DocumentRefused(
                    f"page {number + 1} has an impossible size", f"sides of 1 to {limits.max_page_points} points are read"
                )
    finally:
        document.close()


def _place(error: Exception) -> str:
    """Where it was raised, for the log; the message stays out of it, because it may quote the document."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else type(error).__name__


if __name__ == "__main__":
    main()
