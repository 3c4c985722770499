# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done with each kind of picture: encoded anew, passed on as it is stored, or left to Orthanc. One table; the first line that fits decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydicom import uid

HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
NATIVE = frozenset({uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian})
# Frames that a reader can decode one by one, by their media types (PS3.18 §8.7.3.3.2).
MEDIA_TYPES = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (100, 101, 102, 103, 104, 105, 106, 107, 108))


@dataclass(frozen=True, slots=True)
class PixelFacts:
    """Image Pixel module (PS3.3 §C.7.6.3), with what it takes to find the frames. ``pixel_keyword`` is empty where there are none."""

    transfer_syntax_uid: str
    pixel_keyword: str
    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    number_of_frames: int

    @property
    def frame_bytes(self) -> int:
        """Length of a native frame in bytes."""
        return self.rows * self.columns * self.samples_per_pixel * self.bits_allocated // 8


class Treatment(StrEnum):
    """What is published of an instance."""

    ENCODED = "encoded"  # HTJ2K lossless: what is decoded are the stored bytes
    PASSED_ON = "passed on"  # the frames' own compressed bytes
    LEFT = "left to Orthanc"


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the table."""

    name: str
    fits: Callable[[PixelFacts], bool]
    treatment: Treatment


def _is_whole(facts: PixelFacts) -> bool:
    return 1 <= facts.bits_stored <= facts.bits_allocated and facts.high_bit == facts.bits_stored - 1


def _is_drawable(facts: PixelFacts) -> bool:
    return 0 < facts.rows <= 65535 and 0 < facts.columns <= 65535 and facts.number_of_frames >= 1


KINDS = (
    Kind("no pixels (reports, documents, waveforms)", lambda facts: not facts.pixel_keyword, Treatment.LEFT),
    Kind("float pixels (parametric maps): HTJ2K of floats is experimental", lambda f: f.pixel_keyword != "PixelData", Treatment.LEFT),
    Kind("video: one stream for all frames", lambda f: f.transfer_syntax_uid.startswith(_VIDEO), Treatment.LEFT),
    Kind("sizes that no picture has", lambda facts: not _is_drawable(facts), Treatment.LEFT),
    Kind("compressed: JPEG, JPEG-LS, JPEG 2000, HTJ2K, RLE", lambda f: f.transfer_syntax_uid in MEDIA_TYPES, Treatment.PASSED_ON),
    Kind("big endian, deflated, unknown syntaxes", lambda f: f.transfer_syntax_uid not in NATIVE, Treatment.LEFT),
    Kind("1 bit (segmentations): frames are not whole bytes", lambda facts: facts.bits_allocated == 1, Treatment.LEFT),
    Kind("32 and 64 bits: no viewer decodes them from HTJ2K", lambda f: f.bits_allocated not in (8, 16), Treatment.LEFT),
    Kind("bits that are not where they are today", lambda facts: not _is_whole(facts), Treatment.LEFT),
    Kind(
        "8, 12, 16 bits of grey or palette, signed or not, one frame or many",
        lambda f: f.samples_per_pixel == 1 and f.photometric_interpretation in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"),
        Treatment.ENCODED,
    ),
    Kind("colour by plane", lambda facts: facts.planar_configuration != 0, Treatment.LEFT),
    Kind(
        "RGB and YBR_FULL, 8 bits by pixel",
        lambda f: (
            f.samples_per_pixel == 3
            and (f.bits_allocated, f.bits_stored, f.pixel_representation) == (8, 8, 0)
            and f.photometric_interpretation in ("RGB", "YBR_FULL")
        ),
        Treatment.ENCODED,
    ),
    Kind("everything else: subsampled, four samples, colour of 16 bits", lambda _facts: True, Treatment.LEFT),
)


def kind_of(facts: PixelFacts) -> Kind:
    """The line that fits."""
    return next(kind for kind in KINDS if kind.fits(facts))
