# SPDX-License-Identifier: AGPL-3.0-or-later
"""Images that were stored and never told of: Orthanc's events are kept in its memory, its change log is committed with each image.

A study that has come to rest and gets more images later has no other sign of them when Orthanc is killed before it tells.
"""

from __future__ import annotations

from cloudfilm.db.database import Database
from cloudfilm.db.followed_changes import last_followed, set_last_followed
from cloudfilm.db.orthanc_index import last_change, studies_with_new_instances
from cloudfilm.db.studies import instances_recorded
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.record_study import record_study_of_orthanc

# Numbers are given before transactions commit: one that was committed late has a number below those that were seen.
_LOOKED_AT_AGAIN = 1000
_MOST_AT_ONCE = 100_000


def record_grown_studies(context: JobContext, index: Database) -> int:
    """Record studies whose number of instances in Orthanc's index is another than in our record; return how many."""
    with context.database.transaction() as cursor:
        since = last_followed(cursor)
    with index.transaction() as cursor:
        newest = last_change(cursor)
        if newest is None:
            return 0
        until = newest if since is None else min(newest, since + _MOST_AT_ONCE)
        counts = {} if since is None else studies_with_new_instances(cursor, since - _LOOKED_AT_AGAIN, until)
    with context.database.transaction() as cursor:
        recorded = instances_recorded(cursor, list(counts))
    grown = [orthanc_study_id for orthanc_study_id, count in counts.items() if recorded.get(orthanc_study_id) != count]
    for orthanc_study_id in grown:
        record_study_of_orthanc(context, orthanc_study_id)
    with context.database.transaction() as cursor:
        set_last_followed(cursor, until)
    return len(grown)
