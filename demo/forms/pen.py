# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drawing text on the pages of a form: places in points from the top left corner, text lines broken as a word processor does it."""

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from demo.chinese_lines import chinese_lines

PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT, BOTTOM = 46.0, PAGE_WIDTH - 46.0, PAGE_HEIGHT - 60.0
FONTS = ("WenQuanYi", "STSong-Light")  # embedded TrueType; a name that every viewer replaces by a Song font of its own
_TRUETYPE = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"


def _register(font: str) -> None:
    if font not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(font) if font == "STSong-Light" else TTFont(font, _TRUETYPE))


@dataclass
class Pen:
    """A canvas, one font, and the height down to which the page is filled."""

    font: str = FONTS[0]
    size: float = 10.5
    y: float = 50.0
    page: int = 1
    header: Callable[["Pen"], None] | None = None
    footer: Callable[["Pen"], None] | None = None
    _target: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        _register(self.font)
        self.canvas = Canvas(self._target, pagesize=A4, pageCompression=1, invariant=1)

    def width(self, text: str, size: float | None = None) -> float:
        """Of a text, in points."""
        return float(pdfmetrics.stringWidth(text, self.font, size or self.size))

    def text(
        self, x: float, y: float, text: str, size: float | None = None, align: str = "left", bold: bool = False, room: float | None = None
    ) -> float:
        """Draw with the baseline at `y`, smaller where it would be wider than `room`; returns where the text ends."""
        size = size or self.size
        if room and self.width(text, size) > room:
            size *= room / self.width(text, size)
        x -= {"left": 0.0, "centre": self.width(text, size) / 2, "right": self.width(text, size)}[align]
        self.canvas.saveState()
        self.canvas.setFont(self.font, size)
        self.canvas.setLineWidth(size / 45)
        self.canvas.drawString(x, PAGE_HEIGHT - y, text, mode=2 if bold else 0)
        self.canvas.restoreState()
        return x + self.width(text, size)

    def rule(self, y: float, left: float = LEFT, right: float = RIGHT, width: float = 0.7) -> None:
        """A horizontal line."""
        self.canvas.setLineWidth(width)
        self.canvas.line(left, PAGE_HEIGHT - y, right, PAGE_HEIGHT - y)

    def box(self, left: float, top: float, width: float, height: float, fill: float | None = None) -> None:
        """A rectangle, filled with a grey level where one is given."""
        self.canvas.setLineWidth(0.6)
        if fill is not None:
            self.canvas.setFillGray(fill)
        self.canvas.rect(left, PAGE_HEIGHT - top - height, width, height, stroke=1, fill=int(fill is not None))
        self.canvas.setFillGray(0)

    def image(self, picture: ImageReader, left: float, top: float, width: float, height: float) -> None:
        """A picture; its own transparency is kept."""
        self.canvas.drawImage(picture, left, PAGE_HEIGHT - top - height, width, height, mask="auto")

    def broken(self, text: str, width: float, size: float | None = None, indent: str = "　　") -> list[str]:
        """The paragraphs of a text as lines; a numbered paragraph is not indented."""
        lines: list[str] = []
        for paragraph in text.splitlines():
            lead = "" if paragraph[:1].isdigit() else indent
            lines += chinese_lines(lead + paragraph, width, lambda line: self.width(line, size))
        return lines

    def lines(self, lines: Sequence[str], x: float, leading: float = 17.0, size: float | None = None) -> None:
        """Lines one below the other, on as many pages as they need."""
        for line in lines:
            self.room(leading)
            self.y += leading
            self.text(x, self.y, line, size)

    def room(self, height: float) -> None:
        """Begin a new page where so much room is not left."""
        if self.y + height > BOTTOM - 30:
            self.new_page()

    def new_page(self) -> None:
        """Finish the page with its footer and begin the next one with the repeated header."""
        if self.footer:
            self.footer(self)
        self.canvas.showPage()
        self.page, self.y = self.page + 1, 50.0
        if self.header:
            self.header(self)

    def finish(self) -> bytes:
        """The PDF."""
        if self.footer:
            self.footer(self)
        self.canvas.save()
        return self._target.getvalue()


def scribble(pen: Pen, x: float, y: float, random_of: random.Random) -> None:
    """A signature by hand."""
    path = pen.canvas.beginPath()
    path.moveTo(x, PAGE_HEIGHT - y)
    for step in range(5):
        points = [(x + 12 * step + random_of.uniform(0, 14), PAGE_HEIGHT - y + random_of.uniform(-6, 12)) for _ in range(3)]
        path.curveTo(*points[0], *points[1], *points[2])
    pen.canvas.saveState()
    pen.canvas.setStrokeColorRGB(0.1, 0.1, 0.35)
    pen.canvas.setLineWidth(1.1)
    pen.canvas.drawPath(path, stroke=1, fill=0)
    pen.canvas.restoreState()


def red_seal(pen: Pen, x: float, y: float, text: str) -> None:
    """A round red seal with a star and a line of text."""
    canvas = pen.canvas
    canvas.saveState()
    canvas.setStrokeColorRGB(0.8, 0.1, 0.1)
    canvas.setFillColorRGB(0.8, 0.1, 0.1)
    canvas.setLineWidth(1.8)
    canvas.circle(x, PAGE_HEIGHT - y, 34)
    canvas.setFont(pen.font, 7)
    canvas.drawCentredString(x, PAGE_HEIGHT - y - 20, text)
    star = canvas.beginPath()
    star.moveTo(x, PAGE_HEIGHT - y + 14)
    for dx, dy in ((4, -10), (-10, 6), (12, 0), (-10, -6)):
        star.lineTo(x + dx, PAGE_HEIGHT - y + 6 + dy)
    canvas.drawPath(star, stroke=0, fill=1)
    canvas.restoreState()


def gray_picture(seed: int, width: int = 160, height: int = 120) -> ImageReader:
    """Something like an ultrasound or endoscopy image."""
    noise = np.random.default_rng(seed).normal(90, 40, (height, width))
    y, x = np.mgrid[0:height, 0:width]
    fan = (np.hypot(x - width / 2, y + 20) < height) & (abs(x - width / 2) < y + 30)
    return ImageReader(Image.fromarray(np.where(fan, noise.clip(0, 255), 8).astype(np.uint8)))
