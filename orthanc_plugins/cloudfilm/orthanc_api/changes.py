# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's change events become jobs: a study that began, grew or came to rest is recorded by a worker; a deleted one is forgotten."""

from __future__ import annotations

import json
import logging
from typing import Any

from cloudfilm.db.conflicts import is_study_being_settled
from cloudfilm.db.database import Database
from cloudfilm.db.deleted_studies import forget_study
from cloudfilm.db.job_queue import RECORD_STUDY, defer_job
from cloudfilm.db.studies import study_of_orthanc
from cloudfilm.orthanc_api.admission import Admission
from cloudfilm.orthanc_api.unpublishing import Unpublishing

_log = logging.getLogger(__name__)


class StudyChanges:
    """Runs in Orthanc's thread for change events, never in a request.

    What fails here is no loss: the worker's sweeps find studies that no event has completed, and records of studies that are gone.
    """

    def __init__(self, database: Database, admission: Admission, unpublishing: Unpublishing, orthanc: Any) -> None:
        self._database, self._admission, self._unpublishing, self._orthanc = database, admission, unpublishing, orthanc

    def on_change(self, change: int, level: int, resource: str) -> None:
        """React to one event; ``resource`` is Orthanc's identifier."""
        try:
            self._react(change, level, resource)
        except Exception:
            _log.exception("could not react to a change in the archive")

    def _react(self, change: int, level: int, resource: str) -> None:
        kinds = self._orthanc.ChangeType
        if change == kinds.NEW_STUDY:
            self._begin(resource)
        elif change == kinds.STABLE_STUDY:
            self._record(resource)
        elif change == kinds.NEW_SERIES:
            self._record(json.loads(self._orthanc.RestApiGet(f"/series/{resource}"))["ParentStudy"])
        elif change == kinds.DELETED:
            self._delete(level, resource)

    def _delete(self, level: int, resource: str) -> None:
        levels = self._orthanc.ResourceType
        if level == levels.STUDY:
            self._unpublishing.study_deleted(resource)
            self._forget(resource)
        elif level == levels.SERIES:
            self._unpublishing.series_deleted(resource)
        elif level == levels.INSTANCE:
            self._unpublishing.instance_deleted(resource)

    def _begin(self, orthanc_study_id: str) -> None:
        study = json.loads(self._orthanc.RestApiGet(f"/studies/{orthanc_study_id}"))
        self._admission.claim_again(study["MainDicomTags"].get("StudyInstanceUID", ""))
        self._record(orthanc_study_id)

    def _forget(self, orthanc_study_id: str) -> None:
        """A study whose patient was changed is another one to Orthanc, and the old one deleted: it is the same to us, and keeps its reports.

        One that was being sent while it was deleted has begun anew by now, under the same identifier.
        """
        with self._database.transaction() as cursor:
            study_instance_uid = study_of_orthanc(cursor, orthanc_study_id)
            # A conflict that is being settled puts others in the place of the instances, or has done so: the worker records the study.
            if study_instance_uid is None or is_study_being_settled(cursor, study_instance_uid):
                return
        asked = json.dumps({"Level": "Study", "Query": {"StudyInstanceUID": study_instance_uid}})
        if there := json.loads(self._orthanc.RestApiPost("/tools/find", asked)):
            self._record(there[0])
            return
        with self._database.transaction() as cursor:
            forget_study(cursor, orthanc_study_id)
        self._admission.study_deleted(study_instance_uid)

    def _record(self, orthanc_study_id: str) -> None:
        with self._database.transaction() as cursor:
            defer_job(cursor, RECORD_STUDY, lock=orthanc_study_id, arguments={"orthanc_study_id": orthanc_study_id})
