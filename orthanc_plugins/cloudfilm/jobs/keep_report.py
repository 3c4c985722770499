# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make the archive agree with a report: the original and what it says are instances of its studies, of no other, and of this version only.

Queued whenever a report's row says something new (the database does that itself). It looks at what is and does what is missing, so that it may run
at any time, in any order, and be cut off anywhere: every instance of ours has a row before it is stored, and loses it after it is removed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.db.dicom_documents import dicom_documents_of_report
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.job_queue import KEEP_REPORT, RECORD_STUDY, defer_job
from cloudfilm.db.kept_instances import (
    add_kept_instance,
    forget_kept_instance,
    kept_instances_of_report,
    reports_to_keep,
    set_kept_instance_stored,
    studies_that_keep,
)
from cloudfilm.db.reports import ReportRecord, report_with_id
from cloudfilm.db.studies import study_with_uid
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.dicom.own_instances import KeptIdentity, KeptKind
from cloudfilm.dicom.report_classes import DOCUMENTS
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.errors import Unavailable
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.encapsulated_pdf import encapsulated_pdf
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.kept_instances import KeptReport, identity_of
from cloudfilm.reports.text_sr import text_sr

_BUILDERS = {KeptKind.DOCUMENT: encapsulated_pdf, KeptKind.FIELDS: text_sr}
_TIME_ENOUGH = timedelta(minutes=10)


def keep_report(context: JobContext, report_id_text: str) -> None:
    """Store what is missing in the report's studies, remove what does not belong there (any more)."""
    report_id = UUID(report_id_text)
    wanted = _wanted(context, report_id)
    _remove_others(context, report_id, set(wanted))
    for identity, dicom in wanted.items():
        _store(context, identity, dicom)


def sweep_kept_reports(context: JobContext) -> None:
    """Queue what was given up while a part was down."""
    with context.database.transaction() as cursor:
        for report_id in reports_to_keep(cursor, context.clock() - _TIME_ENOUGH):
            defer_job(cursor, KEEP_REPORT, lock=str(report_id), arguments={"report_id": str(report_id)})


def _wanted(context: JobContext, report_id: UUID) -> dict[KeptIdentity, bytes]:
    """What has to be in the archive, as files: in each study that the report is about and that is in the archive."""
    with context.database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
        hospital = hospital_named(cursor, report.hospital_id) if report else None
        studies = [study_with_uid(cursor, uid) for uid in studies_that_keep(cursor, report_id)]
        arrived = {(one.study_instance_uid, one.sop_class_uid in DOCUMENTS) for one in dicom_documents_of_report(cursor, report_id)}
    if report is None or hospital is None or not studies:
        return {}
    kept = _kept_report(context, report, hospital.name)
    wanted: dict[KeptIdentity, bytes] = {}
    for study in studies:
        header = _study_context(context, study.orthanc_study_id) if study and study.orthanc_study_id else None
        if header is None:
            continue
        # What the hospital itself sent is there already: a second one would only puzzle.
        kinds = {kind for kind in KeptKind if (header.study_instance_uid, kind is KeptKind.DOCUMENT) not in arrived}
        if report.carries_key:
            kinds.discard(KeptKind.DOCUMENT)  # the patient's own code is on its page: whoever is shown the study must not find it
        wanted |= {identity_of(kept, kind, header): _BUILDERS[kind](kept, header) for kind in kinds}
    return wanted


def _study_context(context: JobContext, orthanc_study_id: str) -> StudyContext | None:
    """From an instance of the study: an image, where there is one."""
    series = context.orthanc.series_of_study(orthanc_study_id)
    series.sort(key=lambda one: (one.get("MainDicomTags", {}).get("Modality", "") in MODALITIES_OF_DOCUMENTS, one["ID"]))
    instances = sorted(instance for one in series[:1] for instance in one["Instances"])
    tags = context.orthanc.tags_of_instance(instances[0]) if instances else None
    return StudyContext.of_instance(tags) if tags else None


def _kept_report(context: JobContext, report: ReportRecord, hospital_name: str) -> KeptReport:
    fields, given = ReportFields.from_json(report.fields), ReportFields.from_json(report.given_fields or {})
    stated = (given.findings, given.impression, given.reviewing_doctor) == (fields.findings, fields.impression, fields.reviewing_doctor)
    received = report.received_at.astimezone(context.settings.time_zone).replace(tzinfo=None)
    return KeptReport(
        report_id=report.report_id,
        hospital_name=hospital_name,
        fields=fields,
        document=context.documents.get(report.shown_sha256 or report.document_sha256),
        completed_at=_moment(fields.report_time) or received,
        is_attested=stated,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def _store(context: JobContext, identity: KeptIdentity, dicom: bytes) -> None:
    with context.database.transaction() as cursor:
        add_kept_instance(cursor, identity)
    stored = context.orthanc.store_instance(dicom)
    with context.database.transaction() as cursor:
        study = study_with_uid(cursor, identity.study_instance_uid)
        if study is not None and stored["ParentStudy"] == study.orthanc_study_id:
            set_kept_instance_stored(cursor, identity.sop_instance_uid, context.clock())
            return
    # Its header was not taken as the images' was: better none than one beside its study.
    context.orthanc.delete_instance(stored["ID"])
    raise Unavailable("The report was stored beside its study and was removed again.")


def _remove_others(context: JobContext, report_id: UUID, wanted: set[KeptIdentity]) -> None:
    uids = {identity.sop_instance_uid for identity in wanted}
    with context.database.transaction() as cursor:
        others = [one for one in kept_instances_of_report(cursor, report_id) if one.sop_instance_uid not in uids]
    for one in others:
        orthanc_instance_id = context.orthanc.find_instance(one.study_instance_uid, one.sop_instance_uid)
        if orthanc_instance_id is not None:
            context.orthanc.delete_instance(orthanc_instance_id)
        with context.database.transaction() as cursor:
            forget_kept_instance(cursor, one.sop_instance_uid)
            study = study_with_uid(cursor, one.study_instance_uid)
            if study is not None and study.orthanc_study_id is not None:
                defer_job(cursor, RECORD_STUDY, lock=study.orthanc_study_id, arguments={"orthanc_study_id": study.orthanc_study_id})
