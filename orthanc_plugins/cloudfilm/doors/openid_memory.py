# SPDX-License-Identifier: AGPL-3.0-or-later
"""Remembers what the provider publishes, so that it is asked seldom, by few at once, and its outage costs nobody time.

Fetched anew after ten minutes; for a key that is not known, at most once a minute; after a failure, not for ten seconds. While the provider is
down the old keys serve for an hour after they were fetched, then none do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import jwt

from cloudfilm.doors.openid_documents import ProviderDocuments, ProviderUnusable, fetch_documents

FRESH_SECONDS = 600.0
TRUSTED_SECONDS = 3600.0
FORCED_AGAIN_SECONDS = 60.0
PAUSE_AFTER_FAILURE_SECONDS = 10.0
# Threads that may wait for the provider at once: Orthanc has 50, and all others must go on.
_WAITING_AT_MOST = 4
_log = logging.getLogger(__name__)


class OpenIdMemory:
    """The documents of one issuer.

    Parameters
    ----------
    fetch : Callable
        Asks the provider; raises `ProviderUnusable`.
    clock : Callable
        Seconds, never going back.
    """

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], ProviderDocuments] = fetch_documents,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._fetch, self._clock = fetch, clock
        self._known: ProviderDocuments | None = None
        self._fetched_at = self._failed_at = self._forced_at = float("-inf")
        self._fetching = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_WAITING_AT_MOST)

    def documents(self) -> ProviderDocuments | None:
        """What the provider publishes, None while it cannot be had."""
        known = self._known
        if known is None or self._clock() >= self._fetched_at + FRESH_SECONDS:
            known = self._refetch(known, wait=known is None or not self._is_trusted())
        return known if known is not None and self._is_trusted() else None

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """The provider's key of this name: it may have a new one since it was last asked."""
        known = self.documents()
        if known is None or key_id in known.keys:
            return known.keys[key_id] if known else None
        known = self._refetch(known, wait=True, forced=True)
        return known.keys.get(key_id) if known else None

    def _is_trusted(self) -> bool:
        return self._clock() < self._fetched_at + TRUSTED_SECONDS

    def _refetch(self, seen: ProviderDocuments | None, wait: bool, forced: bool = False) -> ProviderDocuments | None:
        if not self._waiting.acquire(blocking=False):
            return self._known
        try:
            if not self._fetching.acquire(blocking=wait):
                return self._known
            try:
                if self._known is seen and self._may_ask(forced):
                    self._ask()
                return self._known
            finally:
                self._fetching.release()
        finally:
            self._waiting.release()

    def _may_ask(self, forced: bool) -> bool:
        now = self._clock()
        if now < self._failed_at + PAUSE_AFTER_FAILURE_SECONDS or (forced and now < self._forced_at + FORCED_AGAIN_SECONDS):
            return False
        if forced:
            self._forced_at = now
        return True

    def _ask(self) -> None:
        try:
            self._known = self._fetch(self.issuer)
            self._fetched_at = self._clock()
        except ProviderUnusable as error:
            self._failed_at = self._clock()
            _log.warning("OpenID Connect: %s", error)
