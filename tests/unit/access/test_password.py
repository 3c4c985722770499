# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which passwords of staff are taken, and how they are stored."""

from __future__ import annotations

import pytest

from cloudfilm.access.password import (
    KNOWN_PASSWORDS,
    PasswordFault,
    fault_of,
    hash_password,
    is_known_default,
    is_right,
    needs_new_hash,
    password_from,
)

OWN_WORDS = ["li.wenjing", "李文静", "jia", "甲医院"]
SALT = bytes(range(16))


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", PasswordFault.TOO_SHORT),
        ("k3m9x-qxf2t", PasswordFault.TOO_SHORT),
        ("k3m9x-qxf2t-", None),
        ("correct horse battery staple", None),
        ("清晨的江面有三只白鹭飞过桥头", None),
        ("x" * 201, PasswordFault.TOO_LONG),
        ("aaaaaaaaaaaaaaaa", PasswordFault.COMMON),
        ("password1234", PasswordFault.COMMON),
        ("Password2026!!", PasswordFault.COMMON),
        ("CHANGEME-changeme", PasswordFault.COMMON),
        ("orthanc-orthanc-1", PasswordFault.COMMON),
        ("cloudfilm/admin/2026", PasswordFault.COMMON),
        ("1234567890123456", PasswordFault.COMMON),
        ("ｐａｓｓｗｏｒｄ１２３４", PasswordFault.COMMON),
        ("li.wenjing2026", PasswordFault.ABOUT_ITS_OWNER),
        ("Wenjing-Li-1988", PasswordFault.ABOUT_ITS_OWNER),
        ("李文静李文静李文静李文静", PasswordFault.COMMON),
        ("甲医院2026年李文静", PasswordFault.TOO_SHORT),
        ("甲医院-2026-李文静-1", PasswordFault.ABOUT_ITS_OWNER),
        ("li.wenjing walks by the river", None),
    ],
)
def test_what_is_taken(password: str, fault: PasswordFault | None) -> None:
    assert fault_of(password, OWN_WORDS) is fault


@pytest.mark.parametrize("known", sorted(KNOWN_PASSWORDS))
def test_no_known_password_is_taken_however_it_is_lengthened(known: str) -> None:
    for password in (known, known * 3, f"{known}{known}2026", f"!!{known.upper()}__2026"):
        assert fault_of(password, []) is not None


@pytest.mark.parametrize(("password", "user"), [("Orthanc", ""), ("changeme", "x"), ("cloudfilm", ""), ("somebody", "Somebody"), ("", "")])
def test_servers_default_passwords_are_known(password: str, user: str) -> None:
    assert is_known_default(password, user)


def test_a_made_password_is_taken_and_depends_on_every_byte() -> None:
    made = {password_from(bytes([*range(place), 255, *range(12 - place)])) for place in range(13)}
    assert len(made) == 13
    assert all(fault_of(password, OWN_WORDS) is None for password in made)
    with pytest.raises(ValueError, match="13"):
        password_from(b"short")


def test_only_the_right_password_is_right() -> None:
    stored = hash_password("correct horse battery staple", SALT)
    assert stored.startswith("$argon2id$")
    assert is_right("correct horse battery staple", stored)
    assert not is_right("Correct horse battery staple", stored)
    assert not is_right("", stored)
    assert not needs_new_hash(stored)
    assert needs_new_hash("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$K5vSVwf4bIuDI1gOYBZ6rOqEz2BTwjGKG4PGZc4OTTA")


def test_nobody_has_a_password() -> None:
    assert not is_right("nobody's password", None)
    assert not is_right("anything", "not a hash")


def test_one_character_written_in_two_ways_is_one_password() -> None:
    assert is_right("cafe\u0301 au lait demain", hash_password("caf\u00e9 au lait demain", SALT))
