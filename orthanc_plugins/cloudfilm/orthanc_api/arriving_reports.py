# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes instances that may be reports before their store is acknowledged: a worker looks at each, whatever happens to us meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloudfilm.db.database import Database
from cloudfilm.db.dicom_documents import DicomDocument, add_dicom_document
from cloudfilm.db.job_queue import TAKE_DICOM_REPORT, defer_job
from cloudfilm.dicom.report_classes import may_be_report
from cloudfilm.orthanc_api.admission import Identity
from cloudfilm.orthanc_api.set_aside_keeper import Sender

# The instance is in the archive by then, mostly; else the job comes back.
_STORED_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ArrivingReports:
    """Writes the row and the job in one transaction."""

    database: Database
    clock: Callable[[], datetime]

    def note(self, identity: Identity, sender: Sender) -> None:
        """Note an instance that was admitted and is about to be stored; others than possible reports cost nothing.

        Raises
        ------
        Exception
            It could not be noted, so it must not be acknowledged.
        """
        if not may_be_report(identity.sop_class_uid) or not identity.sop_instance_uid:
            return
        document = DicomDocument(
            identity.study_instance_uid,
            identity.sop_instance_uid,
            identity.sop_class_uid,
            sender.hospital_id,
            sender.actor_kind,
            sender.name,
            self.clock(),
        )
        with self.database.transaction() as cursor:
            if add_dicom_document(cursor, document):
                defer_job(
                    cursor,
                    TAKE_DICOM_REPORT,
                    lock=identity.sop_instance_uid,
                    arguments={"study_instance_uid": identity.study_instance_uid, "sop_instance_uid": identity.sop_instance_uid},
                    delay_seconds=_STORED_AFTER_SECONDS,
                )
