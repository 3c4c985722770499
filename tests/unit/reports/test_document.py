# SPDX-License-Identifier: AGPL-3.0-or-later
import contextlib
import hashlib
import io
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import StreamObject
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports import limited_process
from cloudfilm.reports.document import read_document, stamp_reserved
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.limited_process import DocumentProcessFailed, end_forkers, run_limited
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp_drawing import Stamp
from demo.report_form import make_report_pdf
from tests.support.hostile_pdfs import (
    armed,
    drawn_in_itself,
    flate_bomb,
    font_bomb,
    forms_in_forms,
    giant_image,
    locked,
    nested_arrays,
    nested_pages,
    pdf_of,
    written,
)

TIGHT = DocumentLimits(cpu_seconds=3, wall_clock_seconds=8.0)


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
        (lambda: locked("secret"), "password"),
        (lambda: pdf_of(b"", pages=10_000), "10000 pages"),
        (lambda: pdf_of(b"", media_box="0 0 9000000 9000000"), "impossible size"),
        (lambda: pdf_of(b"", media_box="0 0 1000000 2"), "impossible size"),
        (flate_bomb, "too long|memory|damaged"),
        (lambda: pdf_of(b"0 0 m 500 800 l 100 3 l S\n" * 1_500_000), "too long|memory"),
        (lambda: make_report_pdf(ReportFields(patient_name="王小明"))[:900], "damaged"),
        (nested_arrays, "damaged|memory|too long"),
        (giant_image, "too long|memory|damaged"),
        (lambda: pdf_of(b"").replace(b"/Type/Catalog/Pages 2 0 R", b"/Type/Catalog/Pages 1 0 R"), "damaged|0 pages"),
    ],
    ids=[
        "zip",
        "empty",
        "rubbish",
        "large",
        "password",
        "pages",
        "giant page",
        "long page",
        "flate bomb",
        "strokes",
        "cut off",
        "nested arrays",
        "giant picture",
        "pages in a loop",
    ],
)
def test_a_hostile_document_is_refused_with_a_reason(make: Callable[[], bytes], reason: str, qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentRefused, match=reason) as refused:
        read_document(make(), qr_stamp, TIGHT)
    assert refused.value.allowed
    assert qr_stamp.access_code not in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [nested_pages, drawn_in_itself, forms_in_forms, font_bomb, lambda: pdf_of(b"q " * 3_000_000)],
    ids=["nested pages", "drawn in itself", "forms in forms", "font bomb", "saved states"],
)
def test_what_the_library_cuts_short_ends_soon_read_or_refused(make: Callable[[], bytes], qr_stamp: Stamp) -> None:
    """pdfium gives up on these by itself: then there is a report without fields; the limits stand behind it."""
    pdf, began = make(), time.monotonic()
    reason, is_empty = "", False
    try:
        is_empty = read_document(pdf, qr_stamp, TIGHT).fields.is_empty
    except DocumentRefused as refused:
        reason = refused.reason
    assert is_empty or re.search("damaged|memory|too long|pages", reason)
    assert time.monotonic() - began < 60


def test_a_broken_table_of_objects_is_mended(report: ReportFields, qr_stamp: Stamp) -> None:
    pdf = make_report_pdf(report)
    start = pdf.rindex(b"startxref")
    assert read_document(pdf[:start] + b"startxref\n7\n%%EOF", qr_stamp).fields == report


def test_an_owners_password_hinders_nobody(report: ReportFields, qr_stamp: Stamp) -> None:
    reading = read_document(locked("", "owner", make_report_pdf(report)), qr_stamp)
    assert reading.fields == report
    assert [code.text for code in zxingcpp.read_barcodes(pypdfium2.PdfDocument(reading.stamped_pdf)[0].render(scale=2).to_pil())] == [
        qr_stamp.url
    ]


def test_what_would_run_is_in_no_copy_that_people_get(report: ReportFields, qr_stamp: Stamp) -> None:
    plain = make_report_pdf(report)
    reading = read_document(armed(plain), qr_stamp)
    assert reading.fields == report
    assert reading.harmless_pdf is not None
    for copy in (reading.harmless_pdf, reading.stamped_pdf):
        reader = PdfReader(io.BytesIO(copy))
        objects = [one for one in PdfWriter(clone_from=reader)._objects if one is not None]
        everything = "".join(map(repr, objects))
        unpacked = b"".join(one.get_data() for one in objects if isinstance(one, StreamObject))
        for sign in (
            "ARMED",
            "/JavaScript",
            "/Launch",
            "/SubmitForm",
            "/EmbeddedFiles",
            "/OpenAction",
            "'/AA'",
            "/RichMedia",
            "/FileAttachment",
        ):
            assert sign not in everything, sign
            assert len(sign) < 8 or sign.encode() not in copy
        assert b"ARMED" not in unpacked
        assert "https://hospital.example/" in everything, "a link is no script"
    assert not reader.attachments
    assert read_document(plain, qr_stamp).harmless_pdf is None, "of a plain document there is no second copy"


def test_what_would_run_is_refused_where_the_hospital_wants_that(report: ReportFields, qr_stamp: Stamp) -> None:
    strict = DocumentLimits(refuses_active=True)
    with pytest.raises(DocumentRefused, match="scripts or files"):
        read_document(armed(make_report_pdf(report)), qr_stamp, strict)
    assert read_document(make_report_pdf(report), qr_stamp, strict).fields == report


def test_the_same_content_in_other_bytes_is_the_same_and_one_character_is_not(report: ReportFields, qr_stamp: Stamp) -> None:
    plain = make_report_pdf(report)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain)))
    writer.add_metadata({"/CreationDate": "D:20260305103200", "/Producer": "another printer"})
    writer.compress_identical_objects()
    again = written(writer)
    assert again != plain
    first, second = read_document(plain, qr_stamp), read_document(again, qr_stamp)
    assert first.content_sha256 == second.content_sha256
    other = read_document(make_report_pdf(replace(report, findings=(report.findings or "").replace("1.2cm", "1.3cm"))), qr_stamp)
    assert other.content_sha256 != first.content_sha256


def test_only_the_reserved_code_counts_as_carried(report: ReportFields, qr_stamp: Stamp) -> None:
    pdf = make_report_pdf(report)
    known = hashlib.sha256(qr_stamp.url.rpartition("/Q/")[2].encode()).hexdigest()
    first = stamp_reserved(pdf, known, qr_stamp)
    assert not first.carries_code
    assert first.stamped_pdf is not None
    again = stamp_reserved(first.stamped_pdf, known, qr_stamp)
    assert (again.carries_code, again.stamped_pdf) == (True, first.stamped_pdf)
    other = replace(qr_stamp, url=qr_stamp.url[:-1] + "A")
    assert not stamp_reserved(first.stamped_pdf, hashlib.sha256(other.url.rpartition("/Q/")[2].encode()).hexdigest(), other).carries_code
    assert stamp_reserved(pdf, known, None).stamped_pdf is None


def test_a_process_that_takes_too_long_is_ended_by_the_clock(report: ReportFields, qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentRefused, match="too long"):
        read_document(make_report_pdf(report), qr_stamp, replace(TIGHT, wall_clock_seconds=0.01))
    assert read_document(make_report_pdf(report), qr_stamp).fields == report, "the next one is read"


def test_what_is_loaded_and_does_not_begin_is_ended_and_another_takes_its_place(
    report: ReportFields, qr_stamp: Stamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    python.chmod(0o755)
    with monkeypatch.context() as hurried:
        hurried.setattr(limited_process, "_SECONDS_TO_BEGIN", 0.3)
        with pytest.raises(DocumentProcessFailed):
            read_document(make_report_pdf(report), qr_stamp, python=str(python))
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert read_document(make_report_pdf(report), qr_stamp, python=str(python)).fields == report


def test_several_are_read_at_once_and_what_is_lost_does_not_take_the_others_with_it(report: ReportFields, qr_stamp: Stamp) -> None:
    documents = [make_report_pdf(report), flate_bomb(), make_report_pdf(report), pdf_of(b"")] * 3

    def read(pdf: bytes) -> bool | None:
        try:
            return read_document(pdf, qr_stamp, replace(TIGHT, wall_clock_seconds=60)).fields == report
        except DocumentRefused:
            return None

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(read, documents))
    assert results[::2] == [True] * 6
    assert all(result is not True for result in results[1::2])


def forkers_of_ours() -> list[str]:
    """Processes with the libraries loaded, children of this one, by /proc (proc(5))."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"forking_process" in (folder / "cmdline").read_bytes():
                found.append(folder.name)
    return found


def test_nothing_runs_on_when_nobody_asks_any_more(report: ReportFields, qr_stamp: Stamp) -> None:
    read_document(make_report_pdf(report), qr_stamp)
    assert forkers_of_ours()
    end_forkers()
    assert forkers_of_ours() == []
    assert read_document(make_report_pdf(report), qr_stamp).fields == report


def test_a_program_that_is_not_there_is_a_fault_of_ours(qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentProcessFailed):
        run_limited("cloudfilm.reports.no_such_program", [b"{}"], TIGHT)


def test_the_secrets_are_in_no_argument_and_no_environment(qr_stamp: Stamp, tmp_path: Path) -> None:
    python, seen = tmp_path / "python", tmp_path / "seen"
    python.write_text(f'#!/bin/sh\n{{ echo "$@"; /usr/bin/env; }} > {seen}\n')
    python.chmod(0o755)
    with pytest.raises(DocumentProcessFailed):
        read_document(pdf_of(b""), qr_stamp, python=str(python))
    assert "forking_process" in seen.read_text()
    assert qr_stamp.access_code not in seen.read_text()
    assert "ABCDEFGHIJ" not in seen.read_text()


def test_a_fault_of_ours_is_not_blamed_on_the_document(qr_stamp: Stamp) -> None:
    with pytest.raises(DocumentProcessFailed):
        read_document(pdf_of(b""), qr_stamp, python="/bin/false")
