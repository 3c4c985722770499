# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's own index (its PostgreSQL plugin's tables), read only: which attachments there are. Its REST API cannot be asked by attachment.

An index on the identifiers is added to it (`prepare_orthanc_index`): without one each question would read the whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value

_LOCK = 0x0A77AC4
_NEW_INSTANCE = 2  # ChangeType_NewInstance


@dataclass(frozen=True, slots=True)
class IndexedAttachment:
    """One row of ``AttachedFiles``. ``md5`` is of the file as it is stored; empty where Orthanc did not compute it."""

    attachment_id: UUID
    content_type: int
    size_bytes: int
    md5: str
    resource_id: int


def prepare_orthanc_index(cursor: Cursor) -> None:
    """Make the index on attachments' identifiers, once."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor.execute("CREATE INDEX IF NOT EXISTS cloudfilm_attachment_by_uuid ON AttachedFiles (uuid)")


def indexed_among(cursor: Cursor, attachment_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these Orthanc knows."""
    cursor.execute("SELECT uuid FROM AttachedFiles WHERE uuid = ANY(%s)", ([str(one) for one in attachment_ids],))
    return {UUID(row[0]) for row in cursor.fetchall()}


def has_attachments(cursor: Cursor) -> bool:
    """False for an index that is new or not ours."""
    cursor.execute("SELECT EXISTS (SELECT FROM AttachedFiles)")
    return bool(only_value(cursor))


def siblings(cursor: Cursor, attachment_id: UUID, limit: int) -> tuple[int, list[tuple[UUID, int]]]:
    """Attachments of the same kind of all instances of the series, this one included: the series' number in the index, and each with its kind."""
    cursor.execute(
        "SELECT instance.parentId, sibling.uuid, sibling.fileType FROM AttachedFiles mine"
        " JOIN Resources instance ON instance.internalId = mine.id"
        " JOIN Resources other ON other.parentId = instance.parentId"
        " JOIN AttachedFiles sibling ON sibling.id = other.internalId AND sibling.fileType = mine.fileType"
        " WHERE mine.uuid = %s ORDER BY other.internalId LIMIT %s",
        (str(attachment_id), limit),
    )
    rows = cursor.fetchall()
    return (int(rows[0][0]) if rows else 0), [(UUID(uuid), int(kind)) for _parent, uuid, kind in rows]


def count_attachments(cursor: Cursor) -> int:
    """How many there are."""
    cursor.execute("SELECT count(*) FROM AttachedFiles")
    return int(only_value(cursor))


def attachments_after(cursor: Cursor, resource_id: int, content_type: int, limit: int) -> list[IndexedAttachment]:
    """A page of all attachments, by resource and kind."""
    cursor.execute(
        "SELECT uuid, fileType, compressedSize, coalesce(compressedHash, ''), id FROM AttachedFiles"
        " WHERE (id, fileType) > (%s, %s) ORDER BY id, fileType LIMIT %s",
        (resource_id, content_type, limit),
    )
    return [IndexedAttachment(UUID(uuid), kind, size, md5, resource) for uuid, kind, size, md5, resource in cursor.fetchall()]


def last_change(cursor: Cursor) -> int | None:
    """The number of the newest entry of Orthanc's change log; None before Orthanc's first start has made it."""
    cursor.execute("SELECT to_regclass('changes')")
    if only_value(cursor) is None:
        return None
    cursor.execute("SELECT coalesce(max(seq), 0) FROM Changes")
    return int(only_value(cursor))


def studies_with_new_instances(cursor: Cursor, since: int, until: int) -> dict[str, int]:
    """Orthanc's identifiers of studies that got instances after one change and not after another, and how many each has now."""
    cursor.execute(
        """
        WITH grown AS (
            SELECT DISTINCT series.parentId AS study FROM Changes
            JOIN Resources instance ON instance.internalId = Changes.internalId JOIN Resources series ON series.internalId = instance.parentId
            WHERE Changes.seq > %s AND Changes.seq <= %s AND Changes.changeType = %s
        )
        SELECT study.publicId, (SELECT count(*) FROM Resources series JOIN Resources instance ON instance.parentId = series.internalId
            WHERE series.parentId = study.internalId)
        FROM grown JOIN Resources study ON study.internalId = grown.study
        """,
        (since, until, _NEW_INSTANCE),
    )
    return {row[0]: int(row[1]) for row in cursor.fetchall()}


def studies_among(cursor: Cursor, orthanc_study_ids: Sequence[str]) -> set[str]:
    """Which of these studies, by Orthanc's identifiers, are in the index."""
    cursor.execute("SELECT publicId FROM Resources WHERE resourceType = 1 AND publicId = ANY(%s)", (list(orthanc_study_ids),))
    return {row[0] for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance's file. ``md5`` is of its bytes as they came, empty where Orthanc did not compute it."""

    orthanc_instance_id: str
    sop_instance_uid: str
    attachment_id: UUID
    md5: str


_INSTANCES = (
    "SELECT instance.publicId, sop.value, file.uuid, coalesce(file.uncompressedHash, '') FROM DicomIdentifiers known"
    " JOIN Resources study ON study.internalId = known.id AND study.resourceType = 1"
    " JOIN Resources series ON series.parentId = study.internalId"
    " JOIN Resources instance ON instance.parentId = series.internalId"
    " JOIN DicomIdentifiers sop ON sop.id = instance.internalId AND sop.tagGroup = 8 AND sop.tagElement = 24"
    " JOIN AttachedFiles file ON file.id = instance.internalId AND file.fileType = 1"
    " WHERE known.tagGroup = 32 AND known.tagElement = 13 AND known.value = %s"
)


def instances_of_study(cursor: Cursor, study_instance_uid: str) -> list[StoredInstance]:
    """All instances of a study; of several studies where two patients have one with this UID."""
    cursor.execute(_INSTANCES, (study_instance_uid,))
    return [StoredInstance(row[0], row[1], UUID(row[2]), row[3]) for row in cursor.fetchall()]


def has_instance(cursor: Cursor, sop_instance_uid: str) -> bool:
    """Whether anything in the index has this SOPInstanceUID: one look at one table, which is all that a new image costs."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM DicomIdentifiers WHERE tagGroup = 8 AND tagElement = 24 AND value = %s)", (sop_instance_uid,)
    )
    return bool(only_value(cursor))


def stored_of_instance(cursor: Cursor, study_instance_uid: str, sop_instance_uid: str) -> list[StoredInstance]:
    """The files of one instance of a study; several where two patients have one with these UIDs."""
    cursor.execute(
        "SELECT instance.publicId, sop.value, file.uuid, coalesce(file.uncompressedHash, '') FROM DicomIdentifiers sop"
        " JOIN Resources instance ON instance.internalId = sop.id AND instance.resourceType = 3"
        " JOIN Resources series ON series.internalId = instance.parentId"
        " JOIN DicomIdentifiers known ON known.id = series.parentId AND known.tagGroup = 32 AND known.tagElement = 13 AND known.value = %s"
        " JOIN AttachedFiles file ON file.id = instance.internalId AND file.fileType = 1"
        " WHERE sop.tagGroup = 8 AND sop.tagElement = 24 AND sop.value = %s",
        (study_instance_uid, sop_instance_uid),
    )
    return [StoredInstance(row[0], row[1], UUID(row[2]), row[3]) for row in cursor.fetchall()]


def identifiers_of_instances(cursor: Cursor, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Orthanc's identifiers of instances by the UIDs of study and instance, of all that are wanted at once; what is not there is left out."""
    cursor.execute(
        "SELECT wanted.study, wanted.sop, instance.publicId FROM unnest(%s::text[], %s::text[]) AS wanted (study, sop)"
        " JOIN DicomIdentifiers sop ON sop.tagGroup = 8 AND sop.tagElement = 24 AND sop.value = wanted.sop"
        " JOIN Resources instance ON instance.internalId = sop.id AND instance.resourceType = 3"
        " JOIN Resources series ON series.internalId = instance.parentId"
        " JOIN DicomIdentifiers known ON known.id = series.parentId AND known.tagGroup = 32 AND known.tagElement = 13"
        " AND known.value = wanted.study",
        ([study for study, _ in wanted], [sop for _, sop in wanted]),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for study, sop, orthanc_instance_id in cursor.fetchall():
        found.setdefault((study, sop), []).append(orthanc_instance_id)
    return found


def studies_of_instance(cursor: Cursor, sop_instance_uid: str) -> dict[str, str]:
    """StudyInstanceUID by Orthanc's identifier of each instance with this SOPInstanceUID."""
    cursor.execute(
        "SELECT instance.publicId, known.value FROM DicomIdentifiers sop"
        " JOIN Resources instance ON instance.internalId = sop.id AND instance.resourceType = 3"
        " JOIN Resources series ON series.internalId = instance.parentId"
        " JOIN DicomIdentifiers known ON known.id = series.parentId AND known.tagGroup = 32 AND known.tagElement = 13"
        " WHERE sop.tagGroup = 8 AND sop.tagElement = 24 AND sop.value = %s",
        (sop_instance_uid,),
    )
    return dict(cursor.fetchall())
