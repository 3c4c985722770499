# SPDX-License-Identifier: AGPL-3.0-or-later
"""What CloudFilm's own record keeps of a study, read from the JSON that Orthanc's REST API gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import Any

from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.dicom.values import parse_dicom_date, parse_dicom_time


@dataclass(frozen=True, slots=True)
class StudySummary:
    """Patient and study attributes (DICOM keywords in snake_case) and counts: of everything, and of what is no document."""

    study_instance_uid: str
    orthanc_study_id: str
    patient_id: str
    patient_name: str
    patient_sex: str
    patient_birth_date: date | None
    accession_number: str
    study_date: date | None
    study_time: time | None
    study_description: str
    study_id: str
    referring_physician_name: str
    body_part: str
    modalities: list[str]
    series_count: int
    instance_count: int
    image_series_count: int
    image_count: int

    def columns(self) -> dict[str, Any]:
        """The values by column name."""
        return asdict(self)


def summarise_study(study: Mapping[str, Any], series: Sequence[Mapping[str, Any]]) -> StudySummary:
    """Summarise Orthanc's ``/studies/{id}`` and ``/studies/{id}/series``.

    Modalities are in order of first appearance; the body part is the first that a series names.
    """
    patient: Mapping[str, str] = study.get("PatientMainDicomTags", {})
    tags: Mapping[str, str] = study.get("MainDicomTags", {})
    series_tags = [one.get("MainDicomTags", {}) for one in series]
    images = [one for one in series if _clean(one.get("MainDicomTags", {}).get("Modality")).upper() not in MODALITIES_OF_DOCUMENTS]
    return StudySummary(
        study_instance_uid=tags["StudyInstanceUID"],
        orthanc_study_id=study["ID"],
        patient_id=_clean(patient.get("PatientID")),
        patient_name=_clean(patient.get("PatientName")),
        patient_sex=_clean(patient.get("PatientSex")),
        patient_birth_date=parse_dicom_date(patient.get("PatientBirthDate")),
        accession_number=_clean(tags.get("AccessionNumber")),
        study_date=parse_dicom_date(tags.get("StudyDate")),
        study_time=parse_dicom_time(tags.get("StudyTime")),
        study_description=_clean(tags.get("StudyDescription")),
        study_id=_clean(tags.get("StudyID")),
        referring_physician_name=_clean(tags.get("ReferringPhysicianName")),
        body_part=next((part for one in series_tags if (part := _clean(one.get("BodyPartExamined")))), ""),
        modalities=list(dict.fromkeys(modality for one in series_tags if (modality := _clean(one.get("Modality"))))),
        series_count=len(series),
        instance_count=sum(len(one.get("Instances", ())) for one in series),
        image_series_count=len(images),
        image_count=sum(len(one.get("Instances", ())) for one in images),
    )


def _clean(value: str | None) -> str:
    """Without padding and without NUL, which PostgreSQL's text cannot hold."""
    return (value or "").replace("\0", "").strip()
