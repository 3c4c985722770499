# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page: the hospital's newest studies, a search among them, and the way into the viewer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.policy import Action
from cloudfilm.db.printed_films import unidentified_among
from cloudfilm.db.staff_filters import StaffFilter, filters_of, removed_filter
from cloudfilm.db.studies import StudyRecord
from cloudfilm.db.study_list import STATES, search_studies
from cloudfilm.dicom.person_name import display_name
from portal.pages.viewer import to_viewer
from portal.services import services
from portal.staff.launch import launch_grant
from portal.staff.member import could, member, member_who_may
from portal.staff.page import silent_gateways_of, staff_page
from portal.staff.study_search import FIELDS, MODALITIES, place_of, search_from

studies = Blueprint("staff_studies", __name__, url_prefix="/staff")


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study in the list."""

    study: StudyRecord
    patient_name: str
    modalities: str
    is_unidentified_film: bool = False


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A search that the account keeps, and whether it is the one that is shown."""

    filter: StaffFilter
    place: str
    is_shown: bool


@studies.get("/")
def show_studies() -> Response:
    """The newest fifty that fit the search (`portal.staff.study_search`); for those who see no patients a page of what they do."""
    holder = member()
    if holder.hospital_id is None or not could(holder, Action.QUERY):
        return staff_page("staff/welcome.html", holder, silent=silent_gateways_of(holder))
    member_who_may(Action.QUERY)
    asked = {field: request.args.get(field, "").strip().replace("\0", "")[:100] for field in FIELDS}
    search = search_from(asked)
    with services().database.transaction() as cursor:
        found = search_studies(cursor, holder.hospital_id, search)
        films = unidentified_among(cursor, [study.study_instance_uid for study in found])
        kept = filters_of(cursor, holder.account_id)
        removed = removed_filter(cursor, holder.account_id, identifier) if (identifier := _removed()) else None
    lines = [
        StudyLine(study, display_name(study.patient_name), "/".join(study.image_modalities), study.study_instance_uid in films)
        for study in found
    ]
    may_open = bool(found) and could(holder, Action.VIEW_IMAGES, found[0].study_instance_uid)
    return staff_page(
        "staff/studies.html", holder, lines=lines, asked=asked, is_limited=not search.is_empty, may_open=may_open, modalities=MODALITIES,
        states=list(STATES), kept=[KeptSearch(one, place_of(one.search), one.search == {k: v for k, v in asked.items() if v}) for one in kept],
        removed=removed, silent=silent_gateways_of(holder),
    )  # fmt: skip


@studies.post("/studies/<study_instance_uid>/open")
def open_study(study_instance_uid: str) -> Response:
    """303 to OHIF with a grant for this launch, of no more rights than the role has."""
    holder = member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    return to_viewer(launch_grant(holder, [study_instance_uid]), [study_instance_uid])


def _removed() -> UUID | None:
    try:
        return UUID(request.args.get("removed", ""))
    except ValueError:
        return None
