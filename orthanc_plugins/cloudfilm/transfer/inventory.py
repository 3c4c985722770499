# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells the cloud what is here of each study, every night and when it asks, so that it can compare; and sends again what the cloud asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from cloudfilm.transfer.cloud import Cloud
from cloudfilm.transfer.queue import Queue

MOST_INSTANCES = 20_000
MOST_STUDIES = 200
_log = logging.getLogger(__name__)


class Inventory:
    """Asked after each heartbeat.

    Parameters
    ----------
    tells_at
        The time of day of the nightly comparison, as ``clock`` counts.
    clock
        The time here, with its zone.
    instance_ids
        Orthanc's identifiers of everything that is in the archive here.
    """

    def __init__(
        self, queue: Queue, cloud: Cloud, tells_at: time, clock: Callable[[], datetime], instance_ids: Callable[[], list[str]]
    ) -> None:
        self._queue, self._cloud, self._tells_at, self._clock, self._instance_ids = queue, cloud, tells_at, clock, instance_ids
        self._next = self._next_night(clock())

    def follow(self, answer: dict[str, Any]) -> None:
        """Do what the answer to a heartbeat asks for, and what is due by itself.

        Raises
        ------
        LineFailure
            It is done at the next heartbeat.
        """
        wanted = [(one[0], one[1]) for one in answer.get("send_again", []) if isinstance(one, list) and len(one) == 2]
        if wanted and (again := self._queue.send_again(wanted)):
            _log.info("the cloud asked for %d instances again", again)
        now = self._clock()
        if answer.get("compare") is True or now >= self._next:
            self.tell_all()
            self._next = self._next_night(self._clock())
        elif owed := self._queue.owed():
            self._tell(owed)

    def tell_all(self) -> None:
        """Tell of every study."""
        began = self._clock()
        self._forget_what_is_gone()
        self._tell(self._queue.studies())
        self._cloud.tell_inventory({"began_seconds_ago": (self._clock() - began).total_seconds(), "studies": []})
        _log.info("told the cloud everything that is here")

    def _forget_what_is_gone(self) -> None:
        """Rows whose instance somebody deleted in the archive here."""
        rows = self._queue.all_ids()
        here = set(self._instance_ids())
        for orthanc_instance_id in rows:
            if orthanc_instance_id not in here:
                _log.warning("an instance is not in the archive here any more: %s", orthanc_instance_id)
                self._queue.forget(orthanc_instance_id)

    def _tell(self, studies: list[str]) -> None:
        page: list[dict[str, Any]] = []
        told: list[str] = []
        instances = 0
        for study in studies:
            held = self._queue.held_of(study)
            if page and (instances + len(held) > MOST_INSTANCES or len(page) >= MOST_STUDIES):
                self._send(page, told)
                page, told, instances = [], [], 0
            page.append({"study_instance_uid": study, "instances": [[one.sop_instance_uid, one.sha256, one.state.value] for one in held]})
            told.append(study)
            instances += len(held)
        if page:
            self._send(page, told)

    def _send(self, page: list[dict[str, Any]], told: list[str]) -> None:
        forgot = max(0.0, self._clock().timestamp() - self._queue.forgotten_until())
        self._cloud.tell_inventory({"forgot_seconds_ago": forgot, "studies": page})
        for study in told:
            self._queue.told_of(study)

    def _next_night(self, now: datetime) -> datetime:
        tonight = datetime.combine(now.date(), self._tells_at, tzinfo=now.tzinfo)
        return tonight if tonight > now else tonight + timedelta(days=1)
