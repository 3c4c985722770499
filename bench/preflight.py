# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench preflight: how fast files are walked before a parser meets them, by kind of file. One thread, from memory."""

from __future__ import annotations

import json
import statistics
import struct
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import BytesIO

import click
import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, DeflatedExplicitVRLittleEndian, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from cloudfilm.dicom.preflight import check


@dataclass(frozen=True, slots=True)
class Walked:
    """``megabytes_a_second`` is the median of the rounds; of a deflated file the bytes are those that it unpacks to."""

    kind: str
    megabytes: float
    elements: int
    megabytes_a_second: float
    slowest: float
    milliseconds: float


@click.command()
@click.option("--rounds", type=click.IntRange(3, 100), default=9, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def preflight(rounds: int, as_json: bool) -> None:
    """Megabytes a second of the pre-flight check, of images and of files that are made to be slow."""
    walked = [_walk(kind, make(), rounds) for kind, make in KINDS.items()]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in walked]))
        return
    for one in walked:
        click.echo(
            f"{one.kind}: {one.megabytes_a_second:,.0f} MB/s (slowest round {one.slowest:,.0f}), {one.megabytes:.1f} MB,"
            f" {one.elements} elements, {one.milliseconds:.2f} ms"
        )


def _walk(kind: str, file: tuple[bytes, int], rounds: int) -> Walked:
    content, size = file
    repeats = max(1, 20_000_000 // size)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(repeats):
            told = check(content)
        seconds.append((time.perf_counter() - began) / repeats)
    middle = statistics.median(seconds)
    return Walked(kind, size / 1e6, told.elements, size / 1e6 / middle, size / 1e6 / max(seconds), middle * 1000)


def _image(frames: int, sop_class_uid: str) -> Dataset:
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = sop_class_uid, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.PatientID = generate_uid(), generate_uid(), "P1"
    image.Rows = image.Columns = 512
    image.SamplesPerPixel, image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 1, 16, 12, 11, 0
    image.PhotometricInterpretation = "MONOCHROME2"
    for number in range(60):  # as many as a scanner writes
        image.add_new(0x00190010 + 0x1000 + number, "LO", "a private value of a usual length")
    image.PixelData = np.random.default_rng(1).integers(0, 4096, (frames, 512, 512), np.uint16).tobytes()
    if frames > 1:
        image.NumberOfFrames = frames
        image.PerFrameFunctionalGroupsSequence = [_frame(number) for number in range(frames)]
    return image


def _frame(number: int) -> Dataset:
    frame, position, content = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [0.0, 0.0, float(number)]
    content.InStackPositionNumber, content.DimensionIndexValues = number + 1, [1, number + 1]
    frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
    return frame


def _file(image: Dataset, transfer_syntax_uid: str) -> bytes:
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    image.file_meta.MediaStorageSOPClassUID, image.file_meta.MediaStorageSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    target = BytesIO()
    dcmwrite(target, image, enforce_file_format=True)
    return target.getvalue()


def _plain(frames: int, sop_class_uid: str) -> Callable[[], tuple[bytes, int]]:
    def make() -> tuple[bytes, int]:
        content = _file(_image(frames, sop_class_uid), ExplicitVRLittleEndian)
        return content, len(content)

    return make


def _deflated() -> tuple[bytes, int]:
    image = _image(1, CTImageStorage)
    return _file(image, DeflatedExplicitVRLittleEndian), len(_file(image, ExplicitVRLittleEndian))


def _crowded() -> tuple[bytes, int]:
    """A million elements without a value: made to be slow."""
    image = _image(1, CTImageStorage)
    empty = b"".join(struct.pack("<HH2sH", 0x7FE1, number & 0xFFFF, b"LO", 0) for number in range(1_000_000))
    content = _file(image, ExplicitVRLittleEndian) + empty
    return content, len(content)


KINDS: dict[str, Callable[[], tuple[bytes, int]]] = {
    "CT slice, 512x512": _plain(1, CTImageStorage),
    "enhanced CT, 200 frames": _plain(200, EnhancedCTImageStorage),
    "CT slice, deflated": _deflated,
    "a million empty elements": _crowded,
}
