# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page: the hospital's newest studies, a search among them, and the way into the viewer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from cloudfilm.access.policy import Action
from cloudfilm.db.printed_films import unidentified_among
from cloudfilm.db.studies import StudyRecord
from cloudfilm.db.study_list import find_studies
from cloudfilm.dicom.person_name import display_name
from portal.pages.viewer import to_viewer
from portal.services import services
from portal.staff.launch import launch_grant
from portal.staff.member import could, member, member_who_may
from portal.staff.page import staff_page

studies = Blueprint("staff_studies", __name__, url_prefix="/staff")


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study in the list."""

    study: StudyRecord
    patient_name: str
    modalities: str
    is_unidentified_film: bool = False


@studies.get("/")
def show_studies() -> Response:
    """The newest fifty, or those that fit ``?text=``; for those who see no patients a page of what they do."""
    holder = member()
    if holder.hospital_id is None or not could(holder, Action.QUERY):
        return staff_page("staff/welcome.html", holder)
    member_who_may(Action.QUERY)
    text = request.args.get("text", "").strip()[:100]
    with services().database.transaction() as cursor:
        found = find_studies(cursor, holder.hospital_id, text)
        films = unidentified_among(cursor, [study.study_instance_uid for study in found])
    lines = [
        StudyLine(study, display_name(study.patient_name), "/".join(study.image_modalities), study.study_instance_uid in films)
        for study in found
    ]
    may_open = bool(found) and could(holder, Action.VIEW_IMAGES, found[0].study_instance_uid)
    return staff_page("staff/studies.html", holder, lines=lines, text=text, may_open=may_open)


@studies.post("/studies/<study_instance_uid>/open")
def open_study(study_instance_uid: str) -> Response:
    """303 to OHIF with a grant for this launch, of no more rights than the role has."""
    holder = member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    return to_viewer(launch_grant(holder, [study_instance_uid]), [study_instance_uid])
