# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells files that are still being written from whole ones: what has not changed between two looks, some seconds apart, is whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Settled:
    """Remembers how every file looked; ``quiet_seconds`` without a change make it whole."""

    quiet_seconds: float
    _seen: dict[Path, tuple[int, int, float]] = field(default_factory=dict)

    def among(self, files: Iterable[Path], now: float) -> list[Path]:
        """The whole files, oldest first; empty ones never are. ``now`` is a monotonic clock's."""
        looks = {path: look for path in files if (look := _look(path)) is not None}
        self._seen = {
            path: self._seen[path] if path in self._seen and self._seen[path][:2] == look else (*look, now) for path, look in looks.items()
        }
        whole = [path for path, (size, _, since) in self._seen.items() if size > 0 and now - since >= self.quiet_seconds]
        return sorted(whole, key=lambda path: (self._seen[path][1], path.name))


def _look(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None when the file has just gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
