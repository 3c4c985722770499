# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text that a PDF carries: as a stream in drawing order, and as characters with their places on the page."""

import ctypes
import math
from collections import Counter
from dataclasses import dataclass, replace

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped, unused-ignore]

from cloudfilm.reports.radicals import without_radicals

# PdfTextPage gives these where a word was broken at a line's end: the hyphen is on the paper.
_BROKEN_WORD_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})
_STEPS_PER_POINT = 100


@dataclass(frozen=True, slots=True)
class Character:
    """
    One visible character and its box, in points from the top left corner of the page as it is displayed.

    `score` is how sure the reader is of it, 0 to 1: less than 1 only where it was recognised in a picture.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class PageText:
    """
    The text of one page.

    Attributes
    ----------
    stream
        The text in the order in which it was drawn, lines ending with a newline.
    characters
        The same text as boxes, in the same order, without the spaces and without what lies off the page.
    width_points, height_points
        The page as it is read: as it is displayed, after CropBox and Rotate, unless its text runs down or up.
    is_picture
        Whether the text was recognised in a picture of the page.
    skew
        The angle in radians, clockwise on the page, by which the picture lay askew, or the text runs: whole quarters where it is displayed on its
        side. The characters stand where they would without it.
    """

    stream: str
    characters: tuple[Character, ...]
    width_points: float
    height_points: float
    is_picture: bool = False
    skew: float = 0.0

    @property
    def displayed_size(self) -> tuple[float, float]:
        """Width and height of the page as it is displayed, in points: where its text runs down or up, not those in which it is read."""
        is_on_its_side = abs(math.sin(self.skew)) > abs(math.cos(self.skew))
        return (self.height_points, self.width_points) if is_on_its_side else (self.width_points, self.height_points)


def read_text_layer(pdf: bytes) -> tuple[PageText, ...]:
    """
    Read the text of every page.

    Radicals are replaced by ordinary characters; punctuation, superscripts and widths stay as the doctor wrote them.

    Raises
    ------
    pypdfium2.PdfiumError
        When the document cannot be opened.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        return tuple(_page_text(document[number]) for number in range(len(document)))
    finally:
        document.close()


def _page_text(page: pypdfium2.PdfPage) -> PageText:
    width, height = page.get_size()
    text_page = page.get_textpage()
    stream = text_page.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
    characters = tuple(
        character for index in range(text_page.count_chars()) if (character := _character(page, text_page, index, (width, height)))
    )
    quarters = _quarters(page, text_page)
    if quarters % 2:
        width, height = height, width
    upright = tuple(_turned(character, quarters, (width, height)) for character in characters)
    return PageText(_readable(stream) if characters else "", upright, width, height, skew=quarters * math.pi / 2)


def _quarters(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> int:
    """How many quarters clockwise most of the text is turned as the page is displayed: printers' drivers turn wide forms onto upright paper."""
    angles = (pdfium.FPDFText_GetCharAngle(text_page, index) for index in range(text_page.count_chars()))
    counts = Counter(round(angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
    if not counts:
        return 0
    most = max(counts, key=lambda turn: counts[turn])
    return int(most + page.get_rotation() // 90) % 4


def _turned(one: Character, quarters: int, size: tuple[float, float]) -> Character:
    """Where a character stands once the page is turned back by so many quarters; ``size`` is the page's after that."""
    width, height = size
    left, top, right, bottom = (
        (one.left, one.top, one.right, one.bottom),
        (one.top, height - one.right, one.bottom, height - one.left),
        (width - one.right, height - one.bottom, width - one.left, height - one.top),
        (width - one.bottom, one.left, width - one.top, one.right),
    )[quarters]
    return replace(one, left=left, top=top, right=right, bottom=bottom)


def _readable(text: str) -> str:
    return without_radicals(text.translate(_BROKEN_WORD_HYPHENS).replace("\xa0", " ").replace("\0", ""))


def _character(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, index: int, size: tuple[float, float]) -> Character | None:
    code = pdfium.FPDFText_GetUnicode(text_page, index)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return None
    text = _readable(chr(code))
    if not text.strip() or pdfium.FPDFText_IsGenerated(text_page, index) == 1:
        return None
    if _is_invisible(text_page, index):
        return None
    left, bottom, right, top = text_page.get_charbox(index, loose=True)
    first, second = _displayed(page, left, bottom, size), _displayed(page, right, top, size)
    left, right = sorted((first[0], second[0]))
    top, bottom = sorted((first[1], second[1]))
    is_on_page = 0 <= (left + right) / 2 <= size[0] and 0 <= (top + bottom) / 2 <= size[1]
    return Character(text, left, top, right, bottom) if is_on_page else None


def _is_invisible(text_page: pypdfium2.PdfTextPage, index: int) -> bool:
    """Text that a scanner's software laid unseen over a picture (text rendering mode 3, ISO 32000-1 §9.3.6): its guess, not the paper's word."""
    drawn = pdfium.FPDFText_GetTextObject(text_page, index)
    return bool(drawn) and pdfium.FPDFTextObj_GetTextRenderMode(drawn) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE


def _displayed(page: pypdfium2.PdfPage, x: float, y: float, size: tuple[float, float]) -> tuple[float, float]:
    """A point of the page's own space where it is displayed; pdfium knows about CropBox and Rotate."""
    across, down = ctypes.c_int(), ctypes.c_int()
    pixels = (round(size[0] * _STEPS_PER_POINT), round(size[1] * _STEPS_PER_POINT))
    pdfium.FPDF_PageToDevice(page, 0, 0, *pixels, 0, x, y, across, down)
    return across.value / _STEPS_PER_POINT, down.value / _STEPS_PER_POINT
