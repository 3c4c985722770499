# SPDX-License-Identifier: AGPL-3.0-or-later
"""One film as one picture: its images laid out as they would be printed, its annotations below. Pure but for the font's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cloudfilm.films.density import DensityRange
from cloudfilm.films.layout import Cell, dots_needed, dots_per_inch, drawn_size, film_inches
from cloudfilm.films.picture import Picture, PresentationLut, p_values

_FONT_FILE = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
_ANNOTATION_INCHES = 0.25
_RESAMPLING = {
    "REPLICATE": Image.Resampling.NEAREST,
    "BILINEAR": Image.Resampling.BILINEAR,
    "CUBIC": Image.Resampling.BICUBIC,
    "NONE": Image.Resampling.BICUBIC,
}
_WHITE = 255


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """
    One image and how it is to be printed.

    Attributes
    ----------
    magnification
        REPLICATE, BILINEAR, CUBIC or NONE (2010,0060).
    width_millimeters
        Requested Image Size (2020,0030).
    """

    picture: Picture
    lut: PresentationLut = field(default_factory=PresentationLut)
    magnification: str = "CUBIC"
    width_millimeters: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """
    One film.

    Attributes
    ----------
    cells, pictures
        Where images may be, and those that are there, by the place of their cell.
    border, empty
        Border Density (2010,0100) and Empty Image Density (2010,0110): BLACK, WHITE or hundredths of an optical density.
    has_trim
        A line around each image (2010,0140).
    annotations
        Lines below the images, in order.
    """

    film_size_id: str
    orientation: str
    cells: tuple[Cell, ...]
    pictures: Mapping[int, PlacedPicture]
    densities: DensityRange = field(default_factory=DensityRange)
    border: str = "BLACK"
    empty: str = "BLACK"
    has_trim: bool = False
    annotations: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """The picture, mode L or RGB, and where on it each image lies: left, top, right, bottom in pixels."""

    image: Image.Image
    boxes: tuple[tuple[int, int, int, int], ...]


def draw(page: Page) -> DrawnPage:
    """Lay the film out."""
    inches = film_inches(page.film_size_id, page.orientation)
    sizes = {place: _size(one.picture) for place, one in page.pictures.items()}
    dots = dots_per_inch(
        inches, [dots_needed(page.cells[place], inches, *sizes[place], one.width_millimeters) for place, one in page.pictures.items()]
    )
    width, height = round(inches[0] * dots), round(inches[1] * dots)
    mode = "RGB" if any(one.picture.is_colour for one in page.pictures.values()) else "L"
    lines = [line for line in page.annotations if line.strip()]
    strip = round(_ANNOTATION_INCHES * dots) * len(lines)
    image = Image.new(mode, (width, height + strip), _colour(_grey(page.border, page.densities), mode))
    ruler = ImageDraw.Draw(image)
    linear = page.densities.linear_table(4096)
    boxes = []
    for place, cell in enumerate(page.cells):
        left, top, right, bottom = (
            round(cell.left * width),
            round(cell.top * height),
            round(cell.right * width),
            round(cell.bottom * height),
        )
        if place not in page.pictures:
            ruler.rectangle((left, top, right - 1, bottom - 1), fill=_colour(_grey(page.empty, page.densities), mode))
            continue
        one = page.pictures[place]
        size = drawn_size((right - left, bottom - top), *sizes[place], dots, one.width_millimeters, one.magnification != "NONE")
        corner = (left + (right - left - size[0]) // 2, top + (bottom - top - size[1]) // 2)
        image.paste(_drawn(p_values(one.picture, one.lut, linear), size, one.magnification), corner)
        box = (*corner, corner[0] + size[0], corner[1] + size[1])
        boxes.append(box)
        if page.has_trim:
            ruler.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=_colour(_WHITE - _grey(page.border, page.densities), mode))
    _annotate(ruler, lines, height, strip, _colour(_WHITE - _grey(page.border, page.densities), mode))
    return DrawnPage(image, tuple(boxes))


def _drawn(values: NDArray[np.uint8], size: tuple[int, int], magnification: str) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(values))
    return image if image.size == size else image.resize(size, _RESAMPLING.get(magnification, Image.Resampling.BICUBIC))


def _annotate(ruler: ImageDraw.ImageDraw, lines: Sequence[str], height: int, strip: int, colour: int | tuple[int, ...]) -> None:
    for number, line in enumerate(lines):
        room = strip // len(lines)
        ruler.text((room // 3, height + number * room + room // 6), line[:200], fill=colour, font=_font(max(8, room * 2 // 3)))


@cache
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT_FILE, pixels)


def _size(picture: Picture) -> tuple[int, int]:
    """Columns and rows of square pixels: none is lost."""
    rows, columns = picture.values.shape[:2]
    return (columns, round(rows * picture.aspect)) if picture.aspect >= 1 else (round(columns / picture.aspect), rows)


def _grey(density: str, densities: DensityRange) -> int:
    if density == "WHITE":
        return _WHITE
    if density.isdigit() and len(density) <= 4:
        return int(densities.p_values(np.array([int(density) / 100]))[0])
    return 0


def _colour(grey: int, mode: str) -> int | tuple[int, ...]:
    return (grey, grey, grey) if mode == "RGB" else grey
