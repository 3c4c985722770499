# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bounded memory of answers for a few seconds: what makes a decision cheap, and the longest time that a revocation can go unnoticed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class ShortMemory[Key: Hashable, Value]:
    """Remembers what `find` answered for `seconds`; the least recently asked goes first when more than `size` are held."""

    def __init__(self, seconds: float, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._size, self._clock = seconds, size, clock
        self._answers: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._finding: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, find: Callable[[], Value]) -> Value:
        """The remembered answer, or what ``find`` says now. An exception is not remembered.

        Of several threads that ask the same at once, one finds and the others wait for its answer.
        """
        with self._lock:
            if (known := self._known(key)) is not None:
                return known[1]
            finding = self._finding.setdefault(key, threading.Lock())
        with finding:
            with self._lock:
                if (known := self._known(key)) is not None:
                    return known[1]
            now = self._clock()
            try:
                value = find()
                with self._lock:
                    self._remember(key, (now + self._seconds, value))
                return value
            finally:
                with self._lock:
                    self._finding.pop(key, None)

    def _known(self, key: Key) -> tuple[float, Value] | None:
        known = self._answers.get(key)
        if known is None or self._clock() >= known[0]:
            return None
        self._answers.move_to_end(key)
        return known

    def _remember(self, key: Key, answer: tuple[float, Value]) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Ask anew next time."""
        with self._lock:
            self._answers.pop(key, None)
