# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delete from the object store what nobody needs: what was deleted in Orthanc while the store was away, and what was put but never indexed.

An instance's object is put before Orthanc indexes it: a crash or a failure in between leaves an object that nobody knows. It is left alone for an
hour, and only what bears this installation's mark is touched.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from cloudfilm.db.orthanc_index import has_attachments, indexed_among, prepare_orthanc_index
from cloudfilm.db.storage_objects import mark_indexed, mark_removed, recorded_among, removed_objects, unseen_attachments
from cloudfilm.orthanc_api.object_storage import ObjectStorage
from cloudfilm.storage.object_names import attachment_of

GRACE = timedelta(hours=1)
_AT_ONCE = 1000
_log = logging.getLogger(__name__)


def delete_removed_objects(storage: ObjectStorage) -> int:
    """Delete the objects of rows that are marked; return how many."""
    deleted = 0
    while True:
        with storage.database.transaction() as cursor:
            removed = removed_objects(cursor, _AT_ONCE)
        for one in removed:
            storage.area.drop(one)
        deleted += len(removed)
        if len(removed) < _AT_ONCE:
            return deleted


def settle_unseen_objects(storage: ObjectStorage, now: datetime, grace: timedelta = GRACE) -> int:
    """Note which recorded objects Orthanc has indexed, and mark the others as removed; return how many those are."""
    orphans = 0
    while True:
        with storage.database.transaction() as cursor:
            unseen = unseen_attachments(cursor, now - grace, _AT_ONCE)
        if not unseen or (known := _indexed(storage, unseen)) is None:
            return orphans
        with storage.database.transaction() as cursor:
            mark_indexed(cursor, sorted(known))
            for one in set(unseen) - known:
                mark_removed(cursor, one)
                orphans += 1


def delete_unrecorded_objects(storage: ObjectStorage, now: datetime, grace: timedelta = GRACE) -> int:
    """Go through the bucket and delete what this installation put but never recorded; return how many."""
    deleted = 0
    for names in batched(storage.bucket.names(before=now - grace), _AT_ONCE, strict=False):
        by_attachment = {attachment: name for name in names if (attachment := attachment_of(name)) is not None}
        with storage.database.transaction() as cursor:
            unknown = set(by_attachment) - recorded_among(cursor, list(by_attachment))
        if not unknown:
            continue
        indexed = _indexed(storage, sorted(unknown))
        if indexed is None:
            return deleted
        for attachment in unknown - indexed:
            if storage.bucket.is_ours(by_attachment[attachment]):
                storage.bucket.delete(by_attachment[attachment])
                deleted += 1
    if deleted:
        _log.info("deleted %d objects that were put but never recorded", deleted)
    return deleted


def _indexed(storage: ObjectStorage, attachments: list[UUID]) -> set[UUID] | None:
    """Which of them Orthanc knows; None when its index is empty, which says that something else is wrong."""
    with storage.index.transaction() as cursor:
        prepare_orthanc_index(cursor)
        if not has_attachments(cursor):
            _log.error("Orthanc's index is empty: no object is deleted")
            return None
        return indexed_among(cursor, attachments)
