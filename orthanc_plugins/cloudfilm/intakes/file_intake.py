# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes documents from the virtual printer's spool and from watched folders. What cannot be taken is put aside with its reason; what cannot be
stored now stays where it is and is tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.errors import CloudFilmError, TooLarge, UnsupportedMediaType
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.putting_aside import move, put_aside
from cloudfilm.intakes.settled import Settled
from cloudfilm.intakes.stations import Stations
from cloudfilm.reports.limited_process import DocumentProcessFailed
from cloudfilm.reports.refusal import DocumentRefused

QUIET_SECONDS = 2.0
_AT_ONCE = 200
_MEGABYTE = 1024 * 1024
_log = logging.getLogger(__name__)


class FileIntake:
    """Looks at every station's folder.

    Parameters
    ----------
    take : Callable
        Keeps a document (content, title) for good and says whether it is new; raises as `DocumentIntake.take` does.
    monotonic : Callable
        Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        stations: Stations,
        take: Callable[[IntakeSource, bytes, str], bool],
        places: Places,
        maximum_megabytes: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._stations, self._take, self._places, self._monotonic = stations, take, places, monotonic
        self._maximum_megabytes = maximum_megabytes
        self._settled: dict[str, Settled] = {}

    def look(self) -> None:
        """One look at all of them: no more than some hundred files of each, so that one station does not hold up the others."""
        sources = [*self._stations.of_kind(Way.PRINTER), *self._stations.of_kind(Way.FOLDER)]
        for source in self._stations.of_kind(Way.HL7):
            if source.takes_references:
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
                put_aside(path, spool / "failed", refusal)
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
                move(path, folder.duplicate)
                continue
            if refusal is None:
                move(path, folder.processed)
            else:
                put_aside(path, folder.failed, refusal)

    def _receive(self, source: IntakeSource, path: Path, title: str) -> str | None:
        """Why the document cannot be taken; None when it was."""
        if path.stat().st_size > self._maximum_megabytes * _MEGABYTE:
            return f"The document is larger than {self._maximum_megabytes} MB."
        try:
            is_new = self._take(source, path.read_bytes(), title)
        except (UnsupportedMediaType, TooLarge) as refused:
            return refused.public_message
        except DocumentRefused as refused:
            return f"{refused.reason[0].upper()}{refused.reason[1:]}: {refused.allowed}."
        if source.kind == Way.FOLDER and not is_new:
            raise Duplicate
        return None


class Duplicate(Exception):
    """The same document had come before: it is one report."""
