# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever reads one image of a series reads the next ones soon: they are fetched from the object store at once, many at a time.

Without this a viewer that asks for frame after frame would wait for the object store each time: Orthanc reads one file after the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from cloudfilm.errors import CloudFilmError

_REMEMBERED_SERIES = 200
_AGAIN_AFTER_SECONDS = 30.0
_WAITING_AT_MOST = 10_000
_log = logging.getLogger(__name__)

type Siblings = Callable[[UUID], tuple[int, list[tuple[UUID, int]]]]


class Prefetch:
    """Fetches a series in the order of its instances, beginning behind the one that was read.

    Parameters
    ----------
    siblings
        The series of an attachment, and the attachments to fetch with it, each with its kind.
    fetch
        Brings one attachment into the cache.
    is_at_hand
        Whether that is needless.
    """

    def __init__(self, threads: int, siblings: Siblings, fetch: Callable[[UUID, int], object], is_at_hand: Callable[[UUID], bool]) -> None:
        self._siblings, self._fetch, self._is_at_hand = siblings, fetch, is_at_hand
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="look-up")
        self._fetching = ThreadPoolExecutor(threads, thread_name_prefix="prefetch")
        self._lock = threading.Lock()
        self._waiting = 0
        self._series: OrderedDict[tuple[int, int], float] = OrderedDict()

    def series_of(self, attachment_id: UUID) -> None:
        """Begin to fetch the rest of the series; returns at once."""
        with self._lock:
            if self._waiting >= _WAITING_AT_MOST:
                return
        self._looking.submit(self._look, attachment_id)

    def stop(self) -> None:
        """Let go of everything that has not begun."""
        self._looking.shutdown(wait=False, cancel_futures=True)
        self._fetching.shutdown(wait=False, cancel_futures=True)

    def _look(self, attachment_id: UUID) -> None:
        try:
            series, wanted = self._siblings(attachment_id)
            if not wanted or not self._is_new((series, wanted[0][1])):
                return
            place = next((place for place, (one, _kind) in enumerate(wanted) if one == attachment_id), 0)
            for one, content_type in wanted[place + 1 :] + wanted[:place]:
                with self._lock:
                    if self._waiting >= _WAITING_AT_MOST:
                        return
                    self._waiting += 1
                self._fetching.submit(self._bring, one, content_type)
        except Exception:
            _log.exception("could not look up what to fetch next")

    def _is_new(self, series: tuple[int, int]) -> bool:
        """Many readings of one series fetch it once; when it has left the cache, a later reading does it again."""
        now = time.monotonic()
        with self._lock:
            if now - self._series.get(series, float("-inf")) < _AGAIN_AFTER_SECONDS:
                return False
            self._series[series] = now
            self._series.move_to_end(series)
            if len(self._series) > _REMEMBERED_SERIES:
                self._series.popitem(last=False)
            return True

    def _bring(self, attachment_id: UUID, content_type: int) -> None:
        try:
            if not self._is_at_hand(attachment_id):
                self._fetch(attachment_id, content_type)
        except CloudFilmError:
            _log.debug("could not fetch ahead")  # whoever reads it hears why
        except Exception:
            _log.exception("could not fetch ahead")
        finally:
            with self._lock:
                self._waiting -= 1
