# SPDX-License-Identifier: AGPL-3.0-or-later
"""All files of one published instance, made from its DICOM file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zlib import crc32

from cloudfilm.publish.answers import frame_answer, frame_suffix
from cloudfilm.publish.codestream import encode, pixels_of, verify
from cloudfilm.publish.dicom_file import DicomFile
from cloudfilm.publish.kinds import HTJ2K_LOSSLESS_RPCL, Treatment, kind_of
from cloudfilm.publish.pictures import PICTURE_SIDE, default_window, drawing, jpeg


@dataclass(frozen=True, slots=True)
class PublishedInstance:
    """What the series' list of pictures says of it; ``left_because`` says why there are no frames."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    instance_number: int | None
    number_of_frames: int
    rows: int
    columns: int
    window: tuple[float, float] | None
    has_pictures: bool
    left_because: str


def publish_instance(file: BinaryIO, write: Callable[[str, bytes], None], verified_percent: int) -> PublishedInstance:
    """Make and hand over each file: ``1.202`` (first frame, HTJ2K), ``1.jpg`` (its picture) and so on.

    Raises
    ------
    Exception
        Of pydicom or of ours, when the file is not what it says: what was written must be thrown away.
    """
    dicom = DicomFile.read(file)
    facts, kind = dicom.facts, kind_of(dicom.facts)
    has_pictures = False
    if kind.treatment is Treatment.PASSED_ON:
        suffix = frame_suffix(facts.transfer_syntax_uid)
        number = 0
        for number, frame in enumerate(dicom.encapsulated_frames(), start=1):
            write(f"{number}.{suffix}", frame_answer(frame, facts.transfer_syntax_uid))
        if number != facts.number_of_frames:
            raise ValueError(f"{number} frames where NumberOfFrames says {facts.number_of_frames}")
    elif kind.treatment is Treatment.ENCODED:
        has_pictures = _encode_frames(dicom, write, verified_percent)
    window = default_window(dicom.dataset)
    return PublishedInstance(
        study_instance_uid=str(dicom.dataset.StudyInstanceUID),
        series_instance_uid=str(dicom.dataset.SeriesInstanceUID),
        sop_instance_uid=str(dicom.dataset.SOPInstanceUID),
        instance_number=_instance_number(dicom),
        number_of_frames=facts.number_of_frames if kind.treatment is not Treatment.LEFT else 0,
        rows=facts.rows,
        columns=facts.columns,
        window=(window.center, window.width) if window else None,
        has_pictures=has_pictures,
        left_because=kind.name if kind.treatment is Treatment.LEFT else "",
    )


def _encode_frames(dicom: DicomFile, write: Callable[[str, bytes], None], verified_percent: int) -> bool:
    draw = drawing(dicom.dataset, dicom.facts)
    sop_instance_uid = str(dicom.dataset.SOPInstanceUID)
    for number, frame in enumerate(dicom.native_frames(), start=1):
        pixels = pixels_of(frame, dicom.facts)
        codestream = encode(pixels, dicom.facts)
        if is_chosen(sop_instance_uid, number, verified_percent):
            verify(codestream, pixels)
        write(f"{number}.{frame_suffix(HTJ2K_LOSSLESS_RPCL)}", frame_answer(codestream, HTJ2K_LOSSLESS_RPCL))
        if draw is not None:
            write(f"{number}.jpg", jpeg(draw(pixels), PICTURE_SIDE))
    return draw is not None


def is_chosen(sop_instance_uid: str, frame_number: int, percent: int) -> bool:
    """Whether a frame is among those that are verified: the same ones each time."""
    return crc32(f"{sop_instance_uid} {frame_number}".encode()) % 100 < percent


def frames_on_their_own(body: bytes) -> Iterator[bytes]:
    """Frames of a whole DICOM file in memory, as stored: for tests and tools that compare."""
    dicom = DicomFile.read(io.BytesIO(body))
    yield from dicom.native_frames() if kind_of(dicom.facts).treatment is Treatment.ENCODED else dicom.encapsulated_frames()


def _instance_number(dicom: DicomFile) -> int | None:
    try:
        return int(dicom.dataset.InstanceNumber)
    except (AttributeError, TypeError, ValueError):
        return None
