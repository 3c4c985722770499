# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a film's images lie (PS3.3 §C.13.3): its size, its orientation, its Image Display Format. Pure.

A printer has a fixed number of dots; a screen has not. The page has as many pixels as its images need to lose nothing, up to a limit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cloudfilm.films.refusal import PrintRefused, PrintStatus

MOST_CELLS = 100
LARGEST_PAGE = 24_000_000  # pixels: a film of 14 x 17 inches at 317 dots an inch
PRINTER_DOTS = 300  # dots an inch of the printer that an image is not to be magnified on
_SHORTEST_LONG_SIDE = 1024  # pixels
_MILLIMETERS = 25.4
_FILM_SIZE = re.compile(r"(\d{1,2}(?:_\d)?)(IN|CM)X(\d{1,2}(?:_\d)?)(IN|CM)")
_PAPER = {"A4": (8.27, 11.69), "A3": (11.69, 16.54)}
_USUAL_FILM = (14.0, 17.0)
_FORMAT = re.compile(r"(STANDARD|ROW|COL)\\(\d{1,3}(?:,\d{1,3})*)")


@dataclass(frozen=True, slots=True)
class Cell:
    """Left, top, right and bottom edge of an image box, as shares of the page."""

    left: float
    top: float
    right: float
    bottom: float


def film_inches(film_size_id: str, orientation: str) -> tuple[float, float]:
    """Width and height of a film. A size that is not known is the usual one: the picture is the same."""
    match = _FILM_SIZE.fullmatch(film_size_id)
    if match:
        width, height = (_inches(match[1], match[2]), _inches(match[3], match[4]))
    else:
        width, height = _PAPER.get(film_size_id, _USUAL_FILM)
    if min(width, height) < 1:
        width, height = _USUAL_FILM
    short, long = sorted((width, height))
    return (long, short) if orientation == "LANDSCAPE" else (short, long)


def cells_of(image_display_format: str) -> tuple[Cell, ...]:
    """
    The image boxes by their position, row by row, or column by column in the format COL.

    Raises
    ------
    PrintRefused
        The format is not one of STANDARD, ROW and COL, or has more cells than a film can hold.
    """
    match = _FORMAT.fullmatch(image_display_format.strip().upper().replace(" ", ""))
    numbers = [int(number) for number in match[2].split(",")] if match else []
    if match is None or not all(numbers) or (match[1] == "STANDARD" and len(numbers) != 2):
        raise PrintRefused(
            PrintStatus.INVALID_VALUE, "Image Display Format (2010,0010): allowed are STANDARD\\C,R, ROW\\R1,R2,… and COL\\C1,C2,…"
        )
    lines = [numbers[0]] * numbers[1] if match[1] == "STANDARD" else numbers
    if sum(lines) > MOST_CELLS:
        raise PrintRefused(PrintStatus.INVALID_VALUE, f"Image Display Format (2010,0010): at most {MOST_CELLS} images on a film")
    boxes = []
    for line, images in enumerate(lines):
        for place in range(images):
            across = (place / images, (place + 1) / images)
            along = (line / len(lines), (line + 1) / len(lines))
            (left, right), (top, bottom) = (along, across) if match[1] == "COL" else (across, along)
            boxes.append(Cell(left, top, right, bottom))
    return tuple(boxes)


def dots_per_inch(inches: tuple[float, float], needed: Sequence[float]) -> float:
    """How many pixels an inch of the page has: what the images need (see `dots_needed`), within the limits of a page."""
    width, height = inches
    most = math.sqrt(LARGEST_PAGE / (width * height))
    return min(max((_SHORTEST_LONG_SIDE / max(inches), *needed)), most)


def dots_needed(cell: Cell, inches: tuple[float, float], columns: int, rows: int, width_millimeters: float | None) -> float:
    """How many pixels an inch the page needs so that this image is not made smaller."""
    if width_millimeters:
        return columns / (width_millimeters / _MILLIMETERS)
    return max(columns / ((cell.right - cell.left) * inches[0]), rows / ((cell.bottom - cell.top) * inches[1]))


def drawn_size(
    room: tuple[int, int], columns: int, rows: int, dots: float, width_millimeters: float | None, is_magnified: bool
) -> tuple[int, int]:
    """
    The pixels that an image takes in a cell of so many: as large as fits, or as large as was asked for, if that fits.

    Parameters
    ----------
    room, columns, rows
        Width and height of the cell and of the image.
    dots
        Of the page, to an inch.
    """
    fitting = min(room[0] / columns, room[1] / rows)
    scale = fitting
    if width_millimeters:
        scale = min(fitting, width_millimeters / _MILLIMETERS * dots / columns)
    elif not is_magnified:
        scale = min(fitting, dots / PRINTER_DOTS)
    return max(1, min(room[0], round(columns * scale))), max(1, min(room[1], round(rows * scale)))


def _inches(number: str, unit: str) -> float:
    value = float(number.replace("_", "."))
    return value if unit == "IN" else value / 2.54
