# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes documents from the virtual printer's spool and from watched folders. What cannot be taken is put aside with its reason; what cannot be
stored now stays where it is and is tried again."""

from __future__ import annotations

import glob
import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, list_sources, note_use
from cloudfilm.db.origin import Origin, Way
from cloudfilm.db.unreadable_reports import unreadable_since
from cloudfilm.errors import CloudFilmError, Conflict, TooLarge, UnsupportedMediaType
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.places import Places, WatchedFolder
from cloudfilm.intakes.reasons import in_both_languages
from cloudfilm.intakes.settled import Settled
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.limited_process import DocumentProcessFailed
from cloudfilm.reports.picture_document import document_of
from cloudfilm.reports.refusal import DocumentRefused

QUIET_SECONDS = 2.0
_AT_ONCE = 200
_READ_BY_THEN = timedelta(days=2)
_MEGABYTE = 1024 * 1024
_log = logging.getLogger(__name__)


class FileIntake:
    """Looks at every station's folder.

    Parameters
    ----------
    monotonic : Callable
        Seconds of a clock that never goes back.
    """

    def __init__(self, database: Database, intake: Intake, places: Places, monotonic: Callable[[], float]) -> None:
        self._database, self._intake, self._places, self._monotonic = database, intake, places, monotonic
        self._settled: dict[str, Settled] = {}

    def look(self) -> None:
        """One look at all of them: no more than some hundred files of each, so that one station does not hold up the others."""
        with self._database.transaction() as cursor:
            sources = [*list_sources(cursor, Way.PRINTER), *list_sources(cursor, Way.FOLDER)]
            referring = [source for source in list_sources(cursor, Way.HL7) if source.takes_references]
        for source in referring:
            self._places.folder(source.name).make()
        for source in sources:
            try:
                self._take_printed(source) if source.kind == Way.PRINTER else self._take_from_folder(source)
            except (OSError, CloudFilmError, DocumentProcessFailed) as error:
                _log.warning("station %s cannot be looked at now: %s", source.name, type(error).__name__)

    def _take_printed(self, source: IntakeSource) -> None:
        spool = self._places.printed(source.name)
        if not spool.is_dir():
            return
        for path in sorted(spool.glob("*.pdf"))[:_AT_ONCE]:
            title_path = path.with_suffix(".title")
            title = title_path.read_text(encoding="utf-8", errors="replace") if title_path.exists() else ""
            refusal = self._receive(source, path, title)
            if refusal is None:
                path.unlink()
            else:
                _put_aside(path, spool / "failed", refusal)
            title_path.unlink(missing_ok=True)

    def _take_from_folder(self, source: IntakeSource) -> None:
        folder = self._places.folder(source.name)
        folder.make()
        settled = self._settled.setdefault(source.name, Settled(QUIET_SECONDS))
        files = [
            path for path in folder.arriving.iterdir() if path.is_file() and not path.is_symlink() and not path.name.startswith((".", "~"))
        ]
        for path in settled.among(files, self._monotonic())[:_AT_ONCE]:
            try:
                refusal = self._receive(source, path, path.stem)
            except Duplicate:
                _move(path, folder.duplicate)
                continue
            if refusal is None:
                _move(path, folder.processed)
            else:
                _put_aside(path, folder.failed, refusal)
        self._take_back_unreadable(source, folder)

    def _take_back_unreadable(self, source: IntakeSource, folder: WatchedFolder) -> None:
        """What was taken and then could not be read goes from the processed files to the failed ones; a worker reads, so this is known later."""
        with self._database.transaction() as cursor:
            unreadable = unreadable_since(cursor, source.hospital_id, source.name, self._intake.clock() - _READ_BY_THEN)
        for document in unreadable:
            for path in folder.processed.glob(f"{glob.escape(document.title)}*"):
                if hashlib.sha256(path.read_bytes()).hexdigest() == document.document_sha256:
                    _put_aside(path, folder.failed, document.reason)

    def _receive(self, source: IntakeSource, path: Path, title: str) -> str | None:
        """Why the document cannot be taken; None when it was."""
        size = path.stat().st_size
        if size > self._intake.maximum_megabytes * _MEGABYTE:
            return f"The document is larger than {self._intake.maximum_megabytes} MB."
        try:
            received = self._intake.receive(
                source.hospital_id,
                document_of(path.read_bytes()),
                submitted_by(source, self._intake.clock()),
                Origin(Way(source.kind), source.name, title),
            )
        except (UnsupportedMediaType, TooLarge) as refused:
            return refused.public_message
        except DocumentRefused as refused:
            return f"{refused.reason[0].upper()}{refused.reason[1:]}: {refused.allowed}."
        except Conflict:
            received = None
        with self._database.transaction() as cursor:
            note_use(cursor, source.name, self._intake.clock())
        if source.kind == Way.FOLDER and (received is None or not received.is_new):
            raise Duplicate
        return None


class Duplicate(Exception):
    """The same document had come before: it is one report."""


def _put_aside(path: Path, folder: Path, reason: str) -> None:
    folder.mkdir(mode=0o2775, exist_ok=True)
    moved = _move(path, folder)
    moved.with_name(moved.name + ".reason.txt").write_text(in_both_languages(reason), encoding="utf-8")
    _log.warning("a document was put aside: %s", reason)


def _move(path: Path, folder: Path) -> Path:
    """Move, never over another file."""
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(target)
    return target
