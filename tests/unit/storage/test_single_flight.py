# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several threads that want one object fetch it once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloudfilm.storage.single_flight import SingleFlight


def test_those_who_come_meanwhile_get_the_same_result_or_failure() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    begun, may_end, calls = threading.Event(), threading.Event(), []

    def work() -> int:
        calls.append(1)
        begun.set()
        may_end.wait(10)
        if len(calls) > 1:
            raise ValueError("second")
        return 42

    for expected in (42, ValueError):
        begun.clear()
        may_end.clear()
        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(flights.join, "a", work)
            assert begun.wait(10)
            others = [pool.submit(flights.join, "a", work) for _ in range(3)]
            assert flights.join("b", lambda: 7) == 7
            may_end.set()
            if expected == 42:
                # Whoever comes after the end works anew; those who joined have this result.
                assert first.result() == 42
                assert all(other.exception() is None or isinstance(other.exception(), ValueError) for other in others)
            else:
                with pytest.raises(ValueError, match="second"):
                    first.result()
