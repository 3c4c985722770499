# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a document carries a certain QR code already: a system that reserved it may have put it on the page itself."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pypdfium2  # type: ignore[import-untyped, unused-ignore]

# OpenCV's two detectors each miss a code now and then that is found at another size.
_RESOLUTIONS = (150, 100, 200)  # dpi
_LARGEST_PICTURE = 6_000_000  # pixels
_MOST_PAGES = 4


def carries_code(pdf: bytes, secret_sha256: str) -> bool:
    """
    Look for the code on the first pages.

    Parameters
    ----------
    secret_sha256
        In hex, of the secret in upper case, which is all that is known of it once the paper has left.
    """
    cv2.setNumThreads(1)
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        return any(_is_on(document[number], secret_sha256) for number in range(min(len(document), _MOST_PAGES)))
    finally:
        document.close()


def _is_on(page: pypdfium2.PdfPage, secret_sha256: str) -> bool:
    for dpi in _RESOLUTIONS:
        width, height = page.get_size()
        scale = min(dpi / 72, (_LARGEST_PICTURE / (width * height)) ** 0.5)
        gray = np.asarray(page.render(scale=scale).to_pil().convert("L"), dtype=np.uint8)
        for detector in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
            found, texts, _, _ = detector.detectAndDecodeMulti(gray)
            if found and any(_secret_hash(text) == secret_sha256 for text in texts):
                return True
    return False


def _secret_hash(text: str) -> str:
    secret = text.strip().upper().rstrip("/").rpartition("/Q/")[2]
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
