# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is published of each kind of picture, and that it is what was stored."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from cloudfilm.publish.answers import BOUNDARY, HoldsTheBoundary, frame_answer, frame_suffix
from cloudfilm.publish.codestream import NotLossless, decompositions
from cloudfilm.publish.dicom_file import DicomFile, PixelsAreNotWhole
from cloudfilm.publish.instance import PublishedInstance, is_chosen, publish_instance
from cloudfilm.publish.kinds import KINDS, MEDIA_TYPES, Treatment, kind_of
from tests.support.pictures import COMPRESSED, compressed, in_syntax, picture

_NATIVE: dict[str, dict[str, Any]] = {
    "8 bits": {"BitsAllocated": 8, "BitsStored": 8},
    "8 bits signed": {"BitsAllocated": 8, "BitsStored": 8, "PixelRepresentation": 1},
    "12 bits": {"BitsStored": 12},
    "12 bits signed": {"BitsStored": 12, "PixelRepresentation": 1},
    "16 bits": {},
    "16 bits signed": {"PixelRepresentation": 1},
    "inverted": {"PhotometricInterpretation": "MONOCHROME1"},
    "palette": {"PhotometricInterpretation": "PALETTE COLOR", "BitsAllocated": 8, "BitsStored": 8},
    "many frames": {"frames": 5, "BitsStored": 12},
    "one row": {"side": 1},
    "colour": {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0, "BitsAllocated": 8, "BitsStored": 8},
    "colour, many frames": {
        "PhotometricInterpretation": "YBR_FULL", "SamplesPerPixel": 3, "PlanarConfiguration": 0, "BitsAllocated": 8, "BitsStored": 8, "frames": 3,
    },
}  # fmt: skip
_COLOUR = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
_LEFT: dict[str, dict[str, Any]] = {
    "1 bit": {"BitsAllocated": 1, "BitsStored": 1, "PixelData": b"\x55" * 640},
    "32 and 64 bits": {"BitsAllocated": 32, "BitsStored": 32},
    "bits that are not where": {"BitsStored": 12, "HighBit": 15},
    "colour by plane": {**_COLOUR, "PlanarConfiguration": 1, "BitsAllocated": 8, "BitsStored": 8},
    "everything else": {**_COLOUR},
    "sizes that no picture": {"Rows": 0, "PixelData": b"\0\0"},
}


def published(content: bytes, verified_percent: int = 100) -> tuple[PublishedInstance, dict[str, bytes]]:
    files: dict[str, bytes] = {}
    return publish_instance(io.BytesIO(content), files.__setitem__, verified_percent), files


def frame_of(answer: bytes, transfer_syntax_uid: str) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: {MEDIA_TYPES[transfer_syntax_uid]}; transfer-syntax={transfer_syntax_uid}\r\n\r\n".encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    assert answer.startswith(head)
    assert answer.endswith(tail)
    return answer[len(head) : -len(tail)]


@pytest.mark.parametrize("kind", _NATIVE)
def test_what_is_encoded_decodes_to_the_very_pixels_that_pydicom_reads(kind: str) -> None:
    content = picture(f"36001 {kind}", **_NATIVE[kind])
    instance, files = published(content)
    image = dcmread(io.BytesIO(content))
    image.pixel_array_options(raw=True)
    pixels = image.pixel_array if instance.number_of_frames > 1 else image.pixel_array[np.newaxis]
    assert instance.left_because == ""
    assert [name for name in files if name.endswith(".202")] == [f"{number}.202" for number in range(1, instance.number_of_frames + 1)]
    for number, expected in enumerate(pixels, start=1):
        codestream = frame_of(files[f"{number}.202"], "1.2.840.10008.1.2.4.202")
        decoded = imagecodecs.htj2k_decode(codestream)
        assert np.array_equal(decoded.reshape(expected.shape), expected)
        assert decoded.dtype.kind == expected.dtype.kind
        _assert_streams_by_resolution(codestream)


def _assert_streams_by_resolution(codestream: bytes) -> None:
    """SOC and SIZ, CAP (HTJ2K), COD with progression order 2 (RPCL), TLM (Rec. ITU-T T.800 §A)."""
    assert codestream.startswith(b"\xff\x4f\xff\x51")
    head = codestream[: codestream.index(b"\xff\x90")]
    assert b"\xff\x50" in head
    assert b"\xff\x55" in head
    assert head[head.index(b"\xff\x52") + 5] == 2


@pytest.mark.parametrize("transfer_syntax_uid", COMPRESSED)
def test_what_is_compressed_is_passed_on_byte_by_byte(transfer_syntax_uid: str) -> None:
    content = compressed(transfer_syntax_uid)
    instance, files = published(content)
    image = dcmread(io.BytesIO(content))
    frames = list(generate_frames(image.PixelData, number_of_frames=instance.number_of_frames))
    suffix = frame_suffix(transfer_syntax_uid)
    assert [frame_of(files[f"{number}.{suffix}"], transfer_syntax_uid) for number in range(1, len(frames) + 1)] == frames
    assert len(files) == len(frames)


@pytest.mark.parametrize("kind", _LEFT)
def test_what_no_viewer_decodes_is_left_to_orthanc(kind: str) -> None:
    instance, files = published(picture(f"36002 {kind}", **_LEFT[kind]))
    assert (files, instance.number_of_frames) == ({}, 0)
    assert instance.left_because.startswith(kind)


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        ("reportsi.dcm", "no pixels"),
        ("MR_small_bigendian.dcm", "big endian"),
        ("image_dfl.dcm", "big endian, deflated"),
        ("SC_ybr_full_422_uncompressed.dcm", "everything else: subsampled"),
    ],
)
def test_other_kinds_are_left_to_orthanc(example: str, kind: str) -> None:
    path = get_testdata_file(example, download=False)
    assert isinstance(path, str)
    instance, files = published(Path(path).read_bytes())
    assert files == {}
    assert instance.left_because.startswith(kind)


def test_video_is_left_to_orthanc() -> None:
    dicom = DicomFile.read(io.BytesIO(compressed("1.2.840.10008.1.2.4.50")))
    for number in range(100, 109):
        facts = type(dicom.facts)(**{**_as_dict(dicom.facts), "transfer_syntax_uid": f"1.2.840.10008.1.2.4.{number}"})
        assert kind_of(facts).name.startswith("video")


def test_pictures_of_floats_are_left_to_orthanc() -> None:
    image = dcmread(io.BytesIO(picture("36007")))
    image.FloatPixelData, image.BitsAllocated = np.zeros((70, 73), dtype="<f4").tobytes(), 32
    del image.PixelData
    target = io.BytesIO()
    image.save_as(target)
    instance, files = published(target.getvalue())
    assert files == {}
    assert instance.left_because.startswith("float pixels")


@pytest.mark.parametrize("number", [57, 201, 202, 203])
def test_so_is_what_pydicom_has_no_example_of(number: int) -> None:
    native = picture("36008", frames=2)
    frames = [b"\xff\x4f\xff\x51 one", b"\xff\x4f\xff\x51 two "]
    _, files = published(in_syntax(native, f"1.2.840.10008.1.2.4.{number}", frames))
    passed_on = [frame_of(files[f"{frame}.{number}"], f"1.2.840.10008.1.2.4.{number}") for frame in (1, 2)]
    assert [frame.rstrip(b"\0") for frame in passed_on] == frames


def test_every_line_of_the_table_is_met_by_a_test_above() -> None:
    """A new kind needs a picture of its own here."""
    met = [*_LEFT, "no pixels", "float pixels", "video", "compressed", "big endian", "8, 12, 16 bits", "RGB and YBR_FULL"]
    assert [kind.name for kind in KINDS if not kind.name.startswith(tuple(met))] == []
    assert len(met) == len(KINDS)


def _as_dict(facts: Any) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


def test_something_in_the_bits_above_is_never_lost_silently() -> None:
    pixels = np.full((70, 73), 0x1FFF, dtype="<u2").tobytes()
    with pytest.raises(NotLossless):
        published(picture("36003", BitsStored=12, PixelData=pixels))


def test_a_file_that_ends_too_early_is_not_published() -> None:
    whole = picture("36004", frames=3)
    with pytest.raises((PixelsAreNotWhole, ValueError)):
        published(whole[:-5000])


def test_a_picture_larger_than_its_pixels_is_not_published() -> None:
    with pytest.raises(PixelsAreNotWhole):
        published(picture("36005", PixelData=b"\0" * 5000))


def test_an_encoder_that_lies_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagecodecs, "htj2k_decode", lambda _data: np.zeros((70, 73), dtype="<u2"))
    with pytest.raises(NotLossless):
        published(picture("36006"))
    published(picture("36006"), verified_percent=0)


def test_as_many_frames_are_verified_as_the_setting_says() -> None:
    for percent in (0, 20, 100):
        chosen = sum(is_chosen("1.2.3", number, percent) for number in range(5000))
        assert abs(chosen / 50 - percent) < 3


def test_the_smallest_picture_of_all_has_at_most_64_rows_and_columns() -> None:
    assert [decompositions(*size) for size in ((512, 512), (2048, 2048), (4096, 3000), (70, 73), (1, 40), (128, 128))] == [5, 5, 6, 5, 0, 5]


def test_a_frame_that_holds_the_boundary_is_refused() -> None:
    with pytest.raises(HoldsTheBoundary):
        frame_answer(b"x" + BOUNDARY.encode(), "1.2.840.10008.1.2.4.50")
    assert BOUNDARY in (Path(__file__).resolve().parents[3] / "docker/nginx/published.conf").read_text(encoding="utf-8")


def test_only_encoded_kinds_need_a_verification() -> None:
    assert {kind.treatment for kind in KINDS} == set(Treatment)
