# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report's pages as images, for screens that show no PDF."""

import io
from dataclasses import dataclass

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from PIL import Image

WIDTH = 1240  # pixels: an A4 page at 150 dpi, readable when it is enlarged on a phone
LARGEST_SCALE = 4.0  # pixels a point: a label of a few centimetres is not blown up to 1240 pixels
LARGEST_SIDE = 16383  # WebP's limit
LOSSLESS_BYTES = 300_000  # a page of text stays below; a scan does not, and shows no difference at quality 80


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as WebP; sizes in pixels, and those of the page itself in points."""

    webp: bytes
    width: int
    height: int
    width_points: float
    height_points: float


def render_pages(pdf: bytes, max_pixels: int = 8_000_000) -> tuple[PageImage, ...]:
    """
    Render every page, 1240 pixels wide at most and of `max_pixels` at most.

    Raises
    ------
    pypdfium2.PdfiumError
        When the document cannot be opened.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        return tuple(_render(document[number], max_pixels) for number in range(len(document)))
    finally:
        document.close()


def _render(page: pypdfium2.PdfPage, max_pixels: int) -> PageImage:
    width, height = page.get_size()
    scale = min(WIDTH / width, LARGEST_SCALE, LARGEST_SIDE / height, (max_pixels / (width * height)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGB")
    return PageImage(_webp(image), image.width, image.height, width, height)


def _webp(image: Image.Image) -> bytes:
    lossless, lossy = io.BytesIO(), io.BytesIO()
    image.save(lossless, "WEBP", lossless=True, method=2)
    if lossless.tell() <= LOSSLESS_BYTES:
        return lossless.getvalue()
    image.save(lossy, "WEBP", quality=80, method=2)
    return lossy.getvalue()
