# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cleaned view: what whoever may not read the names in the images gets instead, and which searches they may make."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cloudfilm.access.holder import GrantHolder, Holder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.db.reports import fields_of_reports_of_study
from cloudfilm.db.studies import study_with_uid
from cloudfilm.dicom.cleaning import cleaned, without_documents
from cloudfilm.reports.fields import ReportFields
from portal.services import services

_NAMES = ("patient_name", "reporting_doctor", "reviewing_doctor")
_NUMBERS = ("hospital_name", "patient_id", "department", "outpatient_number", "inpatient_number", "bed_number", "accession_number")


def sees_cleaned_view(holder: Holder, study_instance_uids: Collection[str]) -> bool:
    """Whether these studies are shown cleaned: to a grant that may not read the attributes of each as they are stored."""
    if not isinstance(holder, GrantHolder):
        return False
    now = services().clock()
    requests = (AccessRequest(Action.READ_METADATA, holder.hospital_id, study_instance_uid) for study_instance_uid in study_instance_uids)
    return not all(isinstance(decide(request, holder, now), Allow) for request in requests)


def hides_names(holder: Holder) -> bool:
    """Whether names and numbers are hidden from whoever sees the cleaned view: from all but a grant that shows them and lacks the report only."""
    return not (isinstance(holder, GrantHolder) and holder.grant.shows_names)


def as_shown_to(holder: Holder, study_instance_uids: Collection[str], datasets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Datasets of these studies in the cleaned view of this holder: without documents and, where they are hidden, without names."""
    if not hides_names(holder):
        return without_documents(datasets)
    names, numbers = _known(study_instance_uids)
    return cleaned(datasets, names, numbers)


def _known(study_instance_uids: Collection[str]) -> tuple[list[str], list[str]]:
    """What our records and the reports call the patient of these studies, and who else they name."""
    names: list[str] = []
    numbers: list[str] = []
    with services().database.transaction() as cursor:
        for study_instance_uid in study_instance_uids:
            study = study_with_uid(cursor, study_instance_uid)
            if study is not None:
                names.extend((study.patient_name, study.images_patient_name or ""))
                numbers.extend((study.patient_id, study.accession_number))
            for fields in map(ReportFields.from_json, fields_of_reports_of_study(cursor, study_instance_uid)):
                names.extend(getattr(fields, name) or "" for name in _NAMES)
                numbers.extend(getattr(fields, name) or "" for name in _NUMBERS)
    return names, numbers


def needed_for_cleaning(level: str) -> list[str]:
    """By what a document is known that a search for instances does not return by itself: DICOM keywords."""
    return ["Modality", "SeriesDescription", "SOPClassUID"] if level == "instances" else []
