# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTJ2K lossless, resolution by resolution (RPCL) with tile-part lengths (PS3.5 §10.18): the first kilobytes are a small picture of the whole."""

from __future__ import annotations

import imagecodecs
import numpy as np
import numpy.typing as npt

from cloudfilm.publish.kinds import PixelFacts

type Pixels = npt.NDArray[np.integer]
_SMALLEST_SIDE = 64


class NotLossless(Exception):
    """What was encoded is not what was stored: the frame is left to Orthanc."""


def pixels_of(frame: bytes, facts: PixelFacts) -> Pixels:
    """A native frame as rows and columns (and samples)."""
    kind = ("i" if facts.pixel_representation else "u") + str(facts.bits_allocated // 8)
    shape = (facts.rows, facts.columns) + ((facts.samples_per_pixel,) if facts.samples_per_pixel > 1 else ())
    return np.frombuffer(frame, dtype=f"<{kind}").reshape(shape)


def encode(pixels: Pixels, facts: PixelFacts) -> bytes:
    """Encode; raises `NotLossless` where a value does not fit into BitsStored (something else lies in the bits above)."""
    if facts.bits_stored < facts.bits_allocated:
        lowest, highest = int(pixels.min()), int(pixels.max())
        half = 1 << (facts.bits_stored - 1)
        fits = (-half <= lowest and highest < half) if facts.pixel_representation else highest < 2 * half
        if not fits:
            raise NotLossless("bits above BitsStored are in use")
    return bytes(
        imagecodecs.htj2k_encode(
            pixels,
            reversible=True,
            resolutions=decompositions(facts.rows, facts.columns),
            tlm=True,
            tilepart=1,
            bitspersample=facts.bits_stored,
        )
    )


def verify(codestream: bytes, pixels: Pixels) -> None:
    """Decode and compare; raises `NotLossless`."""
    decoded = imagecodecs.htj2k_decode(codestream)
    if decoded.shape != pixels.shape or not np.array_equal(decoded, pixels):
        raise NotLossless("the decoded frame is not the stored one")


def decompositions(rows: int, columns: int) -> int:
    """Five, more until the smallest picture has at most 64 rows and columns, fewer where the picture has not that many pixels."""
    needed = 5
    while max(rows, columns) >> needed > _SMALLEST_SIDE and needed < 32:
        needed += 1
    return min(needed, max(0, min(rows, columns).bit_length() - 1))
