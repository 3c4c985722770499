# SPDX-License-Identifier: AGPL-3.0-or-later
"""Take up a report that arrived as an instance of its study: the one intake, then its study, which needs no guessing. Safe to run again."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import timedelta
from uuid import UUID

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.device import Device
from cloudfilm.db.database import Cursor
from cloudfilm.db.dicom_documents import DicomDocument, dicom_document, forgotten_dicom_documents, settle_dicom_document
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.job_queue import KEEP_REPORT, TAKE_DICOM_REPORT, defer_job
from cloudfilm.db.kept_instances import add_kept_instance
from cloudfilm.db.origin import Origin, Way
from cloudfilm.db.report_versions import lock_reports_of_hospital
from cloudfilm.db.reports import report_with_id
from cloudfilm.dicom.own_instances import KeptIdentity
from cloudfilm.dicom.report_classes import DOCUMENTS
from cloudfilm.errors import CloudFilmError, Conflict, Unavailable
from cloudfilm.jobs.bind_arrived import bind_to_its_study_in
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.dicom_report import DicomReport, NotAReport, read_dicom_report
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.laid_out import lay_out

_log = logging.getLogger(__name__)
_LARGEST_TEXT_BYTES = 8_000_000
_HEADER_BYTES = 1_000_000
# What was noted and never came into the archive was refused after that, or its sender was cut off: it comes again.
_STORED_WITHIN = timedelta(minutes=10)
_FORGOTTEN_AFTER = timedelta(minutes=45)


class NotThereYet(Unavailable):
    """The instance was noted and is not in the archive yet: the job is run again."""


def take_dicom_report(context: JobContext, study_instance_uid: str, sop_instance_uid: str) -> None:
    """Look at one instance."""
    with context.database.transaction() as cursor:
        document = dicom_document(cursor, study_instance_uid, sop_instance_uid)
    if document is None or document.state != "arrived":
        return
    try:
        file = _file(context, document)
        if file is None:
            _settle(context, document, "failed", "it was announced and never stored")
            return
        match read_dicom_report(file):
            case NotAReport(reason, own):
                _leave(context, document, reason, own)
            case DicomReport() as report:
                _take(context, document, report)
    except Unavailable:
        raise
    except CloudFilmError as error:
        _settle(context, document, "failed", error.public_message)


def look_at_forgotten_documents(context: JobContext) -> None:
    """Queue again what no job is left for."""
    with context.database.transaction() as cursor:
        for document in forgotten_dicom_documents(cursor, context.clock() - _FORGOTTEN_AFTER):
            defer_job(
                cursor,
                TAKE_DICOM_REPORT,
                lock=document.sop_instance_uid,
                arguments={"study_instance_uid": document.study_instance_uid, "sop_instance_uid": document.sop_instance_uid},
            )


def _file(context: JobContext, document: DicomDocument) -> bytes | None:
    orthanc_instance_id = context.orthanc.find_instance(document.study_instance_uid, document.sop_instance_uid)
    largest = _LARGEST_TEXT_BYTES
    if document.sop_class_uid in DOCUMENTS:
        largest = context.settings.maximum_report_megabytes * 1024 * 1024 + _HEADER_BYTES
    file = context.orthanc.file_of_instance(orthanc_instance_id, largest) if orthanc_instance_id else None
    if file is None and context.clock() - document.arrived_at < _STORED_WITHIN:
        raise NotThereYet("The instance is not in the archive yet.")
    return file


def _take(context: JobContext, document: DicomDocument, report: DicomReport) -> None:
    with context.database.transaction() as cursor:
        hospital = hospital_named(cursor, document.hospital_id)
    content = report.document if report.document is not None else lay_out(report.fields, hospital.name if hospital else "")
    intake = Intake(
        database=context.database,
        documents=context.documents,
        key_ring=context.key_ring,
        clock=context.clock,
        entropy=os.urandom,
        maximum_megabytes=context.settings.maximum_report_megabytes,
        delivery_lifetime=timedelta(hours=context.settings.delivery_hours),
    )

    def taken(cursor: Cursor, report_id: UUID) -> None:
        """A report that is still to be read is bound when that is done; one that came before, some other way, and waits for images, now."""
        lock_reports_of_hospital(cursor, document.hospital_id)
        settle_dicom_document(cursor, document, "taken", "", report_id)
        known = report_with_id(cursor, report_id, for_update=True)
        if known is not None and known.status == "waiting":
            bind_to_its_study_in(cursor, known, report.fields, context.clock())

    # The same document came before, and its keys are no longer to be had: nobody asks for them here.
    with contextlib.suppress(Conflict):
        intake.receive(
            document.hospital_id, content, _submitted(context, document), Origin(Way.DICOM, title=report.title), report.fields, taken
        )


def _submitted(context: JobContext, document: DicomDocument) -> AuditEvent:
    return AuditEvent(
        context.clock(),
        AuditKind.REPORT_SUBMITTED,
        "success",
        ActorKind(document.sender_kind),
        document.sender_name,
        document.hospital_id,
        study_instance_uid=document.study_instance_uid,
        device=Device.PROGRAM,
    )


def _leave(context: JobContext, document: DicomDocument, reason: str, own: KeptIdentity | None) -> None:
    """It is none. One of our own that came back is taken into the list of what is kept: where it does not belong, it is removed again."""
    with context.database.transaction() as cursor:
        settle_dicom_document(cursor, document, "left", reason)
        report = report_with_id(cursor, own.report_id) if own else None
        if own is not None and report is not None and report.hospital_id == document.hospital_id:
            add_kept_instance(cursor, own)
            defer_job(cursor, KEEP_REPORT, lock=str(own.report_id), arguments={"report_id": str(own.report_id)})


def _settle(context: JobContext, document: DicomDocument, state: str, reason: str) -> None:
    _log.warning("a document that came with a study was not taken as a report: %s", reason)
    with context.database.transaction() as cursor:
        settle_dicom_document(cursor, document, state, reason)
