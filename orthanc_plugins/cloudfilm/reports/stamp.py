# SPDX-License-Identifier: AGPL-3.0-or-later
"""The stamped copy of a report: the original with the QR code in a blank part of its first page.

The stamp is turned to fit the page, not the page to fit the stamp: what was drawn, and the seals and signatures that lie on it as annotations,
stay exactly where they were.
"""

import io
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray
from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.generic import RectangleObject
from reportlab.lib.units import mm

from cloudfilm.reports.placement import Box, find_blank_box
from cloudfilm.reports.stamp_drawing import Stamp, StampDrawing, draw_stamp

__all__ = ["Stamp", "stamp"]

_POINTS_PER_PIXEL = 2.0  # a page is searched for room at 36 dpi
_EDGE = 6 * mm  # nothing is stamped nearer to the paper's edge: printers leave it white


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of a page that is displayed, in the page's own space (points), and how it is turned (degrees clockwise)."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def displayed_height(self) -> float:
        return self.right - self.left if self.rotation in (90, 270) else self.top - self.bottom

    def placed(self, x: float, y: float) -> Transformation:
        """What brings a drawing to (x, y), points from the lower left corner of the page as it is displayed."""
        turned = {
            0: (1.0, 0.0, 0.0, 1.0, self.left, self.bottom),
            90: (0.0, 1.0, -1.0, 0.0, self.right, self.bottom),
            180: (-1.0, 0.0, 0.0, -1.0, self.right, self.top),
            270: (0.0, -1.0, 1.0, 0.0, self.left, self.top),
        }[self.rotation]
        return Transformation().translate(x, y).transform(Transformation(turned))


def stamp(original_pdf: bytes, stamp: Stamp) -> bytes:
    """
    Print a stamp on a copy of a report.

    It goes to the first page, into a blank place as near as possible to the wanted corner; where no place is blank, onto a page of its own
    at the end. Text, annotations and the other pages are not changed.

    Raises
    ------
    pypdf.errors.PyPdfError, pypdfium2.PdfiumError
        When the document cannot be opened.
    """
    drawing, box = _placed(original_pdf, stamp)
    reader = PdfReader(io.BytesIO(original_pdf))
    if reader.is_encrypted:
        reader.decrypt("")
    writer = PdfWriter(clone_from=reader)
    overlay = PdfReader(io.BytesIO(drawing.pdf)).pages[0]
    page = writer.pages[0]
    frame = _frame(page)
    if box is None:
        page = writer.add_blank_page(
            max(frame.right - frame.left, drawing.width + 2 * _EDGE), max(frame.top - frame.bottom, drawing.height + 2 * _EDGE)
        )
        frame = _frame(page)
        x, y = frame.right - drawing.width - _EDGE, frame.top - drawing.height - _EDGE
    else:
        x, y = box.left * _POINTS_PER_PIXEL, frame.displayed_height - box.top * _POINTS_PER_PIXEL - drawing.height
    page.merge_transformed_page(overlay, frame.placed(x, y), over=True, expand=False)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _placed(pdf: bytes, stamp: Stamp) -> tuple[StampDrawing, Box | None]:
    """The stamp and its place; the corner that the hospital wants goes before the last line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        gray = np.asarray(document[0].render(scale=1 / _POINTS_PER_PIXEL).to_pil().convert("L"), dtype=np.uint8)
    finally:
        document.close()
    drawing = draw_stamp(stamp)
    box = _blank_box(gray, drawing, stamp.corner)
    if stamp.address and not (box and _is_in_corner(box, gray, stamp.corner)):
        smaller = draw_stamp(replace(stamp, address=""))
        other = _blank_box(gray, smaller, stamp.corner)
        if other and (box is None or _is_in_corner(other, gray, stamp.corner)):
            return smaller, other
    return drawing, box


def _is_in_corner(box: Box, gray: NDArray[np.uint8], corner: str) -> bool:
    is_at_top, is_at_left = box.top + box.height / 2 < gray.shape[0] / 2, box.left + box.width / 2 < gray.shape[1] / 2
    return is_at_top is corner.startswith("top") and is_at_left is corner.endswith("left")


def _blank_box(gray: NDArray[np.uint8], drawing: StampDrawing, corner: str) -> Box | None:
    width, height, margin = (int(np.ceil(points / _POINTS_PER_PIXEL)) for points in (drawing.width, drawing.height, _EDGE))
    return find_blank_box(gray, width, height, margin, corner)


def _frame(page: PageObject) -> _Frame:
    """CropBox within MediaBox (ISO 32000-1 §14.11.2), both and Rotate possibly inherited (§7.7.3.4)."""
    media = _corners(_inherited(page, "/MediaBox") or (0, 0, 612, 792))
    crop = _corners(_inherited(page, "/CropBox") or media)
    both = (max(crop[0], media[0]), max(crop[1], media[1]), min(crop[2], media[2]), min(crop[3], media[3]))
    shown = both if both[0] < both[2] and both[1] < both[3] else media
    rotation = _inherited(page, "/Rotate")
    return _Frame(*shown, int(rotation) % 360 // 90 * 90 if isinstance(rotation, int | float) else 0)


def _inherited(node: object, key: str) -> object | None:
    for _ in range(64):  # a tree of pages is never so deep: this one is a loop
        if not isinstance(node, dict):
            return None
        if key in node:
            return _resolved(node[key])
        node = _resolved(node.get("/Parent"))
    return None


def _resolved(value: object) -> object:
    resolve = getattr(value, "get_object", None)
    return resolve() if resolve else value


def _corners(box: object) -> tuple[float, float, float, float]:
    first_x, first_y, second_x, second_y = (float(value) for value in RectangleObject(box))  # type: ignore[arg-type]
    return min(first_x, second_x), min(first_y, second_y), max(first_x, second_x), max(first_y, second_y)
