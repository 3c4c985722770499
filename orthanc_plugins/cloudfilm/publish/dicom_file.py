# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stored DICOM file: its attributes, and its frames one by one, without ever holding all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack
from typing import BinaryIO

from pydicom import Dataset, dcmread, uid
from pydicom.encaps import generate_frames

from cloudfilm.publish.kinds import PixelFacts

_PIXELS = {(0x7FE0, 0x0008): "FloatPixelData", (0x7FE0, 0x0009): "DoubleFloatPixelData", (0x7FE0, 0x0010): "PixelData"}
_UNREAD = (uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian)
_UNDEFINED = 0xFFFFFFFF
_MOST_FRAMES = 100_000


class PixelsAreNotWhole(Exception):
    """The pixel data are shorter than the attributes say, or cannot be taken apart."""


@dataclass(frozen=True, slots=True)
class DicomFile:
    """An open file, read up to its pixels."""

    file: BinaryIO
    dataset: Dataset
    facts: PixelFacts
    pixels_at: int
    pixels_length: int

    @classmethod
    def read(cls, file: BinaryIO) -> DicomFile:
        """Read the attributes; raises what pydicom raises at what is no DICOM."""
        dataset = dcmread(file, stop_before_pixels=True)
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
        keyword, length = _pixel_element(file, syntax)
        return cls(file, dataset, _facts(dataset, syntax, keyword), file.tell(), length)

    def native_frames(self) -> Iterator[bytes]:
        """Frames of native pixel data (PS3.5 §8.1)."""
        size = self.facts.frame_bytes
        if self.pixels_length < size * self.facts.number_of_frames:
            raise PixelsAreNotWhole
        self.file.seek(self.pixels_at)
        for _ in range(self.facts.number_of_frames):
            frame = self.file.read(size)
            if len(frame) != size:
                raise PixelsAreNotWhole
            yield frame

    def encapsulated_frames(self) -> Iterator[bytes]:
        """Frames of encapsulated pixel data (PS3.5 §A.4), fragments joined."""
        if self.pixels_length != _UNDEFINED:
            raise PixelsAreNotWhole
        self.file.seek(self.pixels_at)
        yield from generate_frames(self.file, number_of_frames=self.facts.number_of_frames)


def _pixel_element(file: BinaryIO, syntax: str) -> tuple[str, int]:
    """Read the head of the pixel element at which pydicom stopped: its keyword and length."""
    head = b"" if syntax in _UNREAD else file.read(8)
    if len(head) < 8:
        return "", 0
    group, element, length = unpack("<HHL", head)
    keyword = _PIXELS.get((group, element), "")
    if keyword and syntax != uid.ImplicitVRLittleEndian:
        length = unpack("<L", file.read(4))[0]
    return keyword, length


def _facts(dataset: Dataset, syntax: str, keyword: str) -> PixelFacts:
    def number(name: str, default: int = 0) -> int:
        value = dataset.get(name)
        return int(value) if value not in (None, "") else default

    if syntax in _UNREAD and "Rows" in dataset:
        keyword = "PixelData"  # not looked for: the syntax decides
    allocated = number("BitsAllocated")
    return PixelFacts(
        transfer_syntax_uid=syntax,
        pixel_keyword=keyword,
        rows=number("Rows"),
        columns=number("Columns"),
        samples_per_pixel=number("SamplesPerPixel", 1),
        photometric_interpretation=str(dataset.get("PhotometricInterpretation", "")).strip(),
        planar_configuration=number("PlanarConfiguration"),
        bits_allocated=allocated,
        bits_stored=number("BitsStored", allocated),
        high_bit=number("HighBit", number("BitsStored", allocated) - 1),
        pixel_representation=number("PixelRepresentation"),
        number_of_frames=min(number("NumberOfFrames", 1), _MOST_FRAMES + 1) or 1,
    )
