# SPDX-License-Identifier: AGPL-3.0-or-later
import io

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.page_images import LOSSLESS_BYTES, render_pages
from demo.report_form import make_report_pdf


def test_a_page_of_text_is_1240_pixels_wide_and_small(report: ReportFields) -> None:
    (page,) = render_pages(make_report_pdf(report))
    image = Image.open(io.BytesIO(page.webp))
    assert (image.format, image.size) == ("WEBP", (page.width, page.height)) == ("WEBP", (1240, 1754))
    assert len(page.webp) < LOSSLESS_BYTES


def test_a_noisy_scan_is_compressed_with_loss() -> None:
    noise = np.random.default_rng(1).integers(150, 255, (877, 620), dtype=np.uint8)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(595, 842))
    canvas.drawImage(ImageReader(Image.fromarray(noise)), 0, 0, 595, 842)
    canvas.save()
    (page,) = render_pages(target.getvalue())
    assert b"VP8 " in page.webp[:16]


@pytest.mark.parametrize(("width", "height"), [(5000, 5000), (20, 4900), (4900, 20)])
def test_an_unusual_page_stays_within_the_limits(width: int, height: int) -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(width, height))
    canvas.showPage()
    canvas.save()
    (page,) = render_pages(target.getvalue(), max_pixels=1_000_000)
    assert 0 < page.width <= 1240
    assert 0 < page.height <= 16383
    assert page.width * page.height <= 1_010_000
