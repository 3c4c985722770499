# SPDX-License-Identifier: AGPL-3.0-or-later
"""The anchor of the audit trail's end: a file outside the database that says, minute by minute, what the last event was.

The chain shows a row that was changed or taken out of the middle. Only this file shows that the newest rows are gone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """The trail's last event at some moment."""

    sequence: int
    seal: bytes
    anchored_at: datetime

    def to_line(self) -> str:
        """As it stands in the file."""
        return f"{self.sequence} {self.seal.hex()} {self.anchored_at.astimezone(UTC).isoformat(timespec='seconds')}\n"

    @classmethod
    def from_line(cls, line: str) -> AnchoredHead:
        """Raises ValueError for what is no such line."""
        sequence, seal, anchored_at = line.split()
        return cls(int(sequence), bytes.fromhex(seal), datetime.fromisoformat(anchored_at))


@dataclass(frozen=True, slots=True)
class AuditHeads:
    """The file, only ever added to; mode 0600."""

    path: Path

    def append(self, head: AnchoredHead) -> bool:
        """Add a head unless it is the last one already; on disk when this returns. Says whether it was added."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            last = _last_line(descriptor)
            if last.split()[:2] == head.to_line().split()[:2]:
                return False
            os.write(descriptor, head.to_line().encode("ascii"))
            os.fsync(descriptor)
            return True
        finally:
            os.close(descriptor)

    def read(self) -> Iterator[tuple[int, AnchoredHead | None]]:
        """Every line's number with its head; None where a line is none."""
        if not self.path.exists():
            return
        with open(self.path, encoding="ascii", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield number, AnchoredHead.from_line(line)
                except ValueError:
                    yield number, None


def _last_line(descriptor: int) -> str:
    """The last whole line; half of one, left by a power cut, is cut off."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - _LONGEST_LINE)
    tail = os.pread(descriptor, size - start, start)
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        os.ftruncate(descriptor, start + len(whole))
    return whole.decode("ascii", "replace").rstrip("\n").rpartition("\n")[2]
