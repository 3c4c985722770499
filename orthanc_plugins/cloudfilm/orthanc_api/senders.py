# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose instances a thread of Orthanc is storing.

Measured on Orthanc 1.12.7: the HTTP filter, DICOMweb's STOW-RS and the callback for a received instance run one after the other in the same
thread of the HTTP server, but Python's thread-local storage does not survive between callbacks, since each one makes a new Python thread
state. The operating system's thread identity does.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.access.holder import ApiHolder
from cloudfilm.doors.asker import Asker


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever stores by STOW-RS."""

    holder: ApiHolder
    asker: Asker


class SenderOfThread:
    """Sender by thread; the filter forgets the last request's before it decides the next."""

    def __init__(self) -> None:
        self._senders: dict[int, Sender] = {}
        self._own: set[int] = set()

    def remember(self, thread: int, sender: Sender) -> None:
        """The request that this thread serves stores for this sender's hospital."""
        self._senders[thread] = sender

    def sender(self, thread: int) -> Sender | None:
        """For whom the thread stores; None when nobody was authorised to."""
        return self._senders.get(thread)

    def remember_own(self, thread: int) -> None:
        """The request that this thread serves stores for one of our own processes."""
        self._own.add(thread)

    def is_own(self, thread: int) -> bool:
        """Whether the thread stores for one of our own processes."""
        return thread in self._own

    def forget(self, thread: int) -> None:
        """A new request begins."""
        self._senders.pop(thread, None)
        self._own.discard(thread)
