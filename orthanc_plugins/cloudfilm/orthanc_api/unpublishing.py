# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is deleted or changed in the archive leaves the published tree at once, in Orthanc's own process. Rows go first, then files."""

from __future__ import annotations

import logging

from cloudfilm.db.database import Database
from cloudfilm.db.publications import forget_instance, forget_series, forget_study
from cloudfilm.storage.published_tree import PublishedTree

_log = logging.getLogger(__name__)


class Unpublishing:
    """Takes away what is published."""

    def __init__(self, database: Database, tree: PublishedTree) -> None:
        self._database, self._tree = database, tree

    def study_deleted(self, orthanc_study_id: str) -> None:
        """Forget a study."""
        with self._database.transaction() as cursor:
            uids = forget_study(cursor, orthanc_study_id)
        for uid in uids:
            self._tree.remove(uid)

    def series_deleted(self, orthanc_series_id: str) -> None:
        """Forget a series."""
        with self._database.transaction() as cursor:
            uids = forget_series(cursor, orthanc_series_id)
        if uids is not None:
            self._tree.remove(*uids)

    def instance_deleted(self, orthanc_instance_id: str) -> None:
        """Forget an instance; Orthanc answers for its series' metadata until they are published anew."""
        with self._database.transaction() as cursor:
            uids = forget_instance(cursor, orthanc_instance_id)
        if uids is not None:
            self._tree.hide_metadata(*uids[:2])
            self._tree.remove(*uids)

    def series_grows(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """Let Orthanc answer for the metadata of a series to which an instance is being added. Costs a few microseconds where nothing is shown."""
        try:
            if series_instance_uid and self._tree.has_metadata(study_instance_uid, series_instance_uid):
                self._tree.hide_metadata(study_instance_uid, series_instance_uid)
        except OSError:
            _log.exception("could not hide the metadata of a series that grows")
