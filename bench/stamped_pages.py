# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looking at stamped copies: does the code decode from a bad scan, and does it cover anything that was printed?"""

import numpy as np
import pypdfium2  # type: ignore[import-untyped, unused-ignore]
import zxingcpp
from numpy.typing import NDArray

from demo.forms.scan import Scan, scanned_page

BAD_SCAN = Scan(dpi=150, skew=2.0, noise=0.0, blur=0.0, quality=40)
_INK = 70  # grey levels below the paper
_SCALE = 2.0


def decodes(stamped_pdf: bytes, url: str) -> bool:
    """Whether some page's code is read, as a grey picture of 150 dpi, 2 degrees askew, at JPEG quality 40."""
    document = pypdfium2.PdfDocument(stamped_pdf)
    try:
        pages = [scanned_page(document[number], BAD_SCAN) for number in range(len(document))]
        return [barcode.text for page in pages for barcode in zxingcpp.read_barcodes(page)] == [url]
    finally:
        document.close()


def covers_ink(original_pdf: bytes, stamped_pdf: bytes) -> bool:
    """Whether anything was printed in the rectangle in which the first page was changed."""
    before, after = _gray(original_pdf), _gray(stamped_pdf)
    changed = np.abs(before.astype(np.int16) - after.astype(np.int16)) > 2
    if not changed.any():
        return False
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    under = before[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return bool((under < np.percentile(before, 90) - _INK).any())


def _gray(pdf: bytes) -> NDArray[np.uint8]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.asarray(document[0].render(scale=_SCALE).to_pil().convert("L"), dtype=np.uint8)
    finally:
        document.close()
