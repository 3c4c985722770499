# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a station handed in at the gateway, and where it is on its way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudfilm.db.origin import Way


class ArrivalState(StrEnum):
    """On the way to the cloud."""

    WAITING = "waiting"
    DELIVERED = "delivered"  # the cloud has stored it
    SET_ASIDE = "set aside"  # the cloud refused it, or failed at it again and again


class CopyState(StrEnum):
    """On the way back: the stamped copy."""

    NONE = "none"  # nobody wants one
    EXPECTED = "expected"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document (PDF), or an HL7 message with the file that it names.

    ``peer`` is an HL7 sender's address, "" for others. ``arrived_at`` is in seconds since 1970. ``sha256`` is a document's own; a message's is of
    all that came with it.
    """

    arrival_id: str
    station: str
    kind: Way
    title: str
    peer: str
    sha256: str
    arrived_at: float
    content: bytes
    named_file: bytes | None = None
    failures: int = 0
    tries: int = 0

    @property
    def size(self) -> int:
        """Bytes that go to the cloud."""
        return len(self.content) + len(self.named_file or b"")


@dataclass(frozen=True, slots=True)
class Copy:
    """A stamped copy that a station expects. ``cups_job`` is the job that holds it already; ``tries`` counts failures to hand it over."""

    arrival_id: str
    station: str
    title: str
    report_id: str
    delivered_at: float
    cups_job: str | None
    tries: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What people have to look at: something set aside, or a copy that could not be brought back."""

    arrival_id: str
    station: str
    kind: Way
    reason: str
    tries: int
    arrived_at: float
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are where."""

    waiting: int
    set_aside: int
    copies_expected: int
    copies_failed: int
    oldest_waiting_at: float | None
