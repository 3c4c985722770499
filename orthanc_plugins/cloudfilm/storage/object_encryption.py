# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encryption of objects before they leave this machine: AES-256-GCM, with the number of the key in the header.

Ours is ``C1``, the key's number (4 bytes, little-endian), a salt of 32 bytes, the encrypted bytes and their tag. Salt and key make a key and a
nonce for this one object (HKDF, RFC 5869); the header and the attachment's identifier are authenticated, so that no object can stand in for another.

``A1`` is the format of Orthanc's official plugins: it is read, never written. It wraps the data keys of all objects with one and the same key
stream (CTR from zero), so that whoever learns one data key can find every other.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cloudfilm.storage.encryption_keys import EncryptionKeys
from cloudfilm.storage.object_faults import ObjectDamaged

_OURS, _OFFICIAL = b"C1", b"A1"
_SALT_BYTES, _TAG_BYTES = 32, 16
_OURS_HEADER = 2 + 4 + _SALT_BYTES
_OFFICIAL_IV, _OFFICIAL_KEY = 32, 32
_OFFICIAL_HEADER = 2 + 4 + _OFFICIAL_IV + _OFFICIAL_KEY


def encrypt(plain: bytes, attachment_id: UUID, keys: EncryptionKeys, entropy: Callable[[int], bytes]) -> bytes:
    """Encrypt with the newest key."""
    header = _OURS + keys.newest.to_bytes(4, "little") + entropy(_SALT_BYTES)
    key, nonce = _derive(keys.by_id[keys.newest], header)
    return header + AESGCM(key).encrypt(nonce, plain, header + attachment_id.bytes)


def decrypt(sealed: bytes, attachment_id: UUID, keys: EncryptionKeys) -> bytes:
    """Decrypt either format.

    Raises
    ------
    ObjectDamaged
        A key that we do not have, a format that we do not know, or bytes that are not what they were.
    """
    version, number = sealed[:2], int.from_bytes(sealed[2:6], "little")
    if version not in (_OURS, _OFFICIAL) or len(sealed) < _OURS_HEADER + _TAG_BYTES:
        raise ObjectDamaged("The object is not encrypted in a form that is known here.")
    if number not in keys.by_id:
        known = ", ".join(map(str, keys.by_id)) or "none"
        raise ObjectDamaged(f"The object was encrypted with key {number}, which is not among the keys (known: {known}).")
    try:
        if version == _OURS:
            header = sealed[:_OURS_HEADER]
            key, nonce = _derive(keys.by_id[number], header)
            return AESGCM(key).decrypt(nonce, sealed[_OURS_HEADER:], header + attachment_id.bytes)
        return _decrypt_official(sealed, keys.by_id[number])
    except (InvalidTag, ValueError) as error:
        raise ObjectDamaged("The object cannot be decrypted: its bytes, its name or the key have changed.") from error


def _decrypt_official(sealed: bytes, master: bytes) -> bytes:
    header = sealed[:_OFFICIAL_HEADER]

    def unwrap(wrapped: bytes) -> bytes:
        cipher = Cipher(algorithms.AES(master), modes.CTR(bytes(16))).decryptor()
        return cipher.update(wrapped) + cipher.finalize()

    iv, key = unwrap(header[6 : 6 + _OFFICIAL_IV]), unwrap(header[6 + _OFFICIAL_IV :])
    return AESGCM(key).decrypt(iv, sealed[_OFFICIAL_HEADER:], header)


def _derive(master: bytes, header: bytes) -> tuple[bytes, bytes]:
    """A key and a nonce that are used once."""
    derived = HKDF(SHA256(), length=44, salt=header[6:], info=b"CloudFilm object" + header[:6]).derive(master)
    return derived[:32], derived[32:]
