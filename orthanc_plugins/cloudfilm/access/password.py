# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passwords of members of staff: which are good enough, and how they are stored (Argon2id, RFC 9106's second recommended choice)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 200
SALT_BYTES = 16
MADE_FROM_BYTES = 13
_LEFT_AT_LEAST = 8
_DIFFERENT_AT_LEAST = 5
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_HASHER = PasswordHasher()

# What products are delivered with, and what people type first.
_LISTED = """
    0000 000000 00000000 1111 111111 11111111 1234 12345 123456 1234567 12345678 123456789 1234567890 0123456789 654321 987654321 0987654321
    123123 123321 666666 888888 88888888 5201314 112233 abc123 abcd1234 a123456 a1b2c3d4 abcdef abcdefg abcdefgh abcdefghijkl
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx qazwsx qwer1234 qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm iloveyou woaini woaini1314
    admin administrator root user guest test demo default system manager operator doctor public private secret letmein welcome master
    password passwd passw0rd p@ssw0rd p@ssword pass pass1234 changeme changeit change-me example login dragon monkey sunshine football
    orthanc alicepassword cloudfilm postgres postgresql postgrespw minio minioadmin redis rabbitmq dicom dcm4chee pacs pacsadmin ohif
    hospital yiyuan radiology yingxiang mima guanliyuan
"""
KNOWN_PASSWORDS = frozenset(_LISTED.split())


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    COMMON = "common"
    ABOUT_ITS_OWNER = "about its owner"


def fault_of(password: str, own_words: Iterable[str]) -> PasswordFault | None:
    """Why a password is not good enough, None when it is.

    Parameters
    ----------
    own_words : Iterable of str
        What anybody would try first for this account: its login, its owner's name, the hospital. A password may hold such a word, and a
        common one, if enough is left without them.
    """
    if len(password) < MINIMUM_LENGTH:
        return PasswordFault.TOO_SHORT
    if len(password) > MAXIMUM_LENGTH:
        return PasswordFault.TOO_LONG
    left = _normalised(password).casefold()
    if len(set(left)) < _DIFFERENT_AT_LEAST:
        return PasswordFault.COMMON
    left = _without(left, (part for word in own_words for part in (word, *re.split(r"[\s._@-]+", word))))
    if _significant(left) < _LEFT_AT_LEAST:
        return PasswordFault.ABOUT_ITS_OWNER
    return PasswordFault.COMMON if _significant(_without(left, KNOWN_PASSWORDS)) < _LEFT_AT_LEAST else None


def is_known_default(password: str, user: str = "") -> bool:
    """Whether a server's password is one that everybody knows, or its user's name."""
    folded = password.casefold()
    return folded in KNOWN_PASSWORDS or folded == user.casefold()


def password_from(random_bytes: bytes) -> str:
    """A strong password for 13 random bytes (100 bits), in groups that can be read out: ``k3m9x-qxf2t-8bw4n-7hjrp``."""
    if len(random_bytes) != MADE_FROM_BYTES:
        raise ValueError(f"a password is made of {MADE_FROM_BYTES} random bytes")
    number = int.from_bytes(random_bytes, "big")
    characters = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(20))
    return "-".join(characters[start : start + 5] for start in range(0, 20, 5))


def hash_password(password: str, salt: bytes) -> str:
    """What is stored: Argon2id with its parameters and salt (16 random bytes)."""
    return _HASHER.hash(_normalised(password), salt=salt)


def is_right(password: str, stored: str | None) -> bool:
    """Whether this is the password. ``stored`` None, for an account that does not exist or has none, takes as long and is never right."""
    try:
        _HASHER.verify(stored or _of_nobody(), _normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_new_hash(stored: str) -> bool:
    """Whether it was hashed with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody's password", salt=b"salt of nobody's")


def _normalised(password: str) -> str:
    """The same characters, whichever way a keyboard or an input method wrote them."""
    return unicodedata.normalize("NFKC", password)


def _without(text: str, words: Iterable[str]) -> str:
    for word in sorted({_normalised(word).casefold() for word in words}, key=len, reverse=True):
        if len(word) > 1:
            text = text.replace(word, " ")
    return text


def _significant(text: str) -> int:
    return sum(character.isalnum() for character in text)
