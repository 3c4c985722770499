# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new paper key for a report: the QR code and the access code on a slip that the browser prints, shown this once."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.policy import Action
from cloudfilm.db.grants import add_grant, revoke_grant
from cloudfilm.db.hospital_settings import settings_of
from cloudfilm.db.reports import note_issued, report_with_id
from cloudfilm.db.studies import study_with_uid
from cloudfilm.db.study_page import grants_of_study, reports_of_study_page
from cloudfilm.dicom.person_name import display_name
from cloudfilm.errors import NotFound
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.new_keys import hashes_of, new_keys
from cloudfilm.reports.qr_code import qr_png
from cloudfilm.reports.slip import Slip
from portal.services import services
from portal.session import asker, new_id
from portal.staff.destinations import chosen_destination, order_print
from portal.staff.member import member_who_may
from portal.staff.page import moment, staff_page, to_page
from portal.staff.study import ISSUABLE

papers = Blueprint("staff_papers", __name__, url_prefix="/staff/studies/<study_instance_uid>/reports/<uuid:report_id>")


@papers.post("/paper")
def take_paper(study_instance_uid: str, report_id: UUID) -> Response:
    """Make a new grant for the report's patient. With ``revoke=yes`` the papers given out before, and the links made from them, end."""
    holder = member_who_may(Action.ISSUE_PAPER, study_instance_uid)
    hospital_id, now, trail = holder.hospital_id or "", services().clock(), services().audit_trail
    keys = new_keys(services().entropy)
    hashes = hashes_of(keys, services().key_ring)
    ended = []
    with services().database.transaction() as cursor:
        report, study = report_with_id(cursor, report_id, for_update=True), study_with_uid(cursor, study_instance_uid)
        of_study = {one.report_id: one for one in reports_of_study_page(cursor, hospital_id, study_instance_uid)}
        if report is None or study is None or report_id not in of_study or report.superseded_by or report.status not in ISSUABLE:
            raise NotFound
        destination = chosen_destination(cursor, hospital_id)
        versions = {one.report_id for one in of_study.values() if one.version_group == report.version_group}
        events = []
        if request.form.get("revoke") == "yes":
            for one in grants_of_study(cursor, hospital_id, study_instance_uid):
                if one.kind is GrantKind.PATIENT and one.report_id in versions and one.revoked_at is None:
                    revoke_grant(cursor, one.grant_id, now, by=holder.login)
                    event = trail.event(AuditKind.GRANT_REVOKED, holder, asker(), detail="a new paper was printed")
                    events.append(replace(event, grant_id=one.grant_id, study_instance_uid=study_instance_uid))
                    ended.append(one.grant_id)
        wanted = settings_of(cursor, hospital_id)
        ends = now + timedelta(days=wanted.paper_days) if wanted.paper_days else None
        grant = Grant(
            new_id(), hospital_id, GrantKind.PATIENT, ALL_RIGHTS, now, report_id=report_id, expires_at=ends,
            patient_wide=wanted.grants_reach_all_exams,
        )  # fmt: skip
        add_grant(cursor, grant, *hashes)
        note_issued(cursor, report_id, now)
        made = trail.event(AuditKind.GRANT_MADE, holder, asker(), detail="a new paper")
        events.append(replace(made, grant_id=grant.grant_id, study_instance_uid=study_instance_uid, report_id=report_id))
        for event in events:
            trail.record_in(cursor, event)
        fields = ReportFields.from_json(report.fields)
        patient_name = fields.patient_name or display_name(study.patient_name)
        if destination is not None:
            told = (fields.report_kind or study.study_description, study.study_date, study.accession_number)
            exam = " · ".join(str(part) for part in told if part)
            url = services().settings.public_url
            slip = Slip(wanted.name, patient_name, exam, keys.qr_url(url), keys.access_code, url, moment(now))
            order_print(cursor, holder, destination, report_id, slip)
    for grant_id in ended:
        services().doorkeeper.forget_grant(grant_id)
    public_url = services().settings.public_url
    picture = base64.b64encode(qr_png(keys.qr_url(public_url))).decode("ascii")
    return staff_page(
        "staff/paper.html",
        holder,
        study=study,
        patient_name=patient_name,
        destination=destination,
        fields=fields,
        access_code=keys.access_code,
        public_url=public_url,
        qr_code=f"data:image/png;base64,{picture}",
        ended=len(ended),
        printed_at=now,
    )


@papers.get("/paper")
def show_start(study_instance_uid: str, report_id: UUID) -> Response:
    """Nobody comes here but by reloading the slip: it is shown once."""
    del report_id
    return to_page(f"/staff/studies/{study_instance_uid}")
