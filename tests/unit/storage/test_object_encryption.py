# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encryption of objects: keys with numbers, rotation, and the official plugin's format, which is read only."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloudfilm.errors import SettingInvalid
from cloudfilm.storage.encryption_keys import EncryptionKeys, read_encryption_keys
from cloudfilm.storage.object_encryption import decrypt, encrypt
from cloudfilm.storage.object_faults import ObjectDamaged

ONE, OTHER = UUID(int=1), UUID(int=2)
KEYS = EncryptionKeys({7: b"k" * 32}, 7)
PLAIN = b"DICM" * 1000


def key_file(tmp_path: Path, text: str, mode: int = 0o600) -> str:
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def line(number: int, byte: bytes) -> str:
    return f"{number} {base64.b64encode(byte * 32).decode()}\n"


def test_it_comes_back_and_shows_nothing() -> None:
    sealed = encrypt(PLAIN, ONE, KEYS, os.urandom)
    assert decrypt(sealed, ONE, KEYS) == PLAIN
    assert b"DICM" not in sealed
    assert encrypt(PLAIN, ONE, KEYS, os.urandom) != sealed
    assert decrypt(encrypt(b"", ONE, KEYS, os.urandom), ONE, KEYS) == b""


@pytest.mark.parametrize("place", [0, 3, 10, 50, -1])
def test_any_changed_byte_is_noticed(place: int) -> None:
    sealed = bytearray(encrypt(PLAIN, ONE, KEYS, os.urandom))
    sealed[place] ^= 1
    with pytest.raises(ObjectDamaged):
        decrypt(bytes(sealed), ONE, KEYS)


def test_one_object_cannot_stand_in_for_another() -> None:
    with pytest.raises(ObjectDamaged):
        decrypt(encrypt(PLAIN, ONE, KEYS, os.urandom), OTHER, KEYS)


def test_an_unknown_key_is_named_by_its_number() -> None:
    sealed = encrypt(PLAIN, ONE, KEYS, os.urandom)
    with pytest.raises(ObjectDamaged, match=r"key 7, which is not among the keys \(known: 8\)"):
        decrypt(sealed, ONE, EncryptionKeys({8: b"k" * 32}, 8))
    with pytest.raises(ObjectDamaged):
        decrypt(sealed, ONE, EncryptionKeys({7: b"x" * 32}, 7))


def test_after_a_rotation_old_objects_are_read_and_new_ones_have_the_new_key(tmp_path: Path) -> None:
    before = read_encryption_keys(key_file(tmp_path, line(1, b"a")))
    sealed = encrypt(PLAIN, ONE, before, os.urandom)
    after = read_encryption_keys(key_file(tmp_path, "# ours\n" + line(1, b"a") + "\n" + line(2, b"b")))
    assert decrypt(sealed, ONE, after) == PLAIN
    with pytest.raises(ObjectDamaged, match="key 2"):
        decrypt(encrypt(PLAIN, ONE, after, os.urandom), ONE, before)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at least one key"),
        ("1 short\n", "a key of 32 bytes"),
        ("one " + base64.b64encode(b"a" * 32).decode(), "lines of a number"),
        (line(1, b"a") + line(1, b"b"), "each number once"),
        ("4294967296 " + base64.b64encode(b"a" * 32).decode(), "lines of a number"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused_without_showing_it(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingInvalid, match=told) as caught:
        read_encryption_keys(key_file(tmp_path, text))
    assert base64.b64encode(b"a" * 32).decode() not in str(caught.value)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="chmod 600"):
        read_encryption_keys(key_file(tmp_path, line(1, b"a"), 0o640))
    with pytest.raises(SettingInvalid, match="can be read"):
        read_encryption_keys(str(tmp_path / "none"))


def test_the_official_plugins_format_is_read() -> None:
    """Put together here from what its source says: data key and IV of 32 bytes, both wrapped by AES-CTR from zero, the prefix authenticated."""
    master, key, iv = b"m" * 32, os.urandom(32), os.urandom(32)

    def wrap(plain: bytes) -> bytes:
        return Cipher(algorithms.AES(master), modes.CTR(bytes(16))).encryptor().update(plain)

    prefix = b"A1" + (3).to_bytes(4, "little") + wrap(iv) + wrap(key)
    sealed = prefix + AESGCM(key).encrypt(iv, PLAIN, prefix)
    assert len(sealed) - len(PLAIN) == 86
    assert decrypt(sealed, ONE, EncryptionKeys({3: master}, 3)) == PLAIN
    with pytest.raises(ObjectDamaged):
        decrypt(sealed[:-1], ONE, EncryptionKeys({3: master}, 3))
