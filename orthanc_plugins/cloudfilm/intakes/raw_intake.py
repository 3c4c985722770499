# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes documents of raw jobs and hands them to the virtual printer's spool, where all that is printed is taken from."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.postscript import to_pdf
from cloudfilm.intakes.raw_server import CUT, SUFFIX
from cloudfilm.intakes.stations import Stations
from cloudfilm.reports.print_stream import JobRefused, Language, read_job

_AT_ONCE = 20
_TITLE = "RAW"
_log = logging.getLogger(__name__)


class RawIntake:
    """Looks at every raw port's spool."""

    def __init__(self, stations: Stations, places: Places, maximum_megabytes: int) -> None:
        self._stations, self._places, self._largest = stations, places, maximum_megabytes * 1024 * 1024

    def look(self) -> None:
        """One look at all of them."""
        for source in self._stations.of_kind(Way.PRINTER):
            folder = self._places.raw(source.name)
            for path in sorted(folder.glob(f"*{SUFFIX}"))[:_AT_ONCE] if folder.is_dir() else []:
                try:
                    self._take(source, path)
                except OSError as error:
                    _log.warning("a raw job of %s cannot be taken now: %s", source.name, type(error).__name__)

    def _take(self, source: IntakeSource, path: Path) -> None:
        cut = path.with_suffix(CUT)
        try:
            if cut.exists():
                raise JobRefused(cut.read_text(encoding="utf-8"))
            job = read_job(path.read_bytes())
            pdf = job.content if job.language is Language.PDF else to_pdf(job.content, self._largest)
        except JobRefused as refused:
            self._put_aside(source, path, str(refused))
        else:
            self._hand_over(self._places.printed(source.name), pdf)
            path.unlink()
        cut.unlink(missing_ok=True)

    def _hand_over(self, spool: Path, pdf: bytes) -> None:
        """Under a name of its content: done again after a crash, it is the same file."""
        name = f"raw-{hashlib.sha256(pdf).hexdigest()[:32]}"
        descriptor, part = tempfile.mkstemp(dir=spool, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pdf)
                file.flush()
                os.fsync(file.fileno())
            (spool / f"{name}.title").write_text(_TITLE, encoding="utf-8")
            Path(part).rename(spool / f"{name}.pdf")
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

    def _put_aside(self, source: IntakeSource, path: Path, reason: str) -> None:
        failed = self._places.raw(source.name) / "failed"
        failed.mkdir(mode=0o700, exist_ok=True)
        (failed / f"{path.name}.reason.txt").write_text(reason + "\n", encoding="utf-8")
        path.rename(failed / path.name)
        _log.warning("a raw job of %s was put aside: %s", source.name, reason)
