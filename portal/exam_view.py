# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the patient's page shows of a report and its study: plain values, ready for a template."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cloudfilm.db.hospitals import Hospital
from cloudfilm.db.reports import ReportRecord
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.fields import ReportFields


@dataclass(frozen=True, slots=True)
class ExamView:
    """``images`` is ``waiting`` (none yet), ``arriving`` or ``complete``; ``being_read`` says that a worker has not read the report yet."""

    report_id: UUID
    hospital_name: str
    being_read: bool
    unreadable: bool
    fields: ReportFields
    patient_name: str
    modality: str
    images: str
    image_count: int
    series_count: int


def exam_view(hospital: Hospital, report: ReportRecord, study: StudyRecord | None) -> ExamView:
    """Put together what is known; the report's own words win over the images' headers."""
    fields = ReportFields.from_json(report.fields)
    has_images = study is not None and study.instance_count > 0
    modalities = [modality for modality in (study.modalities if study else []) if modality not in ("SR", "PR", "KO", "DOC", "SEG")]
    return ExamView(
        report_id=report.report_id,
        hospital_name=fields.hospital_name or hospital.name,
        being_read=report.status == "received",
        unreadable=report.status in ("review", "refused") and fields.is_empty,
        fields=fields,
        patient_name=fields.patient_name or (display_name(study.patient_name) if study else ""),
        modality=fields.modality or "/".join(modalities),
        images="waiting" if not has_images else "complete" if study is not None and study.complete_at else "arriving",
        image_count=study.instance_count if study else 0,
        series_count=study.series_count if study else 0,
    )
