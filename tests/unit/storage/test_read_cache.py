# SPDX-License-Identifier: AGPL-3.0-or-later
"""The read cache: bounded, shared by processes, suspicious of its own disk, never in the way."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cloudfilm.storage.read_cache import ReadCache


def put(cache: ReadCache, size: int, fill: bytes = b"x") -> UUID:
    one, content = uuid4(), fill * size
    cache.put(one, content, hashlib.sha256(content).digest())
    return one


def path_of(folder: Path, one: UUID) -> Path:
    return folder / str(one)[:2] / str(one)


def used(folder: Path, one: UUID, seconds_ago: float) -> None:
    moment = time.time() - seconds_ago
    os.utime(path_of(folder, one), (moment, moment))


def test_what_was_put_is_there_for_another_process_and_after_a_restart(tmp_path: Path) -> None:
    one = put(ReadCache(tmp_path, 1_000_000), 1000)
    assert ReadCache(tmp_path, 1_000_000).get(one) == b"x" * 1000
    assert ReadCache(tmp_path, 1_000_000).get(uuid4()) is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, 10_000)
    kept = [put(cache, 1000) for _ in range(9)]
    for age, one in enumerate(reversed(kept)):
        used(tmp_path, one, 1000 + age)
    assert cache.get(kept[0]) is not None  # the oldest, used again just now
    put(cache, 1000)
    assert cache.size_bytes() <= 10_000
    assert cache.get(kept[0]) is not None
    assert cache.get(kept[1]) is None
    assert cache.get(kept[-1]) is not None


def test_a_damaged_file_is_a_miss_and_is_thrown_away(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, 1_000_000)
    for damage in (lambda content: content[:-1], lambda content: content[:40] + b"y" + content[41:], lambda _content: b""):
        one = put(cache, 1000)
        path = path_of(tmp_path, one)
        path.write_bytes(damage(path.read_bytes()))
        assert cache.get(one) is None
        assert not path.exists()


def fill(folder: Path, number: int) -> None:
    cache = ReadCache(folder, 1_000_000)
    for size in range(number * 1000, number * 1000 + 3000, 30):
        put(cache, 10_000 + size)


def bytes_now(folder: Path) -> int:
    """At one moment: nobody begins to write meanwhile, and what is renamed meanwhile counts once."""
    sizes = {}
    with open(folder / "bytes", "a+b") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        for path in folder.glob("*/*"):
            with suppress(FileNotFoundError):
                sizes[path.stat().st_ino] = path.stat().st_size
    return sum(sizes.values())


def test_several_processes_keep_the_bound_together(tmp_path: Path) -> None:
    processes = [multiprocessing.get_context("fork").Process(target=fill, args=(tmp_path, number)) for number in range(4)]
    for process in processes:
        process.start()
    largest = 0
    while any(process.is_alive() for process in processes):
        largest = max(largest, bytes_now(tmp_path))
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert 0 < largest <= 1_000_000
    assert not list(tmp_path.glob("*/.part-*"))


def test_a_count_that_was_lost_is_made_again(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, 10_000)
    for _ in range(8):
        put(cache, 1000)
    (tmp_path / "bytes").write_bytes(b"")
    for _ in range(4):
        put(cache, 1000)
    assert cache.size_bytes() <= 10_000


def test_what_is_too_large_is_passed_by(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, 10_000)
    small = put(cache, 1000)
    assert cache.get(put(cache, 6000)) is None
    assert cache.get(small) is not None


def test_a_disk_that_cannot_be_written_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    cache = ReadCache(tmp_path / "taken", 10_000)
    one = put(cache, 10)
    assert cache.get(one) is None
    cache.discard(one)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ReadCache(tmp_path, 1_000_000)
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name.startswith(".part-"):
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert cache.get(put(cache, 1000)) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "bytes"]
