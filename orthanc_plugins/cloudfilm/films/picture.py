# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pixels that a console sends for one image box (PS3.3 §C.13.5), as grey levels or colours of eight bits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from cloudfilm.films.refusal import PrintRefused, PrintStatus

LARGEST_PICTURE = 40_000_000  # pixels
_LARGEST_SIDE = 16_384
_WHITE = 255
_ASPECTS = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class PresentationLut:
    """
    How pixel values become P-Values (PS3.3 §C.11.4).

    Attributes
    ----------
    shape
        IDENTITY, INVERSE or LIN OD; "" where there is a table.
    table
        Output values by input value, as shares of the largest: 0 to 1.
    """

    shape: str = "IDENTITY"
    table: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Pixel values as they were sent, before the presentation LUT.

    Attributes
    ----------
    values
        Rows x columns, or rows x columns x 3; the largest that is possible is `maximum`. 0 is black.
    aspect
        Height of a pixel through its width.
    """

    values: NDArray[Any]
    maximum: int
    aspect: float

    @property
    def is_colour(self) -> bool:
        """Whether it has three colours."""
        return self.values.ndim == 3


def picture_of(item: Dataset, is_reversed: bool) -> Picture:
    """
    Read the one item of a Basic Grayscale or Basic Color Image Sequence.

    Raises
    ------
    PrintRefused
        An attribute is missing, or says what cannot be.
    """
    rows, columns, samples = _number(item, "Rows"), _number(item, "Columns"), _number(item, "SamplesPerPixel", 1)
    allocated, stored = _number(item, "BitsAllocated"), _number(item, "BitsStored")
    high = _number(item, "HighBit", stored - 1)
    interpretation = str(item.get("PhotometricInterpretation", "")).strip()
    if rows * columns > LARGEST_PICTURE or max(rows, columns) > _LARGEST_SIDE or min(rows, columns) < 1:
        raise _invalid(f"Rows, Columns: an image has 1 to {LARGEST_PICTURE} pixels and no side longer than {_LARGEST_SIDE}")
    if allocated not in (8, 16) or not 8 <= stored <= allocated or high != stored - 1 or _number(item, "PixelRepresentation", 0):
        raise _invalid("Bits Allocated, Bits Stored, High Bit, Pixel Representation: allowed are 8 of 8 or up to 16 of 16 bits, unsigned")
    if interpretation not in (("RGB",) if samples == 3 else ("MONOCHROME1", "MONOCHROME2")) or samples not in (1, 3):
        raise _invalid("Photometric Interpretation: allowed are MONOCHROME1, MONOCHROME2 and RGB")
    pixels = item.get("PixelData")
    wanted = rows * columns * samples * allocated // 8
    if not isinstance(pixels, bytes) or not wanted <= len(pixels) <= wanted + 1:
        raise _invalid(f"Pixel Data: {wanted} bytes were expected")
    maximum = (1 << stored) - 1
    flat = np.frombuffer(pixels[:wanted], dtype="<u2" if allocated == 16 else "u1") & maximum
    values = _shaped(flat, rows, columns, samples, _number(item, "PlanarConfiguration", 0))
    if (interpretation == "MONOCHROME1") != is_reversed:
        values = maximum - values
    return Picture(values, maximum, _aspect(item))


def p_values(picture: Picture, lut: PresentationLut, linear_density: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    The picture's P-Values, of eight bits.

    Parameters
    ----------
    linear_density
        What a density says on a screen, from the darkest to the brightest: for the shape LIN OD.
    """
    entries = picture.maximum + 1
    share = np.arange(entries) / picture.maximum
    if lut.table is not None:
        table = np.rint(lut.table[np.rint(share * (len(lut.table) - 1)).astype(int)] * _WHITE).astype(np.uint8)
    elif lut.shape == "LIN OD":
        table = linear_density[np.rint(share * (len(linear_density) - 1)).astype(int)]
    else:
        table = np.rint((1 - share if lut.shape == "INVERSE" else share) * _WHITE).astype(np.uint8)
    values: NDArray[np.uint8] = (
        table[picture.values] if not picture.is_colour else (picture.values // max(1, entries // 256)).astype(np.uint8)
    )
    return values


def presentation_lut_of(dataset: Dataset) -> PresentationLut:
    """
    Read a Presentation LUT (PS3.3 §C.11.4).

    Raises
    ------
    PrintRefused
        There is neither a shape nor a table that is known.
    """
    sequence = dataset.get("PresentationLUTSequence")
    if sequence:
        descriptor, data = sequence[0].get("LUTDescriptor"), sequence[0].get("LUTData")
        return PresentationLut("", _table(descriptor, data))
    shape = str(dataset.get("PresentationLUTShape", "")).strip()
    if shape not in ("IDENTITY", "INVERSE", "LIN OD"):
        raise PrintRefused(
            PrintStatus.INVALID_VALUE if shape else PrintStatus.MISSING_ATTRIBUTE,
            "Presentation LUT Shape (2050,0020): allowed are IDENTITY, INVERSE and LIN OD, or a Presentation LUT Sequence",
        )
    return PresentationLut(shape)


def _table(descriptor: object, data: object) -> NDArray[np.float64]:
    try:
        entries, first, bits = (int(one) for one in descriptor)  # type: ignore[attr-defined]
        values = np.frombuffer(data, dtype="<u2") if isinstance(data, bytes) else np.asarray(data, dtype=np.uint16).ravel()
    except (TypeError, ValueError, OverflowError) as error:
        raise _invalid("LUT Descriptor, LUT Data: not a table") from error
    if entries == 0:
        entries = 65_536
    if not (2 <= entries == len(values) and first == 0 and 8 <= bits <= 16):
        raise _invalid("LUT Descriptor, LUT Data: allowed is a table from 0 with as many entries as are named, of 8 to 16 bits")
    table: NDArray[np.float64] = np.minimum(values / ((1 << bits) - 1), 1.0)
    return table


def _shaped(flat: NDArray[Any], rows: int, columns: int, samples: int, planar: int) -> NDArray[Any]:
    if samples == 1:
        return flat.reshape(rows, columns)
    return np.ascontiguousarray(flat.reshape(3, rows, columns).transpose(1, 2, 0)) if planar else flat.reshape(rows, columns, 3)


def _aspect(item: Dataset) -> float:
    try:
        vertical, horizontal = (float(one) for one in item.PixelAspectRatio)
        ratio = vertical / horizontal
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return 1.0
    return ratio if _ASPECTS[0] <= ratio <= _ASPECTS[1] else 1.0


def _number(item: Dataset, keyword: str, usual: int | None = None) -> int:
    value = item.get(keyword, usual)
    if value is None:
        raise PrintRefused(PrintStatus.MISSING_ATTRIBUTE, f"{keyword} is missing")
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise _invalid(f"{keyword} is not one number") from error


def _invalid(reason: str) -> PrintRefused:
    return PrintRefused(PrintStatus.INVALID_VALUE, reason)
