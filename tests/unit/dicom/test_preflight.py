# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pre-flight check of DICOM files."""

from __future__ import annotations

import struct
import time
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset

from cloudfilm.dicom import preflight
from cloudfilm.dicom.preflight import Flaw, Sound, Unsound, check

IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
JPEG = "1.2.840.10008.1.2.4.50"


def data_set(**more: object) -> Dataset:
    plain = Dataset()
    plain.SOPClassUID, plain.SOPInstanceUID, plain.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3", "1.2.4"
    for keyword, value in more.items():
        setattr(plain, keyword, value)
    return plain


def file_of(plain: Dataset, transfer_syntax_uid: str = EXPLICIT) -> bytes:
    plain.file_meta = FileMetaDataset()
    plain.file_meta.TransferSyntaxUID = transfer_syntax_uid
    plain.file_meta.MediaStorageSOPClassUID, plain.file_meta.MediaStorageSOPInstanceUID = plain.SOPClassUID, plain.SOPInstanceUID
    buffer = BytesIO()
    dcmwrite(buffer, plain, enforce_file_format=True)
    return buffer.getvalue()


def image(rows: int = 4, columns: int = 4, pixels: bytes = bytes(32), **more: object) -> Dataset:
    plain = data_set(
        Rows=rows, Columns=columns, SamplesPerPixel=1, BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=0, **more
    )
    plain.PhotometricInterpretation = "MONOCHROME2"
    plain.add_new(0x7FE00010, "OW", pixels)
    return plain


def nested(depth: int, undefined: bool) -> Dataset:
    inner = Dataset()
    inner.CodeValue = "1"
    for _ in range(depth):
        outer = Dataset()
        outer.ContentSequence = [inner]
        outer["ContentSequence"].is_undefined_length = undefined
        inner.is_undefined_length_sequence_item = undefined
        inner = outer
    inner.SOPClassUID, inner.SOPInstanceUID, inner.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3", "1.2.4"
    return inner


def head(vr: bytes = b"", tag: tuple[int, int] = (0x0040, 0xA730), length: int = 0) -> bytes:
    return struct.pack("<HH", *tag) + (vr + struct.pack("<HI", 0, length) if vr else struct.pack("<I", length))


def flaw_of(content: bytes) -> Flaw:
    with pytest.raises(Unsound) as caught:
        check(content)
    return caught.value.flaw


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
def test_a_sound_file_says_what_it_is(syntax: str) -> None:
    plain = image()
    plain.ReferencedStudySequence = [data_set()]
    told = check(file_of(plain, syntax))
    assert (told.sop_class_uid, told.sop_instance_uid, told.study_instance_uid) == ("1.2.840.10008.5.1.4.1.1.7", "1.2.3", "1.2.4")
    assert (told.transfer_syntax_uid, told.depth) == (syntax, 1)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("undefined", [False, True])
def test_nesting_is_counted_to_the_limit(syntax: str, undefined: bool) -> None:
    assert check(file_of(nested(preflight.MAXIMUM_DEPTH, undefined), syntax)).depth == preflight.MAXIMUM_DEPTH
    assert flaw_of(file_of(nested(preflight.MAXIMUM_DEPTH + 1, undefined), syntax)) is Flaw.TOO_DEEP


def test_very_deep_nesting_ends_without_recursion() -> None:
    opening = head(b"SQ", length=0xFFFFFFFF) + head(tag=(0xFFFE, 0xE000), length=0xFFFFFFFF)
    assert flaw_of(file_of(data_set()) + opening * 200_000) is Flaw.TOO_DEEP


def test_sequences_hidden_under_an_unknown_representation_are_counted() -> None:
    inner = b""
    for _ in range(preflight.MAXIMUM_DEPTH + 1):
        item = head(tag=(0xFFFE, 0xE000), length=len(inner)) + inner
        inner = head(tag=(0x0009, 0x1001), length=len(item)) + item
    hidden = head(b"UN", (0x0041, 0x1001), len(inner) + 8) + head(tag=(0xFFFE, 0xE000), length=len(inner)) + inner
    assert flaw_of(file_of(data_set()) + hidden) is Flaw.TOO_DEEP


def test_bytes_that_only_begin_like_an_item_are_bytes_to_nobody() -> None:
    private = head(b"UN", (0x0041, 0x1001), 16) + head(tag=(0xFFFE, 0xE000), length=400) + bytes(8)
    assert flaw_of(file_of(data_set()) + private) is Flaw.PAST_THE_END


@pytest.mark.parametrize("vr", [b"OB", b"SQ", b"UT", b"UN"])
def test_a_length_past_the_end_is_refused(vr: bytes) -> None:
    assert flaw_of(file_of(data_set()) + head(vr, length=1000) + bytes(10)) is Flaw.PAST_THE_END


def test_an_item_longer_than_its_sequence_is_refused() -> None:
    inner = head(tag=(0xFFFE, 0xE000), length=100) + bytes(20)
    assert flaw_of(file_of(data_set()) + head(b"SQ", length=len(inner)) + inner + bytes(200)) is Flaw.PAST_THE_END


def test_a_file_that_was_cut_within_an_element_is_refused() -> None:
    whole = file_of(image(pixels=bytes(range(32))))
    assert {flaw_of(whole[:length]) for length in range(len(whole) - 43, len(whole))} == {Flaw.PAST_THE_END}


def test_a_file_that_was_cut_anywhere_is_refused_or_has_fewer_elements() -> None:
    whole = file_of(image(pixels=bytes(range(32))))
    for length in range(len(whole)):
        try:
            told = check(whole[:length])
        except Unsound:
            continue
        assert told.elements < check(whole).elements


@pytest.mark.parametrize("vr", [b"ZZ", b"ob", b"\0\0", b"??"])
def test_an_unknown_value_representation_is_refused(vr: bytes) -> None:
    assert flaw_of(file_of(data_set()) + head(vr, length=0)) is Flaw.NOT_AN_ELEMENT


@pytest.mark.parametrize("vr", [b"UT", b"OF", b"UC"])
def test_only_sequences_and_pixel_data_have_an_undefined_length(vr: bytes) -> None:
    assert flaw_of(file_of(data_set()) + head(vr, length=0xFFFFFFFF)) is Flaw.NOT_AN_ELEMENT


def test_elements_between_items_are_refused() -> None:
    inner = head(b"OB", length=0)
    assert flaw_of(file_of(data_set()) + head(b"SQ", length=len(inner)) + inner) is Flaw.NOT_AN_ITEM


def test_a_delimiter_that_ends_nothing_is_refused() -> None:
    assert flaw_of(file_of(data_set()) + head(tag=(0xFFFE, 0xE0DD))) is Flaw.NOT_AN_ITEM


def test_elements_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MAXIMUM_ELEMENTS", 1000)
    many = head(b"OB", (0x0011, 0x1001))
    assert check(file_of(data_set()) + many * 990).elements == 993
    assert flaw_of(file_of(data_set()) + many * 1001) is Flaw.TOO_MANY_ELEMENTS


@pytest.mark.parametrize(
    ("rows", "columns", "frames"), [(65535, 65535, 1), (32768, 32768, 1), (1000, 1000, 2_000_000_000), (4, 4, -1), (100, 100, 1)]
)
def test_an_absurd_image_is_refused(rows: int, columns: int, frames: int) -> None:
    assert flaw_of(file_of(image(rows, columns, NumberOfFrames=frames))) is Flaw.ABSURD_IMAGE


def test_compressed_pixel_data_are_fragments() -> None:
    fragments = head(tag=(0xFFFE, 0xE000)) + head(tag=(0xFFFE, 0xE000), length=6) + b"\xff\xd8abc\xd9" + head(tag=(0xFFFE, 0xE0DD))
    pixel_data = head(b"OB", (0x7FE0, 0x0010), 0xFFFFFFFF)
    plain = image()
    del plain[0x7FE00010]
    assert isinstance(check(file_of(plain, JPEG) + pixel_data + fragments), Sound)
    assert flaw_of(file_of(plain, JPEG) + pixel_data + fragments[:-8]) is Flaw.PAST_THE_END
    assert flaw_of(file_of(plain, JPEG) + pixel_data + head(tag=(0xFFFE, 0xE000), length=0xFFFFFFFF)) is Flaw.NOT_AN_ITEM


def test_a_deflate_bomb_is_not_unpacked_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MAXIMUM_INFLATED_BYTES", 1_000_000)
    plain = file_of(data_set(), DEFLATED)
    start = start_of_data_set(plain)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush()
    assert flaw_of(plain[:start] + bomb) is Flaw.INFLATES_TOO_FAR
    assert flaw_of(plain[:start] + b"\xff" * 40) is Flaw.CANNOT_INFLATE


def start_of_data_set(content: bytes) -> int:
    """Where the data set begins: 132 bytes, the group length's element, and what it says."""
    return 132 + 12 + int.from_bytes(content[140:144], "little")


@pytest.mark.parametrize("missing", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID"])
def test_a_file_that_does_not_say_what_it_is_is_refused(missing: str) -> None:
    plain = image()
    file_of(plain)
    del plain[missing]
    plain.preamble = bytes(128)
    buffer = BytesIO()
    dcmwrite(buffer, plain, enforce_file_format=False)
    assert flaw_of(buffer.getvalue()) is Flaw.NO_IDENTITY


def test_zeros_after_the_end_are_let_pass() -> None:
    assert check(file_of(image()) + bytes(512)).sop_instance_uid == "1.2.3"


@pytest.mark.parametrize("zeros", [8, 65_528, 65_536, 200_000])
def test_zeros_are_let_pass_however_many_they_are_but_not_before_something_else(zeros: int) -> None:
    assert check(file_of(image(), IMPLICIT) + bytes(zeros)).sop_instance_uid == "1.2.3"
    assert flaw_of(file_of(image()) + bytes(zeros) + b"\1") is Flaw.NOT_AN_ELEMENT


def test_empty_elements_before_the_end_take_no_more_than_their_share_of_time() -> None:
    """Each looks like the zeros that fill a file up, until its last byte."""

    def seconds(elements: int) -> float:
        content = file_of(data_set(), IMPLICIT) + bytes(8 * elements) + head(tag=(0x0009, 0x0010))
        began = time.process_time()
        check(content)
        return time.process_time() - began

    seconds(1000)
    assert seconds(40_000) < 30 * seconds(4_000)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_the_bytes_are_nothing_but_a_flaw_is_raised(data: st.DataObject) -> None:
    whole = bytearray(file_of(nested(4, True)) + file_of(image())[132:])
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(132, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unsound):
        check(bytes(whole))
