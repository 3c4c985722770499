# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chinese text whose Specific Character Set (PS3.3 §C.12.1.1.2) is not the one that it is in: devices here often state another. Pure."""

from __future__ import annotations

import re

from pydicom.charset import convert_encodings, decode_bytes

_PARTS = re.compile(rb"[\^=\s]+")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_CHINESE = ("GB18030", "GBK")
_UNICODE = "ISO_IR 192"
# What devices state that know no better: nothing, the default repertoire, Western Europe, and Japanese where they come from there.
_STATED_BY_DEFAULT = ("", "ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 13", "ISO 2022 IR 6", "ISO 2022 IR 100")
_FIRST_OF_THREE_BYTES = 0x800
# Latin with its accents, Greek, Cyrillic, Armenian, Hebrew, Arabic.
_ALPHABETS = ((0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x530, 0x58F), (0x590, 0x5FF), (0x600, 0x6FF))
_SIGNS = "（）、，。：；—·－／《》“”"


def readable(raw: bytes, stated: str) -> str | None:
    """What a value says, when its bytes are Chinese in another encoding than stated; None where the statement may stand.

    Parameters
    ----------
    raw : bytes
        The value as it is stored.
    stated : str
        The Specific Character Set, as it is stored; several are separated by backslashes.
    """
    if raw.isascii() or b"\x1b" in raw:
        # Nothing to read, or escape sequences that say themselves what follows (PS3.5 §6.1.2.5).
        return None
    first, *others = (one.strip() for one in stated.split("\\"))
    of_utf8, of_gb18030 = _decoded(raw, "utf-8"), _decoded(raw, "gb18030")
    if of_utf8 is not None and _is_chinese(of_utf8):
        return None if first == _UNICODE else of_utf8
    if first in _CHINESE or of_gb18030 is None:
        return None
    if first == _UNICODE:
        return of_gb18030 if of_utf8 is None or (_is_of_no_script(of_utf8) and _is_chinese(of_gb18030)) else None
    # GB 2312 by escape sequences (ISO 2022 IR 58) is stated by many devices that write none.
    if first not in _STATED_BY_DEFAULT or not set(others) <= {"ISO 2022 IR 58", "ISO 2022 IR 6"} or not _is_chinese(of_gb18030):
        return None
    return of_gb18030 if all(map(_is_in_pairs, _PARTS.split(raw))) else None


def as_stated(raw: bytes, stated: str) -> str:
    """A value in the character set that is stated; what does not fit is replaced."""
    return str(decode_bytes(raw, convert_encodings([one.strip() for one in stated.split("\\")]), set()))


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_chinese(text: str) -> bool:
    """Whether all that is not ASCII is ideographs and Chinese signs."""
    strange = [character for character in text if not character.isascii()]
    return any(map(_is_ideograph, strange)) and all(_is_ideograph(character) or character in _SIGNS for character in strange)


def _is_of_no_script(text: str) -> bool:
    """Whether all that is not ASCII is of several alphabets at once: pairs of Chinese bytes can be valid UTF-8 by chance."""
    strange = [ord(character) for character in text if not character.isascii()]
    return max(strange, default=0) < _FIRST_OF_THREE_BYTES and not any(
        all(low <= one <= high for one in strange) for low, high in _ALPHABETS
    )


def _is_in_pairs(part: bytes) -> bool:
    """Whether bytes beyond ASCII come in pairs, as in Chinese, and not alone among letters, as in "Müller"; rare characters end in an ASCII byte."""
    if all(len(run[0]) % 2 == 0 for run in _HIGH_BYTES.finditer(part)):
        return True
    text = _decoded(part, "gb18030") or ""
    return len(text) > 1 and all(map(_is_ideograph, text))


def _is_ideograph(character: str) -> bool:
    return "㐀" <= character <= "鿿" or "\U00020000" <= character <= "\U0003ffff"
