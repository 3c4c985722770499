# SPDX-License-Identifier: AGPL-3.0-or-later
"""Text in pictures: the geometry without the engine, then a few scans with it."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.document import read_document
from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import SURE, ReportReading
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.pictures import MOST_PICTURES, has_readable_text, pages_to_recognise, pictures_of
from cloudfilm.reports.recognition import RecognisedCharacter, RecognisedLine, page_text, recognise_page
from cloudfilm.reports.stamp_drawing import Stamp
from cloudfilm.reports.text_layer import PageText, read_text_layer
from demo.forms import all_forms
from demo.forms.scan import Scan, scanned_pdf
from demo.report_form import make_report_pdf
from tests.support.report_pages import differences

WIDTH, HEIGHT, EM = 1654, 2339, 30.0


def line(text: str, x: float, y: float, degrees: float = 0.0, score: float = 1.0) -> RecognisedLine:
    """A line as the engine finds it on a page that is turned about its middle."""
    angle = math.radians(degrees)

    def turned(across: float, down: float) -> tuple[float, float]:
        dx, dy = across - WIDTH / 2, down - HEIGHT / 2
        return (
            WIDTH / 2 + dx * math.cos(angle) - dy * math.sin(angle),
            HEIGHT / 2 + dx * math.sin(angle) + dy * math.cos(angle),
        )

    characters, place = [], x
    for one in text:
        width = EM / 2 if one.isascii() else EM
        if one.strip():
            characters.append(RecognisedCharacter(one, *turned(place + width / 2, y), score))
        place += width
    return RecognisedLine(tuple(characters), EM * 1.25, place - x, angle)


def page(degrees: float, score: float = 1.0) -> PageText:
    lines = [
        line("江州市第一人民医院", 600, 150, degrees),
        line("姓名：李四", 130, 400, degrees, score),
        line("检查号：A2603050417", 900, 400, degrees, score),
        line("影像所见：双肺纹理清晰，心影不大，纵隔居中。", 130, 500, degrees),
    ]
    return page_text(lines, WIDTH, 595.0, 842.0)


def recognised(pdf: bytes) -> ReportReading:
    """The report in a scan, without the processes and their limits."""
    pages = read_text_layer(pdf)
    pictures = pictures_of(pdf, pages, range(len(pages)))
    pixels = [np.asarray(Image.open(io.BytesIO(pictures[place])), dtype=np.uint8) for place in range(len(pages))]
    return read_report([recognise_page(one, page.width_points, page.height_points) for one, page in zip(pixels, pages, strict=True)])


@pytest.mark.parametrize("degrees", [-2.0, 0.0, 1.5, 5.0])
def test_a_page_that_lay_askew_is_read_level_and_boxes_are_where_they_were(degrees: float) -> None:
    turned = page(degrees)
    assert turned.skew == pytest.approx(math.radians(degrees), abs=1e-3)
    reading = read_report([turned])
    assert (reading.fields.patient_name, reading.fields.accession_number) == ("李四", "A2603050417")
    assert reading.needs_witness
    box = reading.readings["accession_number"].box
    assert box is not None
    expected = line("A2603050417", 900 + 4 * EM, 400, degrees).characters[5]
    assert box[0] < expected.x * 595 / WIDTH < box[2]
    assert box[1] < expected.y * 595 / WIDTH < box[3]


def test_a_field_is_as_sure_as_its_characters() -> None:
    assert read_report([page(0, score=1.0)]).readings["accession_number"].confidence > 0.9
    assert read_report([page(0, score=0.9)]).readings["accession_number"].confidence < 0.5


def test_pages_without_readable_text_are_recognised_and_others_are_not(report: ReportFields) -> None:
    (good,) = read_text_layer(make_report_pdf(report))
    private_use = replace(good, characters=tuple(replace(one, text=chr(0xE000 + ord(one.text) % 999)) for one in good.characters))
    assert has_readable_text(good)
    assert not has_readable_text(private_use)
    assert not has_readable_text(replace(good, characters=good.characters[:5]))
    assert pages_to_recognise([good, private_use]) == (1,)


def test_text_without_a_single_label_is_not_trusted(report: ReportFields) -> None:
    (good,) = read_text_layer(make_report_pdf(report))
    wrong = replace(good, characters=tuple(replace(one, text=chr(0x5000 + ord(one.text) % 4000)) for one in good.characters))
    assert has_readable_text(wrong)
    assert pages_to_recognise([wrong]) == (0,)
    assert len(pages_to_recognise([wrong] * 50)) == MOST_PICTURES


def test_pages_that_are_blank_but_for_their_text_are_not_recognised() -> None:
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.showPage()
    canvas.drawString(100, 100, "page 2")
    canvas.showPage()
    canvas.rect(50, 50, 100, 100, fill=1)
    canvas.save()
    assert list(pictures_of(target.getvalue(), read_text_layer(target.getvalue()), [0, 1, 2])) == [2]


def test_unseen_text_over_a_scan_is_not_the_papers_word() -> None:
    target = io.BytesIO()
    canvas = Canvas(target)
    text = canvas.beginText(100, 700)
    text.setTextRenderMode(3)
    text.textOut("Name: somebody else, ID: 12345")
    canvas.drawText(text)
    canvas.save()
    (read,) = read_text_layer(target.getvalue())
    assert (read.stream, read.characters) == ("", ())


def test_a_picture_is_never_larger_than_the_limit() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(4000, 4000))
    canvas.rect(0, 0, 2000, 2000, fill=1)
    canvas.save()
    image = Image.open(io.BytesIO(pictures_of(target.getvalue(), read_text_layer(target.getvalue()), [0])[0]))
    assert image.mode == "L"
    assert image.width * image.height <= 6_010_000


def test_when_recognition_fails_the_report_is_there_without_fields(report: ReportFields, qr_stamp: Stamp) -> None:
    scan = scanned_pdf(make_report_pdf(report), Scan())
    read = read_document(scan, qr_stamp, DocumentLimits(recognition_seconds=0.2))
    assert read.fields.is_empty
    assert len(read.page_images) == 1
    assert read.stamped_pdf.startswith(b"%PDF-")


@pytest.mark.parametrize(("layout", "dpi", "skew"), [("table", 150, 2.0), ("sidebar", 200, -1.3)])
def test_a_scanned_form_is_recognised(layout: str, dpi: int, skew: float) -> None:
    form = next(form for form in all_forms() if form.layout == layout)
    reading = recognised(scanned_pdf(form.pdf(), Scan(dpi, skew)))
    assert reading.needs_witness
    wrong = differences(form.fields, reading.fields)
    assert len(wrong) <= 1
    assert all(name not in reading.readings or reading.readings[name].confidence < SURE for name in wrong)
    assert {"patient_name", "patient_id", "accession_number"}.isdisjoint(wrong)


@pytest.mark.parametrize("degrees", [90, 180])
def test_a_sheet_fed_in_the_wrong_way_round_is_recognised(report: ReportFields, degrees: int) -> None:
    short = replace(report, findings="双肺纹理清晰。", impression="未见异常。")
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scanned_pdf(make_report_pdf(short, "lines"), Scan(150, 0.5)))))
    writer.pages[0].rotate(degrees)
    target = io.BytesIO()
    writer.write(target)
    read = recognised(target.getvalue())
    assert (read.fields.patient_name, read.fields.accession_number) == (report.patient_name, report.accession_number)
    box, (sheet,) = read.readings["patient_name"].box, read_text_layer(target.getvalue())
    assert box is not None
    assert 0 <= box[0] < box[2] <= sheet.width_points
    assert 0 <= box[1] < box[3] <= sheet.height_points
    across, down = (box[0] + box[2]) / 2 / sheet.width_points, (box[1] + box[3]) / 2 / sheet.height_points
    assert (across > 0.7 and down < 0.35) if degrees == 90 else (across > 0.7 and down > 0.7)


def test_a_scanned_page_among_pages_of_text_is_recognised(report: ReportFields, qr_stamp: Stamp) -> None:
    """The first page has text, the second one is a scan of the findings' end."""
    original = make_report_pdf(replace(report, findings="\n".join([report.findings or ""] * 10)))
    scanned = PdfReader(io.BytesIO(scanned_pdf(original, Scan(200, 0.5))))
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(original)))
    writer.remove_page(1)
    writer.add_page(scanned.pages[1])
    target = io.BytesIO()
    writer.write(target)
    read = read_document(target.getvalue(), qr_stamp)
    assert not read.report.needs_witness
    assert (read.fields.patient_name, read.fields.accession_number) == (report.patient_name, report.accession_number)
    assert read.fields.reviewing_doctor == report.reviewing_doctor
