# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where stations put their documents, below the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of every station."""

    data: Path

    def printed(self, queue: str) -> Path:
        """What the virtual printer has received for a queue, one file a job, whole as soon as it is there."""
        return self.data / "spool/print" / queue

    def films(self, console: str) -> Path:
        """What a console has printed, one file a film, whole as soon as it is there."""
        return self.data / "spool/film" / console

    def raw(self, queue: str) -> Path:
        """What came for a queue over its raw port, as it came."""
        return self.data / "spool/raw" / queue

    def folder(self, name: str) -> WatchedFolder:
        """A watched folder."""
        return WatchedFolder(self.data / "folders" / name)


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder that a reporting system writes to; what happened to each file is told by where it lies."""

    path: Path

    @property
    def arriving(self) -> Path:
        """Where the system writes."""
        return self.path / "in"

    @property
    def processed(self) -> Path:
        """Files that became a report."""
        return self.path / "done"

    @property
    def duplicate(self) -> Path:
        """Files that had come before."""
        return self.path / "duplicate"

    @property
    def failed(self) -> Path:
        """Files that could not be taken, each with the reason beside it."""
        return self.path / "failed"

    @property
    def stamped(self) -> Path:
        """Copies with the QR code."""
        return self.path / "out"

    def make(self) -> None:
        """Make what is missing; whoever may write into the folder above may write into each."""
        for folder in (self.arriving, self.processed, self.duplicate, self.failed, self.stamped):
            folder.mkdir(mode=0o2775, parents=True, exist_ok=True)
