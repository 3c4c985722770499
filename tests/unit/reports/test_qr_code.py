# SPDX-License-Identifier: AGPL-3.0-or-later
import io

import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cloudfilm.reports.qr_code import qr_matrix, qr_png

UPPER = "HTTPS://FILM.HOSPITAL.CN/Q/ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_an_upper_case_address_takes_a_version_3_code_and_a_mixed_one_more() -> None:
    assert len(qr_matrix(UPPER)) == 29
    assert len(qr_matrix(UPPER.lower())) > 29


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=60))
def test_the_png_reads_as_the_text(secret: str) -> None:
    text = f"HTTPS://A.CN/Q/{secret}"
    (barcode,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(text))))
    assert barcode.text == text


def test_the_png_has_a_quiet_zone_of_four_modules() -> None:
    image = Image.open(io.BytesIO(qr_png(UPPER, pixels_per_module=5))).convert("L")
    assert image.size == ((29 + 8) * 5, (29 + 8) * 5)
    assert image.point(lambda level: 255 - level).getbbox() == (20, 20, 165, 165)
