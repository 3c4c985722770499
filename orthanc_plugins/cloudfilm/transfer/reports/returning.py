# SPDX-License-Identifier: AGPL-3.0-or-later
"""Brings stamped copies back to the stations that expect them: into the folder ``out``, or onto the hospital's printer, once each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cloudfilm.db.intake_sources import OWN_FOLDER, IntakeSource
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.print_server import hold_job, release_job
from cloudfilm.intakes.stamped_file import stamped_file_name
from cloudfilm.storage.whole_file import write_whole
from cloudfilm.transfer.backoff import pause_seconds
from cloudfilm.transfer.cloud import LineFailure
from cloudfilm.transfer.reports.arrival import Copy
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.desk import CopyNews, ReportDesk
from cloudfilm.transfer.reports.stations import StationFile

# As in the cloud (`cloudfilm.jobs.print_order`): a printer that is off is not among it, its queue has taken the job.
_MOST_TRIES = 10
_AT_ONCE = 100
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 60.0
# The cloud's own sentence is in its words for programs; its review page says it in the reader's language, with what to do.
_UNREADABLE = "The report cannot be read: the cloud's review page says why."
_GONE = CopyNews("gone", "The cloud does not know the report.")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CopyReturn:
    """Asks for what is expected; most is there within seconds, a scan that has to be recognised later.

    Parameters
    ----------
    clock, random : Callable
        Seconds since 1970; a number from 0 to 1.
    """

    arrivals: Arrivals
    stations: StationFile
    desk: ReportDesk
    places: Places
    clock: Callable[[], float]
    random: Callable[[], float]

    def look(self) -> None:
        """One look at all that is due.

        Raises
        ------
        LineFailure
            The cloud could not even be asked: the next time.
        """
        due = self.arrivals.copies_due(self.clock(), _AT_ONCE)
        for copy in due:
            if copy.cups_job is not None:
                self._hand_over(copy)  # it had come before we ended
        asked = [copy for copy in due if copy.cups_job is None]
        news = self.desk.copies([copy.report_id for copy in asked]) if asked else {}
        for copy in asked:
            found = news.get(copy.report_id, _GONE)
            if found.state == "ready":
                self._hand_over(copy)
            elif found.state == "waiting":
                self._wait(copy)
            else:
                _log.warning("there is no stamped copy for the station %s: %s", copy.station, found.reason)
                self.arrivals.copy_failed(copy.arrival_id, _UNREADABLE if found.state == "failed" else found.reason)

    def _wait(self, copy: Copy) -> None:
        waited = self.clock() - copy.delivered_at
        self.arrivals.copy_later(copy.arrival_id, self.clock() + min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, waited / 10)))

    def _hand_over(self, copy: Copy) -> None:
        station = self.stations.named(copy.station)
        if station is None or station.return_to == "":
            self.arrivals.copy_done(copy.arrival_id)  # nobody wants it any more
            return
        try:
            is_there = self._file(copy, station) if station.return_to == OWN_FOLDER else self._print(copy, station)
        except (Unavailable, OSError, LineFailure) as error:
            # Also the line: it was up a moment ago, and one copy that it breaks at must not hold up the others.
            trouble = "The station's folder cannot be written." if isinstance(error, OSError) else str(error)
            _log.warning("a stamped copy for the station %s was not handed over: %s", station.name, trouble)
            if copy.tries + 1 >= _MOST_TRIES:
                self.arrivals.copy_failed(copy.arrival_id, trouble)
            else:
                self.arrivals.copy_later(copy.arrival_id, self.clock() + pause_seconds(copy.tries + 2, self.random()), trouble)
            return
        if is_there:
            self.arrivals.copy_done(copy.arrival_id)
        else:
            self._wait(copy)

    def _file(self, copy: Copy, station: IntakeSource) -> bool:
        content = self.desk.fetch_copy(copy.report_id)
        if content is not None:
            write_whole(self.places.folder(station.name).stamped / stamped_file_name(copy.title, copy.arrival_id), content, 0o664)
        return content is not None

    def _print(self, copy: Copy, station: IntakeSource) -> bool:
        """Held, noted, let go: whoever dies in between prints nothing twice and forgets nothing (`cloudfilm.intakes.print_server`)."""
        job = copy.cups_job
        if job is None:
            content = self.desk.fetch_copy(copy.report_id)
            if content is None:
                return False
            # The title says nothing of the patient: it may stand on the printer's display.
            job = hold_job(content, f"return-{station.name}", f"report {copy.arrival_id[:8]}")
            self.arrivals.copy_held(copy.arrival_id, job)
        release_job(job)
        return True
