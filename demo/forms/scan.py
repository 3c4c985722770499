# SPDX-License-Identifier: AGPL-3.0-or-later
"""A scanner: prints a form and scans it, askew, grey, a little blurred and noisy, as JPEG; the result is a PDF of pictures without any text."""

import io
import random
from dataclasses import dataclass

import numpy as np
import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Scan:
    """
    How a page is scanned.

    Attributes
    ----------
    dpi
        Dots per inch.
    skew
        Degrees, anticlockwise; 2 is as askew as a feeder pulls a sheet.
    noise
        Standard deviation in grey levels.
    blur
        Radius of a Gaussian in pixels at 150 dpi.
    quality
        Of the JPEG.
    """

    dpi: int = 150
    skew: float = 2.0
    noise: float = 6.0
    blur: float = 0.4
    quality: int = 40


def scan_number(number: int) -> Scan:
    """The scan of the form with this number: 150, 200 and 300 dpi in turn, up to 2 degrees askew, more or less noisy."""
    random_of = random.Random(f"scan {number}")
    return Scan((150, 200, 300)[number % 3], random_of.uniform(-2, 2), random_of.uniform(2, 8), random_of.uniform(0.2, 0.6), 40)


def scanned_page(page: pypdfium2.PdfPage, scan: Scan, seed: int = 0) -> Image.Image:
    """One page as the scanner sees it, in grey levels."""
    gray = page.render(scale=scan.dpi / 72).to_pil().convert("L")
    turned = gray.rotate(scan.skew, Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(scan.blur * scan.dpi / 150))
    noise = np.random.default_rng(seed).normal(0, scan.noise, (turned.height, turned.width))
    # Paper is a little grey, ink is not quite black.
    pixels = np.asarray(turned, dtype=np.float32) * 0.88 + 22 + noise
    target = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(target, "JPEG", quality=scan.quality)
    return Image.open(target)


def scanned_pdf(pdf: bytes, scan: Scan, seed: int = 0) -> bytes:
    """The document printed and scanned again."""
    document = pypdfium2.PdfDocument(pdf)
    target = io.BytesIO()
    canvas = Canvas(target, pageCompression=1, invariant=1)
    for number in range(len(document)):
        width, height = document.get_page_size(number)
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(scanned_page(document[number], scan, seed + number)), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    document.close()
    return target.getvalue()
