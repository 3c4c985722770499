# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files of keys: made once, read in the old form and the new, followed by whoever runs."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudfilm.access.key_ring import SigningKey
from cloudfilm.storage.key_files import (
    HASHING,
    SEALING,
    SIGNING,
    KeyFiles,
    key_lock,
    load_key_ring,
    new_signing_key,
    read_signing_keys,
    write_signing_keys,
)

NOW = datetime(2026, 5, 11, 9, 42, tzinfo=UTC)


def test_a_first_start_makes_keys_that_only_their_owner_reads(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    ring = load_key_ring(directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    for name in (SIGNING, SEALING, HASHING):
        assert (directory / name).stat().st_mode & 0o777 == 0o600
    assert [len(key.secret) for key in ring.signing] == [32]
    assert ring.signing[0].created_at is not None
    assert load_key_ring(directory) == ring
    assert sorted(path.name for path in directory.iterdir()) == sorted([SIGNING, SEALING, HASHING, "lock"])


def test_many_first_starts_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(load_key_ring, [tmp_path / "keys"] * 8))
    assert all(ring == rings[0] for ring in rings)


def test_lines_of_two_columns_stay_valid(tmp_path: Path) -> None:
    load_key_ring(tmp_path)
    old = base64.b64encode(b"o" * 32).decode()
    (tmp_path / SIGNING).write_text(f"old {old}\n\n{(tmp_path / SIGNING).read_text()}")
    keys = read_signing_keys(tmp_path)
    assert keys[0] == SigningKey("old", b"o" * 32, None)
    write_signing_keys(tmp_path, [*keys, new_signing_key(NOW)])
    assert read_signing_keys(tmp_path)[:2] == keys
    assert read_signing_keys(tmp_path)[2].created_at == NOW
    assert (tmp_path / SIGNING).read_text().startswith(f"old {old}\n")


def test_whoever_runs_follows_at_once(tmp_path: Path) -> None:
    source = KeyFiles(tmp_path)
    first = source()
    assert source() is first
    with key_lock(tmp_path):
        write_signing_keys(tmp_path, [*first.signing, new_signing_key(NOW)])
    assert len(source().signing) == 2
    assert source().signing[0] == first.signing[0]
    assert source().hashing == first.hashing
    with key_lock(tmp_path):
        write_signing_keys(tmp_path, list(source().signing[1:]))
    assert [key.created_at for key in source().signing] == [NOW]
    assert (tmp_path / SIGNING).stat().st_mode & 0o777 == 0o600


def test_a_sealing_key_added_by_hand_is_noticed(tmp_path: Path) -> None:
    source = KeyFiles(tmp_path)
    with (tmp_path / SEALING).open("a") as file:
        file.write(base64.urlsafe_b64encode(b"s" * 32).decode() + "\n")
    assert len(source().sealing) == 2


@pytest.mark.parametrize(
    "content", ["", "\n", "one-column\n", "a not-base64!\n", "a c2hvcnQ=\n", "é\n", f"a {'QUFB' * 11} yesterday\n"], ids=repr
)
def test_damaged_files_leave_the_ring_as_it_was(tmp_path: Path, content: str) -> None:
    source = KeyFiles(tmp_path)
    before, written = source(), (tmp_path / SIGNING).read_text()
    (tmp_path / SIGNING).write_text(content, encoding="utf-8")
    assert source() is before
    (tmp_path / SIGNING).unlink()
    assert source() is before
    (tmp_path / SIGNING).write_text(written)
    assert source() == before
