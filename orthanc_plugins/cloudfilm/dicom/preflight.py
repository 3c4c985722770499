# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pre-flight check of a DICOM file (PS3.10 §7, PS3.5 §7): its bytes are walked before a parser is trusted with them.

Parsers walk nested sequences by recursion, allocate what a length says, and inflate what is deflated: a few kilobytes can end a server. This walk
keeps its own stack, visits each element once, skips values unread, and holds no more than the file itself (and what a deflated one unpacks to).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from struct import Struct
from threading import Lock
from typing import Final

from pydicom.datadict import dictionary_has_tag, dictionary_VR

# Orthanc 1.12.7 answers HTTP on small stacks: a data set with 60 nested sequences ended it, 40 did not. Reports nest about ten.
MAXIMUM_DEPTH: Final = 32
# A parser makes an object of some hundred bytes of each. An enhanced MR of 20,000 frames has less than two million.
MAXIMUM_ELEMENTS: Final = 3_000_000
MAXIMUM_INFLATED_BYTES: Final = 256 * 1024 * 1024
MAXIMUM_FRAME_BYTES: Final = 1024 * 1024 * 1024
MAXIMUM_IMAGE_BYTES: Final = 64 * MAXIMUM_FRAME_BYTES

_IMPLICIT = "1.2.840.10008.1.2"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})

# What files unpack to lies in memory once, however many senders come at a time.
_ONE_INFLATED: Final = Lock()
_PORTION_BYTES = 65536
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_SOP_CLASS_UID, _SOP_INSTANCE_UID, _STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_PATIENT_ID = 0x00100020
_SAMPLES, _FRAMES, _ROWS, _COLUMNS, _BITS = 0x00280002, 0x00280008, 0x00280010, 0x00280011, 0x00280100
_TOLD = frozenset(
    {_PATIENT_ID, _SOP_CLASS_UID, _SOP_INSTANCE_UID, _STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID, _SAMPLES, _FRAMES, _ROWS, _COLUMNS, _BITS}
)


@lru_cache(maxsize=4096)
def _is_sequence(tag: int) -> bool:
    return dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"


class Flaw(StrEnum):
    """Why a file is refused, as a sender may read it."""

    NO_DICOM = "this is no DICOM file: 128 bytes, then DICM, then the file meta information"
    PAST_THE_END = "an element is longer than what holds it: the file was cut short, or its lengths are wrong"
    TOO_DEEP = f"sequences are nested deeper than {MAXIMUM_DEPTH}"
    TOO_MANY_ELEMENTS = f"more than {MAXIMUM_ELEMENTS} elements"
    NOT_AN_ELEMENT = "an element's value representation is none of PS3.5 §6.2, or it may not have an undefined length"
    NOT_AN_ITEM = "a sequence, or compressed pixel data, holds something else than items"
    INFLATES_TOO_FAR = f"the deflated data set unpacks to more than {MAXIMUM_INFLATED_BYTES} bytes"
    CANNOT_INFLATE = "the deflated data set cannot be unpacked"
    ABSURD_IMAGE = "the image's size cannot be meant: a frame above 1 GiB, all frames above 64 GiB, or less pixel data than half a frame"
    NO_IDENTITY = "SOPClassUID, SOPInstanceUID or StudyInstanceUID is missing"


class Unsound(Exception):
    """A file that no parser should meet.

    Attributes
    ----------
    flaw : Flaw
    offset : int
        Byte of the data set (after inflation, where it was deflated) at which it was found.
    sop_instance_uid, sop_class_uid : str
        As far as they had been read.
    """

    def __init__(self, flaw: Flaw, offset: int, sop_class_uid: str = "", sop_instance_uid: str = "") -> None:
        super().__init__(flaw.value)
        self.flaw, self.offset = flaw, offset
        self.sop_class_uid, self.sop_instance_uid = sop_class_uid, sop_instance_uid


@dataclass(frozen=True, slots=True)
class Sound:
    """What the walk saw of a file."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    depth: int
    elements: int
    patient_id: str = ""


def check(content: bytes | memoryview) -> Sound:
    """
    Walk a whole DICOM file.

    Raises
    ------
    Unsound
        With the first flaw, and where it is.
    """
    view = memoryview(content)
    if len(view) < 144 or bytes(view[128:132]) != b"DICM":
        raise Unsound(Flaw.NO_DICOM, 0)
    transfer_syntax_uid, start = _file_meta(view)
    if transfer_syntax_uid not in _DEFLATED:
        return _walked(view[start:], transfer_syntax_uid)
    with _ONE_INFLATED:
        return _walked(memoryview(_inflated(view[start:])), transfer_syntax_uid)


def _walked(data_set: memoryview, transfer_syntax_uid: str) -> Sound:
    walk = _Walk(data_set, implicit=transfer_syntax_uid == _IMPLICIT, order=">" if transfer_syntax_uid == _BIG_ENDIAN else "<")
    try:
        walk.run()
    except Unsound as unsound:
        raise Unsound(unsound.flaw, unsound.offset, walk.text(_SOP_CLASS_UID), walk.text(_SOP_INSTANCE_UID)) from None
    told = Sound(
        sop_class_uid=walk.text(_SOP_CLASS_UID),
        sop_instance_uid=walk.text(_SOP_INSTANCE_UID),
        study_instance_uid=walk.text(_STUDY_INSTANCE_UID),
        series_instance_uid=walk.text(_SERIES_INSTANCE_UID),
        transfer_syntax_uid=transfer_syntax_uid,
        depth=walk.depth,
        elements=walk.elements,
        patient_id=walk.text(_PATIENT_ID),
    )
    if not (told.sop_class_uid and told.sop_instance_uid and told.study_instance_uid):
        raise Unsound(Flaw.NO_IDENTITY, 0, told.sop_class_uid, told.sop_instance_uid)
    flaw = walk.flaw_of_image()
    if flaw:
        raise Unsound(flaw, walk.pixel_data_at, told.sop_class_uid, told.sop_instance_uid)
    return told


def data_set(content: bytes | memoryview) -> tuple[str, bytes]:
    """TransferSyntaxUID and data set of a file, without its header: senders and archives write headers of their own."""
    view = memoryview(content)
    transfer_syntax_uid, start = _file_meta(view)
    return transfer_syntax_uid, bytes(view[start:])


def _file_meta(view: memoryview) -> tuple[str, int]:
    """TransferSyntaxUID and where the data set begins: group 0002, always explicit and little-endian, ends where another group begins."""
    position, transfer_syntax_uid = 132, ""
    while position + 8 <= len(view) and bytes(view[position : position + 2]) == b"\x02\x00":
        vr = bytes(view[position + 4 : position + 6])
        if vr in _SHORT:
            length, value = int.from_bytes(view[position + 6 : position + 8], "little"), position + 8
        elif vr in _LONG and vr != b"SQ" and position + 12 <= len(view):
            length, value = int.from_bytes(view[position + 8 : position + 12], "little"), position + 12
        else:
            raise Unsound(Flaw.NOT_AN_ELEMENT, position)
        if value + length > len(view):
            raise Unsound(Flaw.PAST_THE_END, position)
        if bytes(view[position + 2 : position + 4]) == b"\x10\x00":
            transfer_syntax_uid = bytes(view[value : value + length]).decode("ascii", "replace").rstrip("\0 ")
        position = value + length
    if not transfer_syntax_uid:
        raise Unsound(Flaw.NO_DICOM, position)
    return transfer_syntax_uid, position


def _inflated(deflated: memoryview) -> bytes:
    """The data set of a deflated file (PS3.5 §A.5), never more than the limit."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(deflated, MAXIMUM_INFLATED_BYTES + 1)
    except zlib.error:
        raise Unsound(Flaw.CANNOT_INFLATE, 0) from None
    if len(content) > MAXIMUM_INFLATED_BYTES:
        raise Unsound(Flaw.INFLATES_TOO_FAR, MAXIMUM_INFLATED_BYTES)
    if not unpacker.eof:
        raise Unsound(Flaw.CANNOT_INFLATE, len(content))
    return content


@dataclass(slots=True)
class _Open:
    """Something whose parts are being walked: the data set or an item (of elements), or a sequence (of items)."""

    end: int  # where it ends, or must have ended at the latest
    is_sequence: bool
    implicit: bool
    is_delimited: bool = False  # of undefined length: a delimitation item ends it
    is_fragments: bool = False


class _Walk:
    """One walk over a data set."""

    def __init__(self, data_set: memoryview, implicit: bool, order: str) -> None:
        self._view, self._order = data_set, order
        self._open = [_Open(len(data_set), is_sequence=False, implicit=implicit)]
        self._told: dict[int, bytes] = {}
        self.depth = self.elements = self.pixel_data_at = 0
        self._pixel_data_bytes: int | None = None
        self._last_zeros: int | None = None
        self._is_encapsulated = False

    def text(self, tag: int) -> str:
        """A value of the data set itself, empty where it was not seen."""
        return self._told.get(tag, b"").decode("ascii", "replace").strip("\0 ")

    def run(self) -> None:
        """Walk to the end."""
        view, opened = self._view, self._open
        head, size = Struct(self._order + "HH").unpack_from, Struct(self._order + "I").unpack_from
        position = 0
        while opened:
            top = opened[-1]
            if position >= top.end:
                if position > top.end or top.is_delimited:
                    raise Unsound(Flaw.PAST_THE_END, position)
                opened.pop()
                continue
            if position + 8 > top.end:
                raise Unsound(Flaw.PAST_THE_END, position)
            group, element = head(view, position)
            tag = group << 16 | element
            self.elements += 1
            if self.elements > MAXIMUM_ELEMENTS:
                raise Unsound(Flaw.TOO_MANY_ELEMENTS, position)
            if group == 0xFFFE:
                position = self._delimiter(top, tag, size(view, position + 4)[0], position)
            elif top.is_sequence:
                raise Unsound(Flaw.NOT_AN_ITEM, position)
            elif tag == 0 and len(opened) == 1 and position >= self._filled_up_from():
                return  # filled up with zeros, as some archives do
            else:
                position = self._element(top, tag, position, size)

    def _filled_up_from(self) -> int:
        """Where the zeros at the very end begin. Looked for once: the answer is the same for each of many empty elements."""
        if self._last_zeros is None:
            end = len(self._view)
            while end and not (portion := bytes(self._view[max(0, end - _PORTION_BYTES) : end]).rstrip(b"\0")):
                end = max(0, end - _PORTION_BYTES)
            self._last_zeros = max(0, end - _PORTION_BYTES) + len(portion) if end else 0
        return self._last_zeros

    def _delimiter(self, top: _Open, tag: int, length: int, position: int) -> int:
        """An item, or the end of an item or of a sequence (PS3.5 §7.5)."""
        after = position + 8
        if tag == _ITEM and top.is_sequence:
            if length == _UNDEFINED and top.is_fragments:
                raise Unsound(Flaw.NOT_AN_ITEM, position)
            if length != _UNDEFINED and after + length > top.end:
                raise Unsound(Flaw.PAST_THE_END, position)
            if top.is_fragments:
                return after + length
            end = top.end if length == _UNDEFINED else after + length
            self._open.append(_Open(end, is_sequence=False, implicit=top.implicit, is_delimited=length == _UNDEFINED))
            self._count_depth(position)
            return after
        if top.is_delimited and tag == (_SEQUENCE_END if top.is_sequence else _ITEM_END):
            if top.is_fragments and len(self._open) == 2:
                self._pixel_data_bytes = after - self.pixel_data_at
            self._open.pop()
            return after
        raise Unsound(Flaw.NOT_AN_ITEM, position)

    def _count_depth(self, position: int) -> None:
        depth = len(self._open) // 2
        if depth > MAXIMUM_DEPTH:
            raise Unsound(Flaw.TOO_DEEP, position)
        self.depth = max(self.depth, depth)

    def _element(self, top: _Open, tag: int, position: int, size: Callable[[memoryview, int], tuple[int]]) -> int:
        """One element: step over its value, or into it where it is a sequence."""
        view, implicit = self._view, top.implicit
        if implicit:
            vr, length, value = b"", size(view, position + 4)[0], position + 8
            is_sequence = _is_sequence(tag)
        else:
            vr = bytes(view[position + 4 : position + 6])
            if vr in _SHORT:
                length, value = int.from_bytes(view[position + 6 : position + 8], "little" if self._order == "<" else "big"), position + 8
            elif vr in _LONG:
                if position + 12 > top.end:
                    raise Unsound(Flaw.PAST_THE_END, position)
                length, value = size(view, position + 8)[0], position + 12
            else:
                raise Unsound(Flaw.NOT_AN_ELEMENT, position)
            is_sequence = vr == b"SQ"
        if length == _UNDEFINED:
            return self._enter_undefined(top, tag, vr, value, position)
        if value + length > top.end:
            raise Unsound(Flaw.PAST_THE_END, position)
        if len(self._open) == 1:
            if tag in _TOLD and length <= 64:
                self._told[tag] = bytes(view[value : value + length])
            elif tag == _PIXEL_DATA:
                self.pixel_data_at, self._pixel_data_bytes = position, length
        # Of unknown representation it may be a sequence all the same (PS3.5 §6.2.2): then it is one to whoever reads it so.
        if (
            not is_sequence
            and (implicit or vr == b"UN")
            and length >= 8
            and bytes(view[value : value + 4]) == b"\xfe\xff\x00\xe0"
            and tag != _PIXEL_DATA
        ):
            is_sequence = True
        if is_sequence and length:
            self._open.append(_Open(value + length, is_sequence=True, implicit=implicit or vr == b"UN"))
            return value
        return value + length

    def _enter_undefined(self, top: _Open, tag: int, vr: bytes, value: int, position: int) -> int:
        is_pixel_data = tag == _PIXEL_DATA and vr in (b"OB", b"OW", b"")
        if not is_pixel_data and vr not in (b"SQ", b"UN", b""):
            raise Unsound(Flaw.NOT_AN_ELEMENT, position)
        if is_pixel_data and len(self._open) == 1:
            self.pixel_data_at, self._is_encapsulated = position, True
        implicit = top.implicit or vr == b"UN"
        self._open.append(_Open(top.end, is_sequence=True, implicit=implicit, is_delimited=True, is_fragments=is_pixel_data))
        return value

    def flaw_of_image(self) -> Flaw | None:
        """Whether what the image says of its size can be meant (PS3.3 §C.7.6.3)."""
        if self._pixel_data_bytes is None:
            return None
        rows, columns, samples, bits = (self._number(tag) for tag in (_ROWS, _COLUMNS, _SAMPLES, _BITS))
        try:
            frames = int(self.text(_FRAMES) or "1")
        except ValueError:
            return Flaw.ABSURD_IMAGE
        frame_bytes = rows * columns * max(samples, 1) * max(bits, 1) // 8
        is_absurd = frames < 0 or frame_bytes > MAXIMUM_FRAME_BYTES or frame_bytes * max(frames, 1) > MAXIMUM_IMAGE_BYTES
        # Half: YBR_PARTIAL_420 has one pair of chrominances for four pixels.
        is_short = not self._is_encapsulated and self._pixel_data_bytes < frame_bytes // 2
        return Flaw.ABSURD_IMAGE if is_absurd or is_short else None

    def _number(self, tag: int) -> int:
        return int.from_bytes(self._told.get(tag, b"")[:2], "little" if self._order == "<" else "big")
