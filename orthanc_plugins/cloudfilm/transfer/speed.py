# SPDX-License-Identifier: AGPL-3.0-or-later
"""The speed limit of all connections together, and how fast it goes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from cloudfilm.gateway_settings import SpeedLimit

_MEASURED_SECONDS = 10.0


def limit_at(limits: tuple[SpeedLimit, ...], moment: datetime) -> float:
    """Bytes per second that may be sent at a local time; 0 is no limit."""
    found = next((limit for limit in limits if limit.holds_at(moment.time())), None)
    return found.megabits_per_second * 125_000.0 if found else 0.0


def speed_limits_as_text(limits: tuple[SpeedLimit, ...]) -> str:
    """As the setting has them."""
    return ",".join(f"{one.begins:%H:%M}-{one.ends:%H:%M}={one.megabits_per_second}" for one in limits)


class Speed:
    """Holds senders back and counts what they sent.

    Parameters
    ----------
    allowed : Callable
        Bytes per second at this moment, 0 for no limit.
    monotonic, sleep : Callable
        Seconds.
    """

    def __init__(self, allowed: Callable[[], float], monotonic: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._allowed, self._monotonic, self._sleep = allowed, monotonic, sleep
        self._lock = threading.Lock()
        self._free_at = monotonic()
        self._sent: deque[tuple[float, int]] = deque()

    def pass_on(self, size_bytes: int) -> None:
        """Wait until so many bytes may go."""
        with self._lock:
            now, allowed = self._monotonic(), self._allowed()
            self._sent.append((now, size_bytes))
            self._forget(now)
            if not allowed:
                self._free_at = now
                return
            begins = max(now, self._free_at)
            self._free_at = begins + size_bytes / allowed
        self._sleep(begins - now)

    def bytes_per_second(self) -> int:
        """Of the last ten seconds."""
        with self._lock:
            self._forget(self._monotonic())
            return int(sum(size for _, size in self._sent) / _MEASURED_SECONDS)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] < now - _MEASURED_SECONDS:
            self._sent.popleft()
