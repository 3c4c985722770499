# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a document that somebody sent, in a limited process of its own (`cloudfilm.reports.limited_process`).

Where a page has no text that can be read, a second process gets pictures of it, recognises the text and reads the fields again.
"""

import itertools
import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cloudfilm.reports.field_reading import ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.kept_text import truest_text
from cloudfilm.reports.limited_process import DocumentProcessFailed, run_limited
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.page_images import PageImage, PageImages
from cloudfilm.reports.reading_json import reading_from_json
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp_drawing import Stamp
from cloudfilm.reports.taught_form import TaughtForm

_one_at_a_time = threading.Lock()  # recognition takes most of a gigabyte and two processors
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """
    What was made of a document.

    `page_images` show the document as it was sent; only `stamped_pdf` carries the QR code. `pages` is their text with its places, as JSON
    (`page_to_json`), `page_lines` the same by lines, as `cloudfilm.reports.text_lines.TextLines.to_json` gives it. `content_sha256` is
    `cloudfilm.reports.content_hash.content_hash`; `harmless_pdf` a copy without what would run in a reader, `None` where the document is such.
    """

    report: ReportReading
    page_images: tuple[PageImages, ...]
    stamped_pdf: bytes
    content_sha256: str
    harmless_pdf: bytes | None
    pages: tuple[Mapping[str, Any], ...] = ()
    page_lines: tuple[dict[str, Any], ...] = ()

    @property
    def fields(self) -> ReportFields:
        """The report's fields."""
        return self.report.fields


def read_document(
    pdf: bytes, stamp: Stamp, limits: DocumentLimits | None = None, python: str = sys.executable, forms: Sequence[TaughtForm] = ()
) -> DocumentReading:
    """
    Read a report's fields, render its pages and stamp a copy. `forms` are those that the hospital has taught.

    A document without any recognisable label is rendered and stamped all the same; its fields are empty.

    Raises
    ------
    DocumentRefused
        When it is not a PDF, needs a password, is damaged, or exceeds a limit.
    DocumentProcessFailed
        When the fault is ours.
    """
    limits = limits or DocumentLimits()
    if len(pdf) > limits.max_bytes:
        raise DocumentRefused("the document is too large", f"at most {limits.max_bytes // 1_000_000} MB are read")
    if b"%PDF-" not in pdf[:1024]:
        raise DocumentRefused("the document is not a PDF", "PDF documents are read")
    taught = [form.to_json() for form in forms]
    request = json.dumps({"stamp": asdict(stamp), "limits": asdict(limits), "forms": taught}).encode()
    answer = run_limited("cloudfilm.reports.document_process", [request, pdf], limits, python)
    head = json.loads(answer[0])
    if "refused" in head:
        if "cause" in head:
            _log.warning("a document was refused as damaged: %s", head["cause"])
        raise DocumentRefused(head["refused"], head["allowed"])
    frames = iter(answer[2:])
    images = tuple(_images(sizes, frames) for sizes in head["sizes"])
    pictures, lines = list(itertools.islice(frames, len(head["places"]))), head["lines"]
    harmless = next(frames, None)
    recognised = _recognise({**head, "forms": taught}, pictures, limits, python) if pictures else None
    read = recognised or head
    for place, of_picture in (recognised["lines"] if recognised else {}).items():
        lines[int(place)] = of_picture
    pages = tuple(truest_text(head["pages"], read["pages"]))
    return DocumentReading(reading_from_json(read["reading"]), images, answer[1], head["content_sha256"], harmless, pages, tuple(lines))


@dataclass(frozen=True, slots=True)
class ReservedCopy:
    """The copy of a document whose exam number was reserved; `stamped_pdf` is `None` where the code is neither on the page nor known here."""

    carries_code: bool
    stamped_pdf: bytes | None


def stamp_reserved(
    pdf: bytes, secret_sha256: str, stamp: Stamp | None, limits: DocumentLimits | None = None, python: str = sys.executable
) -> ReservedCopy:
    """
    Stamp a document that was read already with a reserved code, unless it carries that code.

    Raises
    ------
    DocumentRefused, DocumentProcessFailed
        As `read_document`.
    """
    limits = limits or DocumentLimits()
    request = {"stamp": asdict(stamp) if stamp else None, "limits": asdict(limits), "secret_sha256": secret_sha256}
    head, *copies = run_limited("cloudfilm.reports.stamping_process", [json.dumps(request).encode(), pdf], limits, python)
    return ReservedCopy(json.loads(head)["carried"], copies[0] if copies else None)


def _images(sizes: dict[str, Any], frames: Iterator[bytes]) -> PageImages:
    small, *large = [PageImage(next(frames), width, height) for width, height in sizes["pictures"]]
    return PageImages(small, large[0] if large else None, *sizes["points"])


def _recognise(head: dict[str, Any], pictures: list[bytes], limits: DocumentLimits, python: str) -> dict[str, Any] | None:
    """What is read with the help of recognition; `None` when that failed: the report is there all the same, and a person reads it."""
    limits = limits.for_recognition(len(pictures))
    request = json.dumps({"pages": head["pages"], "places": head["places"], "forms": head["forms"], "limits": asdict(limits)}).encode()
    try:
        with _one_at_a_time:
            (answer,) = run_limited("cloudfilm.reports.recognition_process", [request, *pictures], limits, python)
    except (DocumentRefused, DocumentProcessFailed):
        _log.exception("the text of a document could not be recognised")
        return None
    recognised: dict[str, Any] = json.loads(answer)
    return recognised
