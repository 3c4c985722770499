# SPDX-License-Identifier: AGPL-3.0-or-later
"""The memory that makes decisions cheap, and one event of many requests."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloudfilm.doors.short_memory import ShortMemory


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_of_many_that_ask_at_once_one_finds_and_all_get_its_answer() -> None:
    memory: ShortMemory[str, int] = ShortMemory(60)
    together, found = threading.Barrier(16), []

    def find() -> int:
        found.append(1)
        return len(found)

    def ask(_: int) -> int:
        together.wait()
        return memory.get("key", find)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(16)))
    assert (answers, found) == ([1] * 16, [1])


def test_other_keys_do_not_wait() -> None:
    memory: ShortMemory[str, str] = ShortMemory(60)
    other = threading.Event()

    def slow() -> str:
        assert other.wait(5)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(memory.get, "slow", slow)
        assert memory.get("quick", lambda: "quick") == "quick"
        other.set()
        assert waiting.result() == "slow"


def test_an_answer_is_forgotten_after_its_time_and_at_once_on_demand() -> None:
    clock, answers = Clock(), iter(range(10))
    memory: ShortMemory[str, int] = ShortMemory(3, clock=clock)
    asked = [memory.get("key", answers.__next__) for _ in range(2)]
    clock.now = 3.0
    asked.append(memory.get("key", answers.__next__))
    memory.forget("key")
    asked.append(memory.get("key", answers.__next__))
    assert asked == [0, 0, 1, 2]


def test_an_exception_is_not_remembered() -> None:
    memory: ShortMemory[str, int] = ShortMemory(60)
    with pytest.raises(ZeroDivisionError):
        memory.get("key", lambda: 1 // 0)
    assert memory.get("key", lambda: 1) == 1


def test_the_least_recently_asked_goes_first() -> None:
    memory: ShortMemory[int, int] = ShortMemory(60, size=2)
    for key in (1, 2, 1, 3):
        memory.get(key, lambda: 0)
    assert [memory.get(key, lambda: 1) for key in (1, 3, 2)] == [0, 0, 1]
