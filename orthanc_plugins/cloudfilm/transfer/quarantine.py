# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were refused before Orthanc stored them, each with its reason: for whoever has to find out what a device sends.

Their senders were told that they were refused, so nothing is lost when the oldest make room for newer ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cloudfilm.storage.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Refusal:
    """``at`` in seconds since 1970; ``sha256`` names the file."""

    sha256: str
    at: float
    sender: str
    reason: str


class Quarantine:
    """A folder of files and of their reasons beside them.

    Parameters
    ----------
    most_bytes
        What all files together may take; a larger one is not kept, its reason is.
    """

    def __init__(self, folder: Path, most_bytes: int, clock: Callable[[], float]) -> None:
        self._folder, self._most_bytes, self._clock = folder, most_bytes, clock

    def keep(self, content: bytes, sender: str, reason: str) -> None:
        """Put a refused file aside; the same one again only changes when that was."""
        sha256 = hashlib.sha256(content).hexdigest()
        refusal = Refusal(sha256, self._clock(), sender, reason)
        write_whole(self._folder / f"{sha256}.json", json.dumps(asdict(refusal)).encode())
        if len(content) <= self._most_bytes and not (self._folder / f"{sha256}.dcm").exists():
            self._make_room(len(content))
            write_whole(self._folder / f"{sha256}.dcm", content)

    def newest(self, most: int) -> list[Refusal]:
        """What was refused last, newest first."""
        found = sorted((_read(path) for path in self._folder.glob("*.json")), key=lambda one: -one.at)
        return found[:most]

    def _make_room(self, size: int) -> None:
        kept = self._folder.glob("*.dcm")
        files = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in kept), key=lambda one: one[0])
        total = sum(one[1] for one in files) + size
        for _, bytes_of, path in files:
            if total <= self._most_bytes:
                return
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)
            total -= bytes_of


def _read(path: Path) -> Refusal:
    try:
        return Refusal(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Refusal(path.stem, 0.0, "", "")
