# SPDX-License-Identifier: AGPL-3.0-or-later
"""Do in the archive what people decided: put the chosen instances there, and keep aside what they replace. Nothing is deleted before its bytes are aside.

Each step may be repeated: a worker that dies in between begins again and finds what is done already.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from uuid import UUID, uuid4

from cloudfilm.db.conflicts import note_replaced, note_taken, pending_decisions, pending_of
from cloudfilm.db.database import Database
from cloudfilm.db.orthanc_index import StoredInstance, instances_of_study, stored_of_instance
from cloudfilm.db.set_aside import Reason, SetAside
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.record_study import record_study_of_orthanc
from cloudfilm.storage.documents import DocumentStore

_LARGEST_BYTES = 4 * 1024**3
_log = logging.getLogger(__name__)


def settle_conflict(context: JobContext, index: Database, decision_id: UUID) -> None:
    """Do one decision; one that is done is left alone."""
    with context.database.transaction() as cursor:
        chosen = pending_of(cursor, decision_id)
    if not chosen:
        return
    study_instance_uid = chosen[0].study_instance_uid
    store = DocumentStore(context.settings.set_aside_directory)
    if chosen[0].reason == Reason.OTHER_PATIENT:
        _replace_study(context, index, store, chosen)
    else:
        for one in chosen:
            _replace_instance(context, index, store, one)
    orthanc_study_id = context.orthanc.find_study(study_instance_uid)
    if orthanc_study_id is not None:
        record_study_of_orthanc(context, orthanc_study_id)
    with context.database.transaction() as cursor:
        note_taken(cursor, [one.set_aside_id for one in chosen])
    _log.info("put %d instances into study %s in place of others, as people decided", len(chosen), study_instance_uid)


def settle_forgotten(context: JobContext, index: Database) -> None:
    """Decisions whose job was lost."""
    with context.database.transaction() as cursor:
        forgotten = pending_decisions(cursor)
    for decision_id in forgotten:
        settle_conflict(context, index, decision_id)


def _replace_instance(context: JobContext, index: Database, store: DocumentStore, one: SetAside) -> None:
    """The new file goes where the old one is: Orthanc takes it only once that has gone."""
    content = store.get(one.content_sha256)
    with index.transaction() as cursor:
        stored = stored_of_instance(cursor, one.study_instance_uid, one.sop_instance_uid)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    for old in stored:
        if old.md5 != md5:
            _put_aside(context, store, one, old)
            context.orthanc.delete_instance(old.orthanc_instance_id)
    if not any(old.md5 == md5 for old in stored):
        context.orthanc.store_instance(content)


def _replace_study(context: JobContext, index: Database, store: DocumentStore, chosen: list[SetAside]) -> None:
    """Another patient's study has another identity in Orthanc: the new instances are stored first."""
    contents = {one.set_aside_id: store.get(one.content_sha256) for one in chosen}
    mine = {hashlib.md5(content, usedforsecurity=False).hexdigest() for content in contents.values()}
    with index.transaction() as cursor:
        stored = instances_of_study(cursor, chosen[0].study_instance_uid)
    others = [old for old in stored if old.md5 not in mine]
    for old in others:
        _put_aside(context, store, chosen[0], old)
    for one in chosen:
        context.orthanc.store_instance(contents[one.set_aside_id])
    for old in others:
        context.orthanc.delete_instance(old.orthanc_instance_id)


def _put_aside(context: JobContext, store: DocumentStore, chosen: SetAside, old: StoredInstance) -> None:
    content = context.orthanc.file_of_instance(old.orthanc_instance_id, _LARGEST_BYTES)
    if content is None:
        return
    origin, now = context.orthanc.origin_of_instance(old.orthanc_instance_id), context.clock()
    replaced = SetAside(
        uuid4(), chosen.hospital_id, chosen.study_instance_uid, old.sop_instance_uid, chosen.reason, origin["sender"], store.put(content),
        len(content), _moment(origin["received_at"], now), True, decided_at=now, decided_by=chosen.decided_by, decision_id=chosen.decision_id,
    )  # fmt: skip
    with context.database.transaction() as cursor:
        note_replaced(cursor, replaced)


def _moment(text: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return otherwise
