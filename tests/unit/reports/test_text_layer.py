# SPDX-License-Identifier: AGPL-3.0-or-later
import io

import numpy as np
import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.extraction import extract_fields, read_report
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.radicals import without_radicals
from cloudfilm.reports.text_layer import read_text_layer
from demo.report_form import make_report_pdf


def test_radicals_become_ordinary_characters() -> None:
    assert without_radicals("⼥ 门诊⻚ ⻣盆 ⺟ ⾻") == "女 门诊页 骨盆 母 骨"
    assert without_radicals("10² ①（５）") == "10² ①（５）"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_turned_for_display_is_read_as_it_is_seen(report: ReportFields, rotation: int) -> None:
    """A page drawn on its side with the Rotate that sets it upright again."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report_pdf(report, "labels_first"))))
    page = writer.pages[0]
    page.rotate(-rotation)
    page.transfer_rotation_to_content()
    page.rotate(rotation)
    target = io.BytesIO()
    writer.write(target)
    assert extract_fields(read_text_layer(target.getvalue())) == report


def test_a_hyphen_at_the_end_of_a_line_is_kept() -> None:
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.drawString(100, 700, "follow-")
    canvas.drawString(100, 686, "up advised")
    canvas.save()
    (page,) = read_text_layer(target.getvalue())
    assert "follow-" in page.stream
    assert "\x02" not in page.stream
    assert "".join(character.text for character in page.characters) == "follow-upadvised"


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("is_drawn_so", [True, False])
def test_a_form_that_is_displayed_on_its_side_is_read_as_if_it_stood_upright(report: ReportFields, degrees: int, is_drawn_so: bool) -> None:
    upright = make_report_pdf(report)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(upright)))
    writer.pages[0].rotate(degrees)
    if is_drawn_so:
        writer.pages[0].transfer_rotation_to_content()
    target = io.BytesIO()
    writer.write(target)
    pages = read_text_layer(target.getvalue())
    reading, expected = read_report(pages), read_report(read_text_layer(upright))
    assert reading.fields == expected.fields
    box = reading.readings["accession_number"].box
    assert box is not None
    picture = np.asarray(pypdfium2.PdfDocument(target.getvalue())[0].render(scale=1).to_pil().convert("L"))
    left, top, right, bottom = (round(side) for side in box)
    assert (bottom - top > right - left) is (degrees != 180)
    assert picture[top:bottom, left:right].min() < 100
