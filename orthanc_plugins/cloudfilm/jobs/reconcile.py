# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compare what gateways told that they hold with the archive, study by study; ask again, without asking anybody, for what is safe to send again.

What the archive holds is read from Orthanc's index, and hashed from the bytes that it gives back: once for each attachment in a week.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from cloudfilm.db.archive_hashes import forget_hashes, known_hashes, note_hash
from cloudfilm.db.conflicts import decided_against
from cloudfilm.db.database import Database
from cloudfilm.db.gateway_receipts import forget_receipts, receipts_of, studies_with_receipts
from cloudfilm.db.gateways import list_gateways
from cloudfilm.db.orthanc_index import instances_of_study
from cloudfilm.db.reconciliation import Found, ToCompare, forget_comparisons, is_deleted_study, next_to_compare, note_found, take_told
from cloudfilm.db.studies import study_with_uid
from cloudfilm.errors import CloudFilmError
from cloudfilm.jobs.context import JobContext
from cloudfilm.transfer.comparing import Told, compare
from cloudfilm.transfer.queue_state import State

_READ_AGAIN_AFTER = timedelta(days=7)
_TOLD_LATELY = timedelta(hours=20)
_RECEIPTS_KEPT = timedelta(days=400)
_LARGEST_INSTANCE_BYTES = 4 * 1024**3
_log = logging.getLogger(__name__)


def reconcile_told(context: JobContext, index: Database) -> int:
    """Compare everything that waits; return how many studies that was."""
    compared = 0
    while True:
        with context.database.transaction() as cursor:
            one = next_to_compare(cursor)
        if one is None:
            return compared
        found = _compare(context, index, one)
        with context.database.transaction() as cursor:
            note_found(cursor, one, found, context.clock())
        compared += 1


def reconcile_alone(context: JobContext, keep_days: int) -> None:
    """What a gateway that has not told anything lately had receipts for must be here, too; what is not any more, it is to send again."""
    now = context.clock()
    with context.database.transaction() as cursor:
        for gateway in list_gateways(cursor, None):
            if gateway.paired_at is None or (gateway.inventory_told_at and gateway.inventory_told_at > now - _TOLD_LATELY):
                continue
            since = now - timedelta(days=keep_days)
            for study in studies_with_receipts(cursor, gateway.gateway_id, since):
                given = receipts_of(cursor, gateway.gateway_id, study, since)
                told = {uid: (sha256, State.CONFIRMED.value) for uid, sha256 in given.items()}
                take_told(cursor, gateway.gateway_id, study, told, None, now, is_from_gateway=False)
        forget_receipts(cursor, now - _RECEIPTS_KEPT)
        forget_comparisons(cursor, now - _RECEIPTS_KEPT)
        forget_hashes(cursor, now - _READ_AGAIN_AFTER)


def _compare(context: JobContext, index: Database, one: ToCompare) -> Found:
    stored = _stored(context, index, one)
    with context.database.transaction() as cursor:
        is_deleted = is_deleted_study(cursor, one.study_instance_uid)
        given = receipts_of(cursor, one.gateway_id, one.study_instance_uid, context.clock() - _RECEIPTS_KEPT)
        expected = receipts_of(cursor, one.gateway_id, one.study_instance_uid, one.keeps_since) if one.keeps_since else {}
        decided = decided_against(cursor, one.hospital_id, one.study_instance_uid)
    told = {uid: Told(sha256, State(state)) for uid, (sha256, state) in one.told.items() if (uid, sha256) not in decided}
    # What was lost here is not expected there: it is missing in the cloud. So is what neither side has any more.
    differences = compare(told, stored, {uid for uid in expected if uid in stored and uid not in one.told})
    lost = (
        []
        if is_deleted
        else [uid for uid, sha256 in given.items() if uid not in stored and uid not in one.told and (uid, sha256) not in decided]
    )
    again = () if is_deleted else differences.safe_to_send_again
    if again or lost:
        _log.warning("%d instances of study %s are missing here", len(again) + len(lost), one.study_instance_uid)
    return Found(
        gateway_count=len(one.told),
        cloud_count=len(stored),
        missing_in_cloud=sorted({*differences.missing_in_cloud, *lost}),
        other_content=differences.other_content,
        missing_on_gateway=differences.missing_on_gateway,
        was_deleted=is_deleted,
        wanted_again=again,
    )


def _stored(context: JobContext, index: Database, one: ToCompare) -> dict[str, set[str]]:
    """SHA-256 by SOPInstanceUID of what is here, as far as it is the gateway's hospital's."""
    with context.database.transaction() as cursor:
        study = study_with_uid(cursor, one.study_instance_uid)
    if study is None or study.hospital_id != one.hospital_id:
        return {}
    with index.transaction() as cursor:
        instances = instances_of_study(cursor, one.study_instance_uid)
    with context.database.transaction() as cursor:
        known = known_hashes(cursor, [instance.attachment_id for instance in instances], context.clock() - _READ_AGAIN_AFTER)
    stored: dict[str, set[str]] = {}
    for instance in instances:
        sha256 = known.get(instance.attachment_id) or _read(context, instance.orthanc_instance_id)
        if sha256 is None:
            continue
        stored.setdefault(instance.sop_instance_uid, set()).add(sha256)
        if sha256 and instance.attachment_id not in known:
            with context.database.transaction() as cursor:
                note_hash(cursor, instance.attachment_id, sha256, context.clock())
    return stored


def _read(context: JobContext, orthanc_instance_id: str) -> str | None:
    """None when it was deleted meanwhile; nothing, which equals no hash, where Orthanc is well but cannot read the bytes."""
    try:
        content = context.orthanc.file_of_instance(orthanc_instance_id, _LARGEST_INSTANCE_BYTES)
    except CloudFilmError as error:
        if not context.orthanc.is_up():
            raise
        _log.warning("an instance cannot be read: %s", error.public_message)
        return ""
    return hashlib.sha256(content).hexdigest() if content is not None else None
