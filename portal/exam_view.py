# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the patient's page shows of a report and its study: plain values, ready for a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.db.hospitals import Hospital
from cloudfilm.db.reports import ReportRecord
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.hiding import without_names


@dataclass(frozen=True, slots=True)
class Permissions:
    """What this visit may do with the exam."""

    text: bool = True
    pages: bool = True
    download: bool = True
    images: bool = True
    originals: bool = True
    share: bool = True
    log: bool = True
    names: bool = True


@dataclass(frozen=True, slots=True)
class ExamView:
    """``images`` is ``waiting`` (none yet), ``arriving`` or ``complete``; ``being_read`` says that a worker has not read the report yet."""

    report_id: UUID
    study_instance_uid: str | None
    hospital_name: str
    being_read: bool
    unreadable: bool
    fields: ReportFields
    patient_name: str
    modality: str
    images: str
    image_count: int
    series_count: int
    may: Permissions = Permissions()


def permissions(holder: GrantHolder, report: ReportRecord, now: datetime) -> Permissions:
    """Ask `decide` for everything that the page could offer."""

    def may(action: Action) -> bool:
        asked = AccessRequest(action, holder.hospital_id, report.study_instance_uid, report.report_id)
        return isinstance(decide(asked, holder, now), Allow)

    has_images = report.study_instance_uid is not None
    return Permissions(
        text=may(Action.READ_REPORT),
        pages=may(Action.SEE_REPORT_PAGES),
        download=may(Action.DOWNLOAD_REPORT),
        images=may(Action.VIEW_IMAGES) or not has_images,
        originals=has_images and may(Action.RETRIEVE_ORIGINALS),
        share=may(Action.SHARE),
        log=may(Action.READ_OWN_LOG),
        names=holder.grant.shows_names,
    )


def exam_view(hospital: Hospital, report: ReportRecord, study: StudyRecord | None, may: Permissions) -> ExamView:
    """Put together what is known and may be shown; the report's own words win over the images' headers."""
    fields = ReportFields.from_json(report.fields)
    if not may.names:
        fields = without_names(fields, _names_in(study))
    elif not may.text:
        fields = ReportFields(
            patient_name=fields.patient_name, modality=fields.modality, exam_time=fields.exam_time, body_part=fields.body_part
        )
    has_images = study is not None and study.instance_count > 0
    modalities = [modality for modality in (study.modalities if study else []) if modality not in ("SR", "PR", "KO", "DOC", "SEG")]
    return ExamView(
        report_id=report.report_id,
        study_instance_uid=report.study_instance_uid,
        hospital_name="" if not may.names else fields.hospital_name or hospital.name,
        being_read=report.status == "received",
        unreadable=report.status in ("review", "refused") and fields.is_empty,
        fields=fields if may.text else ReportFields(patient_name=fields.patient_name, modality=fields.modality, exam_time=fields.exam_time),
        patient_name=(fields.patient_name or (display_name(study.patient_name) if study else "")) if may.names else "",
        modality=fields.modality or "/".join(modalities),
        images="waiting" if not has_images else "complete" if study is not None and study.complete_at else "arriving",
        image_count=study.instance_count if study else 0,
        series_count=study.series_count if study else 0,
        may=may,
    )


def _names_in(study: StudyRecord | None) -> list[str]:
    if study is None:
        return []
    groups = [
        part for group in study.patient_name.split("=") for part in (group.replace("^", ""), group.replace("^", " "), *group.split("^"))
    ]
    return [*groups, display_name(study.patient_name), study.patient_id, study.accession_number]
