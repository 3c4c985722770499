# SPDX-License-Identifier: AGPL-3.0-or-later
"""A breaker before the object store: while it is down, callers are told at once instead of waiting for time-outs on every thread that there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloudfilm.storage.object_faults import ObjectStoreUnavailable

_FAILURES = 3
_PAUSE_SECONDS = 3.0


class Breaker:
    """Opens after three failures in a row; then one caller every three seconds may try, until one succeeds."""

    def __init__(self, monotonic: Callable[[], float], failures: int = _FAILURES, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._monotonic, self._allowed_failures, self._pause_seconds = monotonic, failures, pause_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Run one call; what it raises as `ObjectStoreUnavailable` counts as a failure, anything else as an answer."""
        self._ask()
        try:
            yield
        except ObjectStoreUnavailable:
            self._failed()
            raise
        except BaseException:
            self._answered()
            raise
        self._answered()

    def _ask(self) -> None:
        with self._lock:
            if self._failures < self._allowed_failures:
                return
            if self._monotonic() < self._next_try:
                raise ObjectStoreUnavailable("The object store does not answer; it is tried again in a moment.")
            self._next_try = self._monotonic() + self._pause_seconds

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._next_try = self._monotonic() + self._pause_seconds

    def _answered(self) -> None:
        with self._lock:
            self._failures = 0
