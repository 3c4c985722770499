# SPDX-License-Identifier: AGPL-3.0-or-later
"""One study: whose it is, its series, its reports in all versions, what opens it, what was set aside; and who has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response

from cloudfilm.access.audit import ActorKind, AuditEvent
from cloudfilm.access.grant import GrantKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.audit_events import RecordedEvent
from cloudfilm.db.deliveries import reports_with_stamped
from cloudfilm.db.print_destinations import default_destination, destinations_of
from cloudfilm.db.printed_films import unidentified_among
from cloudfilm.db.reports import ReportRecord
from cloudfilm.db.studies import StudyRecord, study_with_uid
from cloudfilm.db.study_page import (
    StudyGrant,
    events_of_study,
    grants_of_study,
    names_of_accounts,
    reports_of_study_page,
    set_aside_of_study,
)
from cloudfilm.dicom.person_name import display_name
from cloudfilm.errors import NotFound
from cloudfilm.orthanc_api.study_pictures import SeriesVersion
from cloudfilm.reports.fields import ReportFields
from portal.exam_pictures import ShownSeries, rendered_address
from portal.publication import ask_for_publication
from portal.services import services
from portal.session import set_session
from portal.staff.grants import REASONS, state_of
from portal.staff.launch import launch_grant
from portal.staff.member import could, member, member_who_may
from portal.staff.page import staff_page, to_page

study = Blueprint("staff_study", __name__, url_prefix="/staff/studies/<study_instance_uid>")
_SIDE = 224
ISSUABLE = ("matched", "issued")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One version of a report. ``is_current`` is the one that a paper opens."""

    report: ReportRecord
    fields: ReportFields
    is_current: bool


@dataclass(frozen=True, slots=True)
class GrantOfStudy:
    """A grant with its state: ``open``, ``revoked`` or ``expired``."""

    grant: StudyGrant
    state: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event in words. ``who`` is a person's or a link's name, empty where there is none."""

    event: AuditEvent
    who: str


@study.get("")
def show_study(study_instance_uid: str) -> Response:
    """The page; 404 for another hospital's study."""
    holder = member_who_may(Action.QUERY, study_instance_uid)
    hospital_id = holder.hospital_id or ""
    with services().database.transaction() as cursor:
        record = study_with_uid(cursor, study_instance_uid)
        if record is None:
            raise NotFound
        reports = reports_of_study_page(cursor, hospital_id, study_instance_uid)
        grants = grants_of_study(cursor, hospital_id, study_instance_uid) if could(holder, Action.MANAGE_GRANTS) else []
        aside = set_aside_of_study(cursor, hospital_id, study_instance_uid)
        printers, first_printer = destinations_of(cursor, hospital_id), default_destination(cursor, hospital_id)
        stamped = reports_with_stamped(cursor, [one.report_id for one in reports], services().clock())
        film_to_identify = unidentified_among(cursor, [study_instance_uid]).get(study_instance_uid)
    shown = report_lines(reports)
    return staff_page(
        "staff/study.html",
        holder,
        study=record,
        patient_name=display_name(record.patient_name),
        series=series_lines(record),
        reports=shown,
        grants=grant_lines(grants, services().clock()),
        set_aside=aside,
        film_to_identify=film_to_identify,
        reasons=REASONS,
        may=_may(holder, study_instance_uid),
        phone=any(one.is_current for one in shown),
        destinations=printers,
        first_destination=first_printer,
        stamped=stamped,
    )


@study.get("/series/<series_instance_uid>/thumbnail")
def show_series(study_instance_uid: str, series_instance_uid: str) -> Response:
    """303 to the picture that stands for a series; 404 where it has none."""
    member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    with services().database.transaction() as cursor:
        record = study_with_uid(cursor, study_instance_uid)
    versions = services().pictures.series_of(record.orthanc_study_id) if record and record.orthanc_study_id else []
    for version in versions:
        if version.series_instance_uid == series_instance_uid:
            columns = services().pictures.pictures_of(study_instance_uid, version).without_documents
            if columns["count"]:
                shown = ShownSeries(1, series_instance_uid, version.modality, "", "", columns)
                address = rendered_address(study_instance_uid, shown, shown.opening - 1, _SIDE)
                return Response(status=303, headers={"Location": address, "Cache-Control": "private, max-age=300"})
    raise NotFound


@study.get("/log")
def show_log(study_instance_uid: str) -> Response:
    """Who did what with this study; that this was looked at stands in it too."""
    holder = member_who_may(Action.READ_STUDY_LOG, study_instance_uid)
    hospital_id = holder.hospital_id or ""
    with services().database.transaction() as cursor:
        record = study_with_uid(cursor, study_instance_uid)
        if record is None:
            raise NotFound
        grants = grants_of_study(cursor, hospital_id, study_instance_uid)
        events = events_of_study(cursor, hospital_id, study_instance_uid, [one.grant_id for one in grants])
        ids = sorted({one.event.actor_id for one in events if one.event.actor_kind is ActorKind.STAFF})
        names = names_of_accounts(cursor, hospital_id, ids)
    return staff_page(
        "staff/study_log.html", holder, study=record, patient_name=display_name(record.patient_name), lines=log_lines(events, grants, names)
    )


@study.post("/phone")
def open_on_phone(study_instance_uid: str) -> Response:
    """303 to the patient's page in this browser, with a grant of one's own: what the patient sees, and the viewer for phones."""
    holder = member_who_may(Action.VIEW_IMAGES, study_instance_uid)
    with services().database.transaction() as cursor:
        reports = report_lines(reports_of_study_page(cursor, holder.hospital_id or "", study_instance_uid))
    current = next((one for one in reports if one.is_current), None)
    if current is None:
        raise NotFound
    grant_id = launch_grant(holder, [study_instance_uid], current.report.report_id)
    ask_for_publication([study_instance_uid])
    response = to_page("/exam")
    set_session(response, grant_id, consented=True)
    return response


@study.get("/<any(open, phone):_what>")
def show_start(study_instance_uid: str, _what: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    member()
    return to_page(f"/staff/studies/{study_instance_uid}")


def series_lines(record: StudyRecord) -> list[SeriesVersion]:
    """The series by their numbers, as Orthanc's index knows them."""
    return services().pictures.series_of(record.orthanc_study_id) if record.orthanc_study_id else []


def report_lines(reports: Sequence[ReportRecord]) -> list[ReportLine]:
    """Each version, the current ones marked."""
    return [ReportLine(one, ReportFields.from_json(one.fields), one.superseded_by is None and one.status in ISSUABLE) for one in reports]


def grant_lines(grants: Sequence[StudyGrant], now: datetime) -> list[GrantOfStudy]:
    """Papers first, each with the links that were made from it; viewers of staff last."""
    order = {GrantKind.PATIENT: 0, GrantKind.SHARE: 0, GrantKind.STAFF: 1}
    papers = {one.grant_id: place for place, one in enumerate(grants)}
    placed = sorted(
        grants,
        key=lambda one: (order[one.kind], papers.get(one.parent_grant_id or one.grant_id, len(papers)), one.parent_grant_id is not None),
    )
    return [GrantOfStudy(one, state_of(one.revoked_at, one.expires_at, now)) for one in placed]


def log_lines(events: Sequence[RecordedEvent], grants: Sequence[StudyGrant], names: dict[str, str]) -> list[LogLine]:
    """Events with the names of whoever they are of."""
    links = {one.grant_id: one.nickname for one in grants if one.kind is GrantKind.SHARE}

    def who(event: AuditEvent) -> str:
        if event.actor_kind is ActorKind.STAFF:
            return names.get(event.actor_id, "")
        if event.actor_kind is ActorKind.SHARE and event.grant_id is not None:
            return links.get(event.grant_id, "")
        return event.actor_id if event.actor_kind in (ActorKind.MODALITY, ActorKind.STATION) else ""

    return [LogLine(one.event, who(one.event)) for one in events]


def _may(holder: StaffHolder, study_instance_uid: str) -> set[str]:
    asked = {
        "images": Action.VIEW_IMAGES,
        "grants": Action.MANAGE_GRANTS,
        "paper": Action.ISSUE_PAPER,
        "log": Action.READ_STUDY_LOG,
        "review": Action.REVIEW_REPORTS,
        "originals": Action.RETRIEVE_ORIGINALS,
    }
    return {name for name, action in asked.items() if could(holder, action, study_instance_uid)}
