# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures at the default window for phones, lists and paper: eight bits, JPEG, nothing of the patient in them but what is in the pixels."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset

from cloudfilm.publish.codestream import Pixels
from cloudfilm.publish.kinds import PixelFacts

PICTURE_SIDE, THUMBNAIL_SIDE = 1024, 256
_QUALITY = 85
type Bytes8 = npt.NDArray[np.uint8]
type Draw = Callable[[Pixels], Bytes8]


@dataclass(frozen=True, slots=True)
class Window:
    """VOI window (PS3.3 §C.11.2) after rescaling (§C.11.1)."""

    center: float
    width: float


def default_window(dataset: Dataset) -> Window | None:
    """The first window that the picture, or the first of its functional groups, names."""
    voi = _module(dataset, "FrameVOILUTSequence", "WindowCenter")
    center, width = _first(voi, "WindowCenter"), _first(voi, "WindowWidth")
    return Window(center, width) if center is not None and width is not None and width >= 1 else None


def drawing(dataset: Dataset, facts: PixelFacts) -> Draw | None:
    """How frames of this instance become eight bits; None where we do not draw: palettes, and lookup tables in place of slope or window."""
    if facts.samples_per_pixel == 3:
        return _draw_ybr if facts.photometric_interpretation == "YBR_FULL" else _draw_rgb
    if facts.photometric_interpretation not in ("MONOCHROME1", "MONOCHROME2") or "ModalityLUTSequence" in dataset:
        return None
    window = default_window(dataset)
    if window is None and "VOILUTSequence" in dataset:
        return None
    transform = _module(dataset, "PixelValueTransformationSequence", "RescaleSlope")
    slope, intercept = _first(transform, "RescaleSlope"), _first(transform, "RescaleIntercept")
    slope, intercept = (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)
    inverted = facts.photometric_interpretation == "MONOCHROME1"
    if window is None:
        return lambda pixels: _table(_whole_range(pixels, slope, intercept), slope, intercept, inverted, facts)[_index(pixels)]
    table = _table(window, slope, intercept, inverted, facts)
    return lambda pixels: table[_index(pixels)]


def jpeg(drawn: Bytes8, side: int) -> bytes:
    """A JPEG no longer than ``side`` pixels in either direction."""
    picture = Image.fromarray(drawn)
    picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return _as_jpeg(picture)


def smaller(picture: bytes, side: int) -> bytes:
    """The same of a JPEG of our own."""
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as opened:
        opened.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return _as_jpeg(opened)


def _as_jpeg(picture: Image.Image) -> bytes:
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()


def _table(window: Window, slope: float, intercept: float, inverted: bool, facts: PixelFacts) -> Bytes8:
    """Grey levels of every value that BitsAllocated can hold, in the order of its bits; LINEAR function (PS3.3 §C.11.2.1.2.1)."""
    stored = np.arange(1 << facts.bits_allocated, dtype=np.float64)
    if facts.pixel_representation:
        stored[len(stored) // 2 :] -= len(stored)
    values = stored * slope + intercept
    middle = window.center - 0.5
    grey = ((values - middle) / (window.width - 1) + 0.5) * 255 if window.width > 1 else np.where(values <= middle, 0.0, 255.0)
    table = np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
    return 255 - table if inverted else table


def _index(pixels: Pixels) -> npt.NDArray[np.unsignedinteger]:
    return pixels.view(f"<u{pixels.dtype.itemsize}")


def _whole_range(pixels: Pixels, slope: float, intercept: float) -> Window:
    ends = (float(pixels.min()) * slope + intercept, float(pixels.max()) * slope + intercept)
    return Window((ends[0] + ends[1] + 1) / 2, max(abs(ends[1] - ends[0]) + 1, 2.0))


def _draw_rgb(pixels: Pixels) -> Bytes8:
    return pixels.astype(np.uint8, copy=False)


def _draw_ybr(pixels: Pixels) -> Bytes8:
    return np.asarray(Image.fromarray(pixels.astype(np.uint8, copy=False), mode="YCbCr").convert("RGB"))


def _module(dataset: Dataset, sequence: str, keyword: str) -> Dataset:
    """Where an attribute stands: on top, or in the shared or the first frame's functional groups (PS3.3 §C.7.6.16)."""
    if keyword in dataset:
        return dataset
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        first_group: list[Dataset] = list(dataset.get(groups) or [])[:1]
        items: list[Dataset] = [item for group in first_group for item in list(group.get(sequence) or [])[:1]]
        if items:
            return items[0]
    return dataset


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    try:
        if value is None or value == "":
            return None
        return float(value[0] if not isinstance(value, str | float | int) else value)
    except (TypeError, ValueError, IndexError):
        return None
