# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's history: every exam under the patient's number, two of them side by side in the viewer.

The address names one of the patient's studies, not the patient: numbers of patients do not belong into the log of a web server.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request

from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.patient_history import count_reports_of, studies_of_patient
from cloudfilm.db.studies import StudyRecord, study_with_uid
from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import NotFound
from portal.pages.viewer import to_viewer
from portal.services import services
from portal.staff.launch import launch_grant
from portal.staff.member import could, member, member_who_may
from portal.staff.page import staff_page, to_page

patients = Blueprint("staff_patients", __name__, url_prefix="/staff/patients/<study_instance_uid>")
# Two exams beside each other (ohif_config/reading.js): images only, the middle ones.
_PROTOCOL = "cloudfilm-compare"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An exam in the list. ``differs``: its name or date of birth is another than that of the exam that one came from."""

    study: StudyRecord
    patient_name: str
    reports: int
    differs: bool
    is_picked: bool


@patients.get("")
def show_history(study_instance_uid: str) -> Response:
    """Every exam of the patient of this study, the newest first."""
    return _page(member_who_may(Action.QUERY, study_instance_uid), study_instance_uid)


@patients.post("/compare")
def compare(study_instance_uid: str) -> Response:
    """303 to the viewer with two exams of the patient, the newer one first, and a grant for exactly these."""
    holder = member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    asked = {uid for uid in request.form.getlist("study") if is_uid(uid)}
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
        exams = studies_of_patient(cursor, study) if study else []
    chosen = [one.study_instance_uid for one in exams if one.study_instance_uid in asked]
    if len(chosen) != len(asked):
        raise NotFound
    if len(chosen) != 2:
        return _page(holder, study_instance_uid, trouble="two", status=HTTPStatus.BAD_REQUEST)
    for uid in chosen:
        member_who_may(Action.VIEW_IMAGES, uid)
    return to_viewer(launch_grant(holder, chosen), chosen, hanging_protocol=_PROTOCOL)


@patients.get("/compare")
def show_start(study_instance_uid: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    member()
    return to_page(f"/staff/patients/{study_instance_uid}")


def _page(holder: StaffHolder, study_instance_uid: str, trouble: str = "", status: int = HTTPStatus.OK) -> Response:
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
        if study is None:
            raise NotFound
        exams = studies_of_patient(cursor, study)
        reports = count_reports_of(cursor, [one.study_instance_uid for one in exams])
    lines = [
        HistoryLine(
            one,
            display_name(one.patient_name),
            reports.get(one.study_instance_uid, 0),
            differs=_person(one) != _person(study),
            is_picked=one.study_instance_uid == study_instance_uid,
        )
        for one in exams
    ]
    return staff_page(
        "staff/patient.html",
        holder,
        status,
        study=study,
        patient_name=display_name(study.patient_name),
        lines=lines,
        may_open=could(holder, Action.VIEW_IMAGES, study_instance_uid),
        trouble=trouble,
    )


def _person(study: StudyRecord) -> tuple[str, object]:
    return display_name(study.patient_name), study.patient_birth_date
