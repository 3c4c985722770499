# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where on a page there is room."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CORNERS = ("top-right", "bottom-right", "top-left", "bottom-left")
_LARGEST_CLEARANCE, _SMALLEST_CLEARANCE = 8, 2  # pixels between the box and any ink
_PIXELS_PER_CLEARANCE = 3.0  # how far from the corner the box may move for a pixel more of clearance
_INK_CONTRAST = 20  # grey levels below the paper
_DARKEST_PAPER = 160
_NEAR = 0.25  # of the page: so far from a corner is still in it, and better than the middle of the page beside another one


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels from the top left corner."""

    left: int
    top: int
    width: int
    height: int


def find_blank_box(gray: NDArray[np.uint8], width: int, height: int, margin: int, corner: str = "top-right") -> Box | None:
    """
    Find a blank place on a page: in the wanted corner, else in another, else in the quarter of the page around one.

    Parameters
    ----------
    gray
        The page, rendered small (36 dpi is enough): rows of grey levels.
    width, height
        The size of the box in pixels.
    margin
        How near to the page's edge the box may be, in pixels: a printer does not print there.
    corner
        One of `CORNERS`.

    Returns
    -------
    Box or None
        `None` when nowhere on the page a box of this size is blank.
    """
    if corner not in CORNERS:
        raise ValueError(f"no corner {corner!r}; there are {', '.join(CORNERS)}")
    clearance = _clearances(gray, width, height, margin)
    if clearance is None:
        return None
    columns_of_text = _within_text(gray, width, margin, clearance.shape[1])
    everywhere = np.ones_like(columns_of_text)
    for reach, columns in ((_NEAR, columns_of_text), (_NEAR, everywhere), (0.5, everywhere)):
        for name in (corner, *(other for other in CORNERS if other != corner)):
            place = _nearest(np.where(columns[None, :], clearance, 0), name, reach)
            if place:
                return Box(place[0] + margin, place[1] + margin, width, height)
    return None


def _nearest(clearance: NDArray[np.int64], corner: str, reach: float) -> tuple[int, int] | None:
    """The best place, as (column, row), within `reach` of the page from the corner; clearance makes up for some distance."""
    rows, columns = clearance.shape
    down = np.arange(rows) if corner.startswith("top") else np.arange(rows)[::-1]
    across = np.arange(columns)[::-1] if corner.endswith("right") else np.arange(columns)
    is_possible = (clearance > 0) & (down[:, None] <= rows * reach) & (across[None, :] <= columns * reach)
    cost = np.where(is_possible, np.hypot(down[:, None], across[None, :]) - _PIXELS_PER_CLEARANCE * clearance, np.inf)
    row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return (int(column), int(row)) if np.isfinite(cost[row, column]) else None


def _within_text(gray: NDArray[np.uint8], width: int, margin: int, places: int) -> NDArray[np.bool_]:
    """The places across the page where the box stands no further out than what is printed: there it looks as if it belonged to the form."""
    inked = np.flatnonzero(_ink(gray).any(axis=0))
    if not inked.size:
        return np.ones(places, dtype=np.bool_)
    left = np.arange(places) + margin
    return np.asarray((left >= inked[0]) & (left + width <= inked[-1] + 1), dtype=np.bool_)


def _ink(gray: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whatever is not paper. A page that is dark all over has none: its blank parts are part of a picture."""
    paper = int(np.percentile(gray, 90))
    return gray < max(paper - _INK_CONTRAST, _DARKEST_PAPER)


def _clearances(gray: NDArray[np.uint8], width: int, height: int, margin: int) -> NDArray[np.int64] | None:
    """For each place of the box's top left corner inside the margins, the blank pixels around it; 0 where it does not fit."""
    rows, columns = gray.shape[0] - 2 * margin - height + 1, gray.shape[1] - 2 * margin - width + 1
    if rows <= 0 or columns <= 0:
        return None
    padded = np.pad(_ink(gray), _LARGEST_CLEARANCE)
    integral = np.pad(np.cumsum(np.cumsum(padded, axis=0, dtype=np.int64), axis=1), ((1, 0), (1, 0)))
    clearance = np.zeros((rows, columns), dtype=np.int64)
    for pixels in range(_SMALLEST_CLEARANCE, _LARGEST_CLEARANCE + 1):
        first = _LARGEST_CLEARANCE + margin - pixels
        top, bottom = slice(first, first + rows), slice(first + height + 2 * pixels, first + height + 2 * pixels + rows)
        left, right = slice(first, first + columns), slice(first + width + 2 * pixels, first + width + 2 * pixels + columns)
        ink = integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
        clearance[ink == 0] = pixels
    return clearance
