# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ask a gateway for a study's images again, because somebody said so. What is damaged in the archive is put aside first, or it would stand in their way."""

from __future__ import annotations

import hashlib
import logging
from uuid import UUID, uuid4

from cloudfilm.db.conflicts import note_replaced
from cloudfilm.db.database import Database
from cloudfilm.db.gateways import gateway_with_id
from cloudfilm.db.orthanc_index import StoredInstance, stored_of_instance
from cloudfilm.db.reconciliation import other_content_of, want_again
from cloudfilm.db.set_aside import SetAside
from cloudfilm.errors import CloudFilmError
from cloudfilm.jobs.context import JobContext
from cloudfilm.storage.documents import DocumentStore

_LARGEST_BYTES = 4 * 1024**3
_DAMAGED = "the archive's copy is damaged"
_log = logging.getLogger(__name__)


def fetch_again(context: JobContext, index: Database, gateway_id: UUID, study_instance_uid: str, by: str) -> None:
    """The gateway hears of it with its next heartbeat."""
    with context.database.transaction() as cursor:
        gateway = gateway_with_id(cursor, gateway_id)
        doubtful = other_content_of(cursor, gateway_id, study_instance_uid)
    if gateway is None:
        return
    for sop_instance_uid in doubtful:
        with index.transaction() as cursor:
            stored = stored_of_instance(cursor, study_instance_uid, sop_instance_uid)
        for one in stored:
            _put_aside_if_damaged(context, gateway.hospital_id, study_instance_uid, one, by)
    with context.database.transaction() as cursor:
        want_again(cursor, gateway.hospital_id, gateway_id, study_instance_uid, by, context.clock())


def _put_aside_if_damaged(context: JobContext, hospital_id: str, study_instance_uid: str, one: StoredInstance, by: str) -> None:
    """Damaged: its bytes are not those that Orthanc hashed when they came, or cannot be had at all while Orthanc is well."""
    try:
        content = context.orthanc.file_of_instance(one.orthanc_instance_id, _LARGEST_BYTES)
    except CloudFilmError:
        if not context.orthanc.is_up():
            raise
        content = b""
    if content is None or not one.md5 or hashlib.md5(content, usedforsecurity=False).hexdigest() == one.md5:
        return
    _log.warning("an instance of study %s is damaged in the archive and put aside", study_instance_uid)
    if content:
        now = context.clock()
        sha256 = DocumentStore(context.settings.set_aside_directory).put(content)
        damaged = SetAside(
            uuid4(), hospital_id, study_instance_uid, one.sop_instance_uid, _DAMAGED, "", sha256, len(content), now, True, decided_at=now,
            decided_by=by, decision_id=uuid4(),
        )  # fmt: skip
        with context.database.transaction() as cursor:
            note_replaced(cursor, damaged)
    context.orthanc.delete_instance(one.orthanc_instance_id)
