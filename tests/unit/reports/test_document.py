# SPDX-License-Identifier: AGPL-3.0-or-later
import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.document import DocumentProcessFailed, read_document
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp_drawing import Stamp
from demo.report_form import make_report_pdf

TIGHT = DocumentLimits(cpu_seconds=3, wall_clock_seconds=8.0)


def pdf_of(content: bytes, dictionary: bytes = b"", media_box: str = "0 0 595 842", pages: int = 1) -> bytes:
    """A PDF written by hand: one content stream on every page."""
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(content), content),
        *[b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 3 0 R/Resources<<>>>>" % media_box.encode()] * pages,
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, value in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def flate_bomb() -> bytes:
    inner = zlib.compress(b"0 0 m 9 9 l S\n" * 12_000_000, 9)
    return pdf_of(zlib.compress(inner, 9), b"/Filter[/FlateDecode/FlateDecode]")


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_of(b""))))
    writer.encrypt("secret", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_report_is_read_rendered_and_stamped(report: ReportFields, qr_stamp: Stamp) -> None:
    pdf = make_report_pdf(replace(report, findings="\n".join([report.findings or ""] * 10)))
    reading = read_document(pdf, qr_stamp)
    assert replace(reading.fields, findings=report.findings) == report
    assert [(image.small.width, image.large.width) for image in reading.page_images if image.large] == [(780, 1600)] * 2
    page = pypdfium2.PdfDocument(reading.stamped_pdf)[0].render(scale=2).to_pil()
    assert [barcode.text for barcode in zxingcpp.read_barcodes(page)] == [qr_stamp.url]


def test_page_images_do_not_show_the_access_code(report: ReportFields, qr_stamp: Stamp) -> None:
    (images,) = read_document(make_report_pdf(report), qr_stamp).page_images
    for image in images.all:
        assert not zxingcpp.read_barcodes(Image.open(io.BytesIO(image.webp)))


def test_a_document_without_labels_is_rendered_and_stamped_all_the_same(qr_stamp: Stamp) -> None:
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.drawString(100, 700, "an invitation")
    canvas.save()
    reading = read_document(target.getvalue(), qr_stamp)
    assert reading.fields.is_empty
    assert len(reading.page_images) == 1
    assert reading.stamped_pdf.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"PK\x03\x04 a spreadsheet", "not a PDF"),
        (lambda: b"", "not a PDF"),
        (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40, "damaged"),
        (lambda: b"%PDF-1.4" + b"\0" * 51_000_000, "too large"),
        (encrypted, "password"),
        (lambda: pdf_of(b"", pages=10_000), "10000 pages"),
        (lambda: pdf_of(b"", media_box="0 0 9000000 9000000"), "impossible size"),
        (lambda: pdf_of(b"", media_box="0 0 1000000 2"), "impossible size"),
        (flate_bomb, "too long|memory|damaged"),
        (lambda: pdf_of(b"0 0 m 500 800 l 100 3 l S\n" * 1_500_000), "too long|memory"),
    ],
    ids=["zip", "empty", "rubbish", "large", "password", "pages", "giant page", "long page", "flate bomb", "strokes"],
)
def test_a_hostile_document_is_refused_with_a_reason(make: Callable[[], bytes], reason: str, qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentRefused, match=reason) as refused:
        read_document(make(), qr_stamp, TIGHT)
    assert refused.value.allowed
    assert qr_stamp.access_code not in str(refused.value)


def test_a_process_that_hangs_is_ended_by_the_clock(qr_stamp: Stamp, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    python.chmod(0o755)
    with pytest.raises(DocumentRefused, match="too long"):
        read_document(pdf_of(b""), qr_stamp, replace(TIGHT, wall_clock_seconds=0.3), python=str(python))


def test_the_secrets_are_in_no_argument_and_no_environment(qr_stamp: Stamp, tmp_path: Path) -> None:
    python, seen = tmp_path / "python", tmp_path / "seen"
    python.write_text(f'#!/bin/sh\n{{ echo "$@"; /usr/bin/env; }} > {seen}\n')
    python.chmod(0o755)
    with pytest.raises(DocumentProcessFailed):
        read_document(pdf_of(b""), qr_stamp, python=str(python))
    assert "document_process" in seen.read_text()
    assert qr_stamp.access_code not in seen.read_text()
    assert "ABCDEFGHIJ" not in seen.read_text()


def test_a_fault_of_ours_is_not_blamed_on_the_document(qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentProcessFailed):
        read_document(pdf_of(b""), qr_stamp, python="/bin/false")
