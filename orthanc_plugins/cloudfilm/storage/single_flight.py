# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work that several threads want at once is done by the first; the others wait for its result, or its failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future


class SingleFlight[Key: Hashable, Result]:
    """One piece of work under way for each key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Key, Future[Result]] = {}

    def join(self, key: Key, work: Callable[[], Result]) -> Result:
        """Do the work, or wait for who does it; its result, or what it raised."""
        with self._lock:
            flight = self._under_way.get(key)
            is_first = flight is None
            if flight is None:
                flight = self._under_way[key] = Future()
        if is_first:
            try:
                flight.set_result(work())
            except BaseException as error:
                flight.set_exception(error)
            finally:
                with self._lock:
                    del self._under_way[key]
        return flight.result()
