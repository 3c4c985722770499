# SPDX-License-Identifier: AGPL-3.0-or-later
import io

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.page_images import LOSSLESS_BYTES, render_pages
from demo.forms import all_forms
from demo.forms.scan import scan_number, scanned_pdf
from demo.report_form import make_report_pdf


def test_a_page_is_there_at_a_phones_width_and_larger(report: ReportFields) -> None:
    (page,) = render_pages(make_report_pdf(report))
    assert page.large is not None
    for picture, size in ((page.small, (780, 1104)), (page.large, (1600, 2263))):
        image = Image.open(io.BytesIO(picture.webp))
        assert (image.format, image.size) == ("WEBP", (picture.width, picture.height)) == ("WEBP", size)
    assert len(page.small.webp) < LOSSLESS_BYTES
    assert b"VP8L" in page.small.webp[:16]


def test_a_noisy_scan_is_compressed_with_loss() -> None:
    noise = np.random.default_rng(1).integers(150, 255, (877, 620), dtype=np.uint8)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(595, 842))
    canvas.drawImage(ImageReader(Image.fromarray(noise)), 0, 0, 595, 842)
    canvas.save()
    (page,) = render_pages(target.getvalue())
    assert b"VP8 " in page.small.webp[:16]


def test_the_worst_page_has_less_than_150_kilobytes_at_a_phones_width() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (2400, 1700, 3), dtype=np.uint8)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(595, 842))
    canvas.drawImage(ImageReader(Image.fromarray(noise)), 0, 0, 595, 842)
    canvas.save()
    (page,) = render_pages(target.getvalue())
    assert len(page.small.webp) < 150_000


@pytest.mark.parametrize("number", [3, 30, 57])
def test_the_first_page_of_a_form_has_less_than_150_kilobytes_also_scanned(number: int) -> None:
    pdf = all_forms()[number].pdf()
    for document in (pdf, scanned_pdf(pdf, scan_number(number), number)):
        assert len(render_pages(document)[0].small.webp) < 150_000


def test_what_shows_no_more_is_not_made_larger() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(100, 50))
    canvas.showPage()
    canvas.save()
    (page,) = render_pages(target.getvalue())
    assert (page.small.width, page.large) == (400, None)


@pytest.mark.parametrize(("width", "height"), [(5000, 5000), (20, 4900), (4900, 20)])
def test_an_unusual_page_stays_within_the_limits(width: int, height: int) -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(width, height))
    canvas.showPage()
    canvas.save()
    (page,) = render_pages(target.getvalue(), max_pixels=1_000_000)
    for picture in page.all:
        assert 0 < picture.width <= 1600
        assert 0 < picture.height <= 16383
        assert picture.width * picture.height <= 1_010_000
