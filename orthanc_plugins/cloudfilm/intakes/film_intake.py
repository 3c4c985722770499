# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes films from the spool that the film printer writes: stored by content, noted and queued for reading, in one transaction."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, list_sources
from cloudfilm.db.job_queue import KEEP_FILM, defer_job
from cloudfilm.db.origin import Way
from cloudfilm.db.printed_films import PrintedFilm, add_film
from cloudfilm.errors import CloudFilmError
from cloudfilm.films.spooled import SUFFIX, read_spooled
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.places import Places
from cloudfilm.storage.documents import DocumentStore

_AT_ONCE = 50
_log = logging.getLogger(__name__)


class FilmIntake:
    """Looks at every console's spool."""

    def __init__(
        self, database: Database, documents: DocumentStore, key_ring: KeyRing, places: Places, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._documents, self._key_ring, self._places, self._clock = database, documents, key_ring, places, clock

    def look(self) -> None:
        """One look at all of them."""
        with self._database.transaction() as cursor:
            sources = list_sources(cursor, Way.CONSOLE)
        for source in sources:
            folder = self._places.films(source.name)
            for path in sorted(folder.glob(f"*{SUFFIX}"))[:_AT_ONCE] if folder.is_dir() else []:
                try:
                    self._take(source, path)
                except (OSError, CloudFilmError) as error:
                    _log.warning("a film of %s cannot be taken now: %s", source.name, type(error).__name__)

    def _take(self, source: IntakeSource, path: Path) -> None:
        try:
            film = read_spooled(path)
        except ValueError:
            _log.exception("a file in the spool of %s is no film", source.name)
            path.rename(path.with_suffix(".failed"))
            return
        page_sha256 = self._documents.put(film.page)
        film_id, now = UUID(bytes=os.urandom(16), version=4), self._clock()
        row = PrintedFilm(
            film_id,
            source.hospital_id,
            source.name,
            page_sha256,
            [list(box) for box in film.boxes],
            list(film.texts),
            film.printed_at,
            now,
        )
        with self._database.transaction() as cursor:
            is_new = add_film(cursor, row)
            if is_new:
                defer_job(cursor, KEEP_FILM, lock=str(film_id), arguments={"film_id": str(film_id)})
            event = replace(submitted_by(source, now), kind=AuditKind.IMAGES_STORED, detail="a film" if is_new else "the same film again")
            append_event(cursor, event, self._key_ring.auditing)
        path.unlink()
