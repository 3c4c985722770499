# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records of studies that are not in the archive any more: they were deleted, and the event that tells of it met a database that did not answer."""

from __future__ import annotations

import logging
from datetime import timedelta

from cloudfilm.db.conflicts import is_study_being_settled
from cloudfilm.db.database import Database
from cloudfilm.db.deleted_studies import forget_study
from cloudfilm.db.orthanc_index import has_attachments, studies_among
from cloudfilm.db.studies import studies_after
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.record_study import record_study_of_orthanc

_TIME_ENOUGH = timedelta(minutes=10)
_PAGE = 1000
_log = logging.getLogger(__name__)


def forget_gone_studies(context: JobContext, index: Database) -> int:
    """Compare all records with Orthanc's index; return how many were forgotten. An index that is empty is rather to be doubted."""
    forgotten, last = 0, ""
    before = context.clock() - _TIME_ENOUGH
    while True:
        with context.database.transaction() as cursor:
            page = studies_after(cursor, last, before, _PAGE)
        if not page:
            return forgotten
        last = page[-1][0]
        with index.transaction() as cursor:
            if not has_attachments(cursor):
                return forgotten
            there = studies_among(cursor, [orthanc_study_id for _uid, orthanc_study_id in page])
        gone = [one for one in page if one[1] not in there]
        forgotten += sum(_forget(context, *one) for one in gone)


def _forget(context: JobContext, study_instance_uid: str, orthanc_study_id: str) -> bool:
    other = context.orthanc.find_study(study_instance_uid)
    if other is not None:
        record_study_of_orthanc(context, other)  # the same study under another patient
        return False
    with context.database.transaction() as cursor:
        # One that was recorded just now under another identifier is looked at the next time.
        if is_study_being_settled(cursor, study_instance_uid) or not forget_study(cursor, orthanc_study_id):
            return False
    _log.warning("study %s is not in the archive any more: its record was forgotten", study_instance_uid)
    return True
