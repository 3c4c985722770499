# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a watched folder handed in and a worker could not read afterwards goes from the folder's processed files to its failed ones."""

from __future__ import annotations

import glob
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, list_sources
from cloudfilm.db.origin import Way
from cloudfilm.db.unreadable_reports import Unreadable, unreadable_since
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.putting_aside import put_aside

_READ_BY_THEN = timedelta(days=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnreadableFiles:
    """Looks for them in the cloud's own folders."""

    database: Database
    places: Places
    clock: Callable[[], datetime]
    _known: set[str] = field(default_factory=set)  # looked for already: their files were there before they were read

    def look(self) -> None:
        """One look at every folder."""
        since = self.clock() - _READ_BY_THEN
        with self.database.transaction() as cursor:
            found = [
                (source, unreadable_since(cursor, source.hospital_id, source.name, since)) for source in list_sources(cursor, Way.FOLDER)
            ]
        for source, unreadable in found:
            for document in unreadable:
                if document.document_sha256 in self._known:
                    continue
                try:
                    self._take_back(source, document)
                    self._known.add(document.document_sha256)
                except OSError as error:
                    _log.warning("a file of %s cannot be put aside now: %s", source.name, type(error).__name__)

    def _take_back(self, source: IntakeSource, document: Unreadable) -> None:
        folder = self.places.folder(source.name)
        for path in folder.processed.glob(f"{glob.escape(document.title)}*"):
            if hashlib.sha256(path.read_bytes()).hexdigest() == document.document_sha256:
                put_aside(path, folder.failed, document.reason)
