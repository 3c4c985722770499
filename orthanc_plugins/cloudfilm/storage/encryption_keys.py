# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys that objects are encrypted with before they are sent: a file of mode 0600, one key a line, oldest first.

``1 BASE64`` is the key number 1, 32 bytes. The last line encrypts, the others still decrypt: a key is rotated by adding a line.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

from cloudfilm.errors import SettingInvalid

_KEY_BYTES = 32
_SETTING = "S3EncryptionKeyFile"


@dataclass(frozen=True, slots=True)
class EncryptionKeys:
    """Keys by number; ``newest`` encrypts."""

    by_id: dict[int, bytes]
    newest: int


def read_encryption_keys(path: str) -> EncryptionKeys:
    """Read the file.

    Raises
    ------
    SettingInvalid
        Says what is wrong with the file; never shows a key.
    """
    keys: dict[int, bytes] = {}
    for number, line in enumerate(private_file(path, _SETTING).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split()
        if len(words) != 2 or not words[0].isdigit() or int(words[0]) >= 1 << 32:
            raise SettingInvalid(_SETTING, f"{path}, line {number}", "lines of a number below 4294967296 and a key in Base64")
        try:
            key = base64.b64decode(words[1], validate=True)
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise SettingInvalid(_SETTING, f"{path}, line {number}", "a key of 32 bytes in Base64, for example of: openssl rand -base64 32")
        if int(words[0]) in keys:
            raise SettingInvalid(_SETTING, f"{path}, line {number}", "each number once")
        keys[int(words[0])] = key
    if not keys:
        raise SettingInvalid(_SETTING, path, "a file with at least one key")
    return EncryptionKeys(keys, next(reversed(keys)))


def private_file(path: str, setting: str) -> str:
    """The text of a file that nobody else may read."""
    try:
        mode = Path(path).stat().st_mode
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingInvalid(
            setting, path, f"a text file that can be read (it is not: {getattr(error, 'strerror', 'no UTF-8')})"
        ) from error
    if mode & 0o077:
        raise SettingInvalid(setting, path, f"a file that only its owner may read: chmod 600 (it has mode {mode & 0o777:o})")
    return text
