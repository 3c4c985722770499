# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the gateway is, in numbers and in words: for its own page and for the cloud."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudfilm.transfer.disk import DiskState, Watermarks
from cloudfilm.transfer.forwarding import Line
from cloudfilm.transfer.pairing import Pairing
from cloudfilm.transfer.places import GatewayPlaces
from cloudfilm.transfer.queue import Queue
from cloudfilm.transfer.queue_state import State
from cloudfilm.transfer.remote import Remote
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.speed import Speed, speed_limits_as_text
from cloudfilm.version import VERSION


@dataclass(frozen=True, slots=True)
class Status:
    """Asks all parts."""

    queue: Queue
    arrivals: Arrivals
    line: Line
    speed: Speed
    marks: Watermarks
    places: GatewayPlaces
    remote: Remote
    orthanc_version: Callable[[], str]
    pairing: Callable[[], Pairing | None]

    def disk_state(self) -> DiskState:
        """How full the disk is now."""
        usage = shutil.disk_usage(self.places.data)
        return self.marks.state(usage.free, usage.total)

    def told(self) -> dict[str, Any]:
        """What the heartbeat carries: no patient's data."""
        counts, reports, usage = self.queue.counts(), self.arrivals.counts(), shutil.disk_usage(self.places.data)
        waiting, sending = counts[State.WAITING], counts[State.SENDING]
        oldest = min((one.oldest_arrived_at for one in (waiting, sending) if one.oldest_arrived_at is not None), default=None)
        is_troubled = self.line.failures > 0 and bool(self.line.last_error)
        return {
            "waiting": waiting.instances + sending.instances,
            "waiting_bytes": waiting.bytes + sending.bytes,
            "sending": sending.instances,
            "confirmed": counts[State.CONFIRMED].instances,
            "set_aside": counts[State.SET_ASIDE].instances,
            "reports_waiting": reports.waiting,
            "reports_set_aside": reports.set_aside,
            "copies_expected": reports.copies_expected,
            "copies_failed": reports.copies_failed,
            "conflicts": counts[State.CONFLICT].instances + self.local_conflicts(),
            "free_bytes": usage.free,
            "disk_bytes": usage.total,
            "disk_state": self.disk_state().value,
            "bytes_per_second": self.speed.bytes_per_second(),
            "last_error": self.line.last_error if is_troubled else "",
            "version": VERSION,
            "orthanc_version": self.orthanc_version(),
            **self._maintained(),
            "oldest_report_waiting_at": _moment(reports.oldest_waiting_at),
            "oldest_waiting_at": _moment(oldest),
        }

    def _maintained(self) -> dict[str, Any]:
        """Whether the hospital lets the cloud maintain this gateway, and what may be set only if it does."""
        consent = self.remote.consent
        if not consent.is_given:
            return {"remote_allowed": False}
        return {
            "remote_allowed": True,
            "speed_limits": speed_limits_as_text(self.remote.speed_limits()),
            "keep_days": self.remote.keep_days(),
            "settings_order": consent.settings_order,
            "settings_refused": consent.settings_refused,
        }

    def local_conflicts(self) -> int:
        """Files that are kept beside the archive because it has other content under their UIDs."""
        return sum(1 for _ in self.places.conflicts.glob("*.dcm"))


def _moment(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""
