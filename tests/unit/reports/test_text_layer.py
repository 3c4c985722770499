# SPDX-License-Identifier: AGPL-3.0-or-later
import io

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.extraction import extract_fields
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
