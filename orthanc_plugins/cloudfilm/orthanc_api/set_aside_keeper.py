# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps aside what is not taken into the archive: another hospital's study, another patient's, other content under a UID that is there, no sound file.

Somebody has to find out why, and nothing may be lost meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.db.database import Database
from cloudfilm.db.job_queue import LOOK_AT_SET_ASIDE, defer_job
from cloudfilm.db.set_aside import Reason, SetAside, SetAsideState, add_set_aside, bytes_set_aside, has_bytes_aside, last_set_aside
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.storage.documents import DocumentStore

_log = logging.getLogger(__name__)
# Many instances of one study in a row are one event.
_ONE_EVENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent an instance: a modality by its AE title, or a program by STOW-RS."""

    hospital_id: str
    actor_kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class SetAsideKeeper:
    """Writes the bytes, then the row, then the audit event; ``quota_bytes`` bounds the bytes of all hospitals together."""

    database: Database
    documents: DocumentStore
    audit_trail: AuditTrail
    quota_bytes: int
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]

    def keep(
        self, dicom: bytes, study_instance_uid: str, sop_instance_uid: str, reason: str, sender: Sender, series_instance_uid: str = ""
    ) -> bool:
        """Keep one instance (a DICOM file), and return whether its bytes are safe. The same bytes from the same hospital are kept once."""
        sha256, now = hashlib.sha256(dicom).hexdigest(), self.clock()
        with self.database.transaction() as cursor:
            kept_already = bytes_set_aside(cursor)
            if (is_safe := has_bytes_aside(cursor, sender.hospital_id, sha256)) is not None:
                return is_safe
            has_room = kept_already + len(dicom) <= self.quota_bytes
            if has_room:
                self.documents.put(dicom)
            else:
                _log.warning("no room to set an instance aside: only its row is kept (SetAsideMegabytes)")
            last = last_set_aside(cursor, sender.hospital_id, study_instance_uid)
            set_aside_id = UUID(bytes=self.entropy(16), version=4)
            add_set_aside(
                cursor,
                SetAside(
                    set_aside_id, sender.hospital_id, study_instance_uid, sop_instance_uid, reason, sender.name, sha256, len(dicom), now, has_room,
                    series_instance_uid,
                ),
            )  # fmt: skip
            if has_room and reason in (Reason.OTHER_CONTENT, Reason.OTHER_PATIENT):
                defer_job(cursor, LOOK_AT_SET_ASIDE, lock=str(set_aside_id), arguments={"set_aside_id": str(set_aside_id)})
            if last is None or now - last > _ONE_EVENT:
                event = AuditEvent(
                    now, AuditKind.IMAGES_SET_ASIDE, "denied", sender.actor_kind, actor_id=sender.name, hospital_id=sender.hospital_id,
                    study_instance_uid=study_instance_uid, detail=reason,
                )  # fmt: skip
                self.audit_trail.record_in(cursor, event)
        return has_room

    def note_same_data_set(self, dicom: bytes, study_instance_uid: str, sop_instance_uid: str, sender: Sender) -> None:
        """The archive has this data set in a file with another header: nothing is to be kept or decided, but whoever compares bytes should know."""
        sha256, now = hashlib.sha256(dicom).hexdigest(), self.clock()
        with self.database.transaction() as cursor:
            bytes_set_aside(cursor)
            if has_bytes_aside(cursor, sender.hospital_id, sha256) is None:
                add_set_aside(
                    cursor,
                    SetAside(
                        UUID(bytes=self.entropy(16), version=4), sender.hospital_id, study_instance_uid, sop_instance_uid, Reason.SAME_DATA_SET,
                        sender.name, sha256, len(dicom), now, bytes_kept=False, state=SetAsideState.KEPT_OUT, decided_at=now, decided_by="",
                    ),
                )  # fmt: skip
