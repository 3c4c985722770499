# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is printed on a report: the QR code, under it the access code, and what to do with them."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.qr_code import QUIET_ZONE, qr_matrix

SMALLEST_MODULE_MM = 0.6  # smaller ones are not read from a printed page by every phone
CODE_SIZE, CAPTION_SIZE, SMALL_CAPTION_SIZE, LEADING = 10.0, 7.5, 6.0, 1.3
_SMALLEST = 5.5  # points; smaller Chinese characters are not read from an office printer's page
_MOST_LARGE_LINES = 2  # a longer caption is printed small
_WORD = re.compile(r"[!-~]+ ?|.[，。、；：！？）》”]*")  # what stays on one line
_CHINESE_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")  # Debian's fonts-wqy-microhei; it is embedded in what we print
_FONT_NAME = "CloudFilmStamp"
DEFAULT_CAPTION = ("扫码查看影像和报告",)


def address_line(public_url: str) -> str:
    """Where the access code can be typed."""
    return f"网址 {urlsplit(public_url).netloc.lower()}"


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
        What stands under the code; each is broken where it is too long.
    address
        The last line: where the access code can be typed. It is left out where the stamp would not fit into the wanted corner with it.
    size_mm
        The side of the QR code with its quiet zone. It is printed larger where modules would be smaller than 0.6 mm.
    corner
        Where on the page, if there is room: one of `cloudfilm.reports.placement.CORNERS`.
    """

    url: str
    access_code: str
    caption_lines: tuple[str, ...] = DEFAULT_CAPTION
    address: str = ""
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
    written = (*stamp.caption_lines, *((stamp.address,) if stamp.address else ()))
    lines = [line for caption in written for line in _broken(caption, font, width)]
    height = width + LEADING * (code_size + sum(size for _, size in lines)) + 2
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(width, height), pageCompression=1, invariant=1)
    canvas.setFillGray(1)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.setFillGray(0)
    _draw_modules(canvas, matrix, height, width / modules)
    y = height - width - code_size
    _draw_centred(canvas, stamp.access_code, font, code_size, width, y)
    for line, size in lines:
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


def _broken(text: str, font: str, width: float) -> list[tuple[str, float]]:
    """The lines of a caption with their size: one that is a little too long is made smaller, a longer one is broken; an address stays in one piece."""
    if (fitting := _fitting(text, font, CAPTION_SIZE, width)) >= _SMALLEST:
        return [(text, fitting)]
    lines = _lines(text, font, width, CAPTION_SIZE)
    size = CAPTION_SIZE if len(lines) <= _MOST_LARGE_LINES else SMALL_CAPTION_SIZE
    return [(line, _fitting(line, font, size, width)) for line in _lines(text, font, width, size)]


def _lines(text: str, font: str, width: float, size: float) -> list[str]:
    lines = [""]
    for word in _WORD.findall(text):
        if lines[-1] and pdfmetrics.stringWidth(lines[-1] + word.rstrip(), font, size) > width:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines if line.strip()]


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
