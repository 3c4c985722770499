# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is printed on a report: the QR code, under it the access code, and what to do with them."""

import io
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.qr_code import QUIET_ZONE, qr_matrix

SMALLEST_MODULE_MM = 0.6  # smaller ones are not read from a printed page by every phone
CODE_SIZE, CAPTION_SIZE, LEADING = 10.0, 7.5, 1.3
_CHINESE_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")  # Debian's fonts-wqy-microhei; it is embedded in what we print
_FONT_NAME = "CloudFilmStamp"
DEFAULT_CAPTION = ("扫码查看影像和报告",)


@dataclass(frozen=True, slots=True)
class Stamp:
    """
    What to print on a report.

    Attributes
    ----------
    url
        What the QR code opens. In upper case it takes fewer modules.
    access_code
        As it is typed, for example 7K3M-9QXF-2T8B.
    caption_lines
        What stands under the code.
    size_mm
        The side of the QR code with its quiet zone. It is printed larger where modules would be smaller than 0.6 mm.
    corner
        Where on the page, if there is room: one of `cloudfilm.reports.placement.CORNERS`.
    """

    url: str
    access_code: str
    caption_lines: tuple[str, ...] = DEFAULT_CAPTION
    size_mm: float = 25.0
    corner: str = "top-right"


@dataclass(frozen=True, slots=True)
class StampDrawing:
    """A stamp as a PDF page of its own, exactly as large as the stamp; sizes in points."""

    pdf: bytes
    width: float
    height: float


def draw_stamp(stamp: Stamp) -> StampDrawing:
    """Draw a stamp as vectors on white."""
    matrix = qr_matrix(stamp.url)
    modules = len(matrix) + 2 * QUIET_ZONE
    width = max(stamp.size_mm, SMALLEST_MODULE_MM * modules) * mm
    font = _font()
    code_size = _fitting(stamp.access_code, font, CODE_SIZE, width)
    caption_sizes = [_fitting(line, font, CAPTION_SIZE, width) for line in stamp.caption_lines]
    height = width + LEADING * (code_size + sum(caption_sizes)) + 2
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(width, height), pageCompression=1, invariant=1)
    canvas.setFillGray(1)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.setFillGray(0)
    _draw_modules(canvas, matrix, height, width / modules)
    y = height - width - code_size
    _draw_centred(canvas, stamp.access_code, font, code_size, width, y)
    for line, size in zip(stamp.caption_lines, caption_sizes, strict=True):
        y -= LEADING * size
        _draw_centred(canvas, line, font, size, width, y)
    canvas.save()
    return StampDrawing(target.getvalue(), width, height)


def _draw_modules(canvas: Canvas, matrix: tuple[tuple[bool, ...], ...], top: float, module: float) -> None:
    """All dark modules as one path, each run of a row as one rectangle: no hairlines between them in any viewer."""
    path = canvas.beginPath()
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                path.rect((x + QUIET_ZONE) * module, top - (y + QUIET_ZONE + 1) * module, (end - x) * module, module)
            x = end + 1
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_centred(canvas: Canvas, text: str, font: str, size: float, width: float, y: float) -> None:
    canvas.setFont(font, size)
    canvas.drawString((width - pdfmetrics.stringWidth(text, font, size)) / 2, y, text)


def _fitting(text: str, font: str, size: float, width: float) -> float:
    """The size at which the text fits into the width, at most `size`."""
    natural = pdfmetrics.stringWidth(text, font, size)
    return size if natural <= width else size * width / natural


def _font() -> str:
    """A font with Chinese characters where there is one; else Helvetica, in which the codes stay readable."""
    if _FONT_NAME in pdfmetrics.getRegisteredFontNames():
        return _FONT_NAME
    if not _CHINESE_FONT.exists():
        return "Helvetica"
    pdfmetrics.registerFont(TTFont(_FONT_NAME, str(_CHINESE_FONT)))
    return _FONT_NAME
