# SPDX-License-Identifier: AGPL-3.0-or-later
"""The breaker: three failures open it, one try every three seconds, an answer of any kind closes it."""

from __future__ import annotations

import pytest

from cloudfilm.storage.breaker import Breaker
from cloudfilm.storage.object_faults import ObjectMissing, ObjectStoreUnavailable


class Calls:
    def __init__(self) -> None:
        self.now, self.made = 0.0, 0
        self.breaker = Breaker(lambda: self.now)

    def call(self, error: Exception | None = None) -> None:
        with self.breaker.guard():
            self.made += 1
            if error is not None:
                raise error

    def fail(self) -> None:
        with pytest.raises(ObjectStoreUnavailable):
            self.call(ObjectStoreUnavailable("down"))


def test_after_three_failures_it_lets_one_try_every_three_seconds() -> None:
    calls = Calls()
    for _ in range(3):
        calls.fail()
    for _ in range(5):
        calls.fail()
    assert calls.made == 3
    calls.now = 3.1
    calls.fail()
    calls.fail()
    assert calls.made == 4
    calls.now = 6.3
    calls.call()
    calls.call()
    assert calls.made == 6


def test_an_answer_in_between_starts_the_count_anew() -> None:
    calls = Calls()
    for _ in range(2):
        calls.fail()
    with pytest.raises(ObjectMissing):
        calls.call(ObjectMissing("none"))
    for _ in range(2):
        calls.fail()
    calls.call()
    assert calls.made == 6
