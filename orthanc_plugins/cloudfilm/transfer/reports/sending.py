# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sends what stations handed in, one after the other, the oldest first. What the cloud fails at does not hold up the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cloudfilm.transfer.backoff import is_over, pause_seconds
from cloudfilm.transfer.cloud import LineFailure
from cloudfilm.transfer.forwarding import Line
from cloudfilm.transfer.reports.arrival import Arrival
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.desk import Later, Refused, ReportDesk, Taken
from cloudfilm.transfer.reports.stations import StationFile

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportSender:
    """Works alone. The line is the images' too: what one of them learns of it holds for both.

    Parameters
    ----------
    line_is_back : Callable
        What is to be done at the end of an outage.
    clock, random : Callable
        Seconds since 1970; a number from 0 to 1.
    """

    arrivals: Arrivals
    stations: StationFile
    desk: ReportDesk
    line: Line
    line_is_back: Callable[[], None]
    most_tries: int
    clock: Callable[[], float]
    random: Callable[[], float]

    def send_next(self) -> bool:
        """Send one; False when there is nothing to do now."""
        now = self.clock()
        if not is_over(self.line.still_until, now):
            return False
        one = self.arrivals.next_due(now)
        if one is None:
            return False
        try:
            outcome = self.desk.hand_in(one)
        except LineFailure as failure:
            self.line.bad(str(failure), self.clock(), self.random())
            _log.warning("%s A report will be tried again.", failure)
            self._failed(one, str(failure))
            return True
        match outcome:
            case Taken(report_id):
                self._is_up(1)
                station = self.stations.named(one.station)
                self.arrivals.delivered(one.arrival_id, report_id, station is not None and station.return_to != "", self.clock())
            case Refused(reason):
                self._is_up(0)
                _log.warning("a report of the station %s was refused: %s", one.station, reason)
                self.arrivals.set_aside(one.arrival_id, reason)
            case Later(reason):
                # The line is up, whoever is to blame: images go on.
                _log.warning("a report of the station %s will be tried again: %s", one.station, reason)
                self._failed(one, reason)
        return True

    def _is_up(self, confirmed: int) -> None:
        if self.line.good(confirmed):
            self.line_is_back()

    def _failed(self, one: Arrival, reason: str) -> None:
        """The line's fault, or the cloud's, unless this one fails again and again while others get through."""
        is_its_own_fault = self.line.others_got_through(one.arrival_id)
        if is_its_own_fault and one.tries + 1 >= self.most_tries:
            self.arrivals.set_aside(one.arrival_id, reason)
            return
        failures = one.failures + one.tries + 1
        self.arrivals.put_back(one.arrival_id, self.clock() + pause_seconds(failures, self.random()), reason, is_its_own_fault)
