# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instances that may be reports, as they arrive with a study, and what became of each: ``arrived`` → ``taken`` | ``left`` | ``failed``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class DicomDocument:
    """One row of ``dicom_document``; ``sender_kind`` is an `ActorKind`, ``sender_name`` an AE title or STOW-RS."""

    study_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    hospital_id: str
    sender_kind: str
    sender_name: str
    arrived_at: datetime
    state: str = "arrived"
    reason: str = ""
    report_id: UUID | None = None


_COLUMNS = ", ".join(DicomDocument.__dataclass_fields__)


def add_dicom_document(cursor: Cursor, document: DicomDocument) -> bool:
    """Note an instance that is about to be stored; return whether it has to be looked at: for the first time, or after it failed."""
    cursor.execute(
        "INSERT INTO dicom_document (study_instance_uid, sop_instance_uid, sop_class_uid, hospital_id, sender_kind, sender_name, arrived_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (study_instance_uid, sop_instance_uid) DO UPDATE"
        " SET state = 'arrived', reason = '', arrived_at = excluded.arrived_at, sender_kind = excluded.sender_kind, sender_name = excluded.sender_name"
        " WHERE dicom_document.state = 'failed' RETURNING 1",
        (
            document.study_instance_uid, document.sop_instance_uid, document.sop_class_uid, document.hospital_id, document.sender_kind,
            document.sender_name, document.arrived_at,
        ),
    )  # fmt: skip
    return cursor.fetchone() is not None


def dicom_document(cursor: Cursor, study_instance_uid: str, sop_instance_uid: str) -> DicomDocument | None:
    """One of them."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM dicom_document WHERE study_instance_uid = %s AND sop_instance_uid = %s",
        (study_instance_uid, sop_instance_uid),
    )
    row = cursor.fetchone()
    return DicomDocument(*row) if row else None


def dicom_documents_of_report(cursor: Cursor, report_id: UUID) -> list[DicomDocument]:
    """The instances that a report came as."""
    cursor.execute(f"SELECT {_COLUMNS} FROM dicom_document WHERE report_id = %s ORDER BY arrived_at, sop_instance_uid", (report_id,))
    return [DicomDocument(*row) for row in cursor.fetchall()]


def settle_dicom_document(cursor: Cursor, document: DicomDocument, state: str, reason: str, report_id: UUID | None = None) -> None:
    """Say what became of it."""
    cursor.execute(
        "UPDATE dicom_document SET state = %s, reason = %s, report_id = %s WHERE study_instance_uid = %s AND sop_instance_uid = %s",
        (state, reason, report_id, document.study_instance_uid, document.sop_instance_uid),
    )


def forgotten_dicom_documents(cursor: Cursor, arrived_before: datetime, limit: int = 100) -> list[DicomDocument]:
    """Those that nobody has looked at in time: their job was given up while a part was down."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM dicom_document WHERE state = 'arrived' AND arrived_at < %s ORDER BY arrived_at LIMIT %s",
        (arrived_before, limit),
    )
    return [DicomDocument(*row) for row in cursor.fetchall()]
