# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report's pages as images, for screens that show no PDF."""

import io
from dataclasses import dataclass

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from PIL import Image

WIDTH = 780  # pixels: a phone's screen
LARGE_WIDTH = 1600  # an A4 page at 194 dpi: for desktops, and for a phone when the page is enlarged
LARGEST_SCALE = 4.0  # pixels a point: a label of a few centimetres is not blown up
LARGEST_SIDE = 16383  # WebP's limit
LOSSLESS_BYTES = 120_000  # a page of text stays below; a scan does not, and shows no difference at quality 80
MOST_BYTES = 150_000  # of a page at a phone's width
QUALITIES = (80, 65, 50, 35)
_WORTH_WHILE = 1.2


@dataclass(frozen=True, slots=True)
class PageImage:
    """A picture of a page as WebP; sizes in pixels."""

    webp: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PageImages:
    """One page at a phone's width, and larger where that shows more; its own size in points."""

    small: PageImage
    large: PageImage | None
    width_points: float
    height_points: float

    @property
    def all(self) -> tuple[PageImage, ...]:
        """The pictures that there are."""
        return (self.small, self.large) if self.large else (self.small,)


def render_pages(pdf: bytes, max_pixels: int = 8_000_000) -> tuple[PageImages, ...]:
    """
    Render every page, of `max_pixels` at most.

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


def _render(page: pypdfium2.PdfPage, max_pixels: int) -> PageImages:
    small, large = _picture(page, WIDTH, max_pixels), _picture(page, LARGE_WIDTH, max_pixels)
    is_worth_while = large.width > _WORTH_WHILE * small.width
    return PageImages(
        PageImage(_small_webp(small), *small.size),
        PageImage(_with_loss(large, QUALITIES[0]), *large.size) if is_worth_while else None,
        *page.get_size(),
    )


def _picture(page: pypdfium2.PdfPage, wanted_width: int, max_pixels: int) -> Image.Image:
    width, height = page.get_size()
    scale = min(wanted_width / width, LARGEST_SCALE, LARGEST_SIDE / height, (max_pixels / (width * height)) ** 0.5)
    image: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    return image


def _small_webp(image: Image.Image) -> bytes:
    lossless = io.BytesIO()
    image.save(lossless, "WEBP", lossless=True, method=2)
    if lossless.tell() <= LOSSLESS_BYTES:
        return lossless.getvalue()
    for quality in QUALITIES:
        webp = _with_loss(image, quality)
        if len(webp) <= MOST_BYTES:
            return webp
    # Noise all over, as of a scanner that is broken: a blur of it tells as much.
    for divisor in (2, 4, 8):
        blurred = image.resize((max(image.width // divisor, 1), max(image.height // divisor, 1)))
        webp = _with_loss(blurred.resize(image.size, Image.Resampling.BILINEAR), QUALITIES[-1])
        if len(webp) <= MOST_BYTES:
            break
    return webp


def _with_loss(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    image.save(target, "WEBP", quality=quality, method=2)
    return target.getvalue()
