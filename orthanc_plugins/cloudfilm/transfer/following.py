# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fills the queue from Orthanc's change log, which Orthanc writes in the transaction that stores the instance, before it answers the sender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.transfer.queue import Arrived, Priority, Queue

_PAGE = 500


@dataclass(frozen=True, slots=True)
class _SeriesFacts:
    study_instance_uid: str
    study_date: str


class Follower:
    """Looks again and again. What the log does not tell, since a crash took its end away or this process is new, the whole list does."""

    def __init__(
        self, orthanc: OrthancClient, queue: Queue, emergency_aets: frozenset[str], backfill_days: int, clock: Callable[[], datetime]
    ) -> None:
        self._orthanc, self._queue, self._clock = orthanc, queue, clock
        self._emergency_aets, self._backfill = emergency_aets, timedelta(days=backfill_days)
        self._since: int | None = None
        self._series: dict[str, _SeriesFacts] = {}

    def start_anew(self) -> None:
        """Orthanc may have been another process meanwhile: compare everything at the next look."""
        self._since = None

    def look(self) -> None:
        """Queue what has come."""
        if self._since is None:
            since = self._orthanc.last_change()
            self._queue_all(self._queue.unknown(self._orthanc.instance_ids()))
            self._since = since
            return
        while True:
            page = self._orthanc.changes(self._since, _PAGE)
            self._queue_all([change["ID"] for change in page["Changes"] if change["ChangeType"] == "NewInstance"])
            last = int(page["Last"])
            if last < self._since:
                self._since = None
                return
            self._since = last
            if page["Done"]:
                return

    def _queue_all(self, orthanc_instance_ids: Sequence[str]) -> None:
        for start in range(0, len(orthanc_instance_ids), _PAGE):
            found = [self._arrived(one) for one in orthanc_instance_ids[start : start + _PAGE]]
            self._queue.add([one for one in found if one is not None])

    def _arrived(self, orthanc_instance_id: str) -> Arrived | None:
        instance = self._orthanc.instance(orthanc_instance_id)
        facts = self._facts(instance["ParentSeries"]) if instance is not None else None
        if instance is None or facts is None:
            return None
        return Arrived(
            orthanc_instance_id,
            facts.study_instance_uid,
            instance["MainDicomTags"].get("SOPInstanceUID", ""),
            int(instance["FileSize"]),
            self._clock().timestamp(),
            self._priority(orthanc_instance_id, facts),
        )

    def _facts(self, orthanc_series_id: str) -> _SeriesFacts | None:
        if orthanc_series_id not in self._series:
            series = self._orthanc.series(orthanc_series_id)
            study: dict[str, Any] | None = self._orthanc.study(series["ParentStudy"]) if series else None
            if study is None:
                return None
            if len(self._series) > 10_000:
                self._series.clear()
            tags = study["MainDicomTags"]
            self._series[orthanc_series_id] = _SeriesFacts(tags.get("StudyInstanceUID", ""), tags.get("StudyDate", ""))
        return self._series[orthanc_series_id]

    def _priority(self, orthanc_instance_id: str, facts: _SeriesFacts) -> int:
        if self._emergency_aets and self._orthanc.remote_aet(orthanc_instance_id) in self._emergency_aets:
            return Priority.EMERGENCY
        try:
            study_date: date | None = datetime.strptime(facts.study_date[:8], "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            study_date = None
        is_old = study_date is not None and self._clock().date() - study_date > self._backfill
        return Priority.BACKFILL if is_old else Priority.NORMAL
