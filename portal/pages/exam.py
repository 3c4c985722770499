# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's page: the disclaimer first, then who, what, when, findings, impression, the original report and the images."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from cloudfilm.db.grants import Grant, grant_with_id
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.reports import ReportPage, pages_of_report, report_with_id
from cloudfilm.db.studies import study_with_uid
from cloudfilm.errors import NotFound, Unauthenticated
from portal.exam_view import ExamView, exam_view
from portal.services import services
from portal.session import set_session, visitor

exam = Blueprint("exam", __name__)


def exam_page(grant: Grant, consented: bool) -> Response:
    """The page for an open grant; without consent only the disclaimer, which shows nobody's data."""
    view, pages = _load(grant)
    if consented:
        content = render_template("exam.html", exam=view, pages=pages, state=_state(view, pages))
    else:
        content = render_template("consent.html", hospital_name=view.hospital_name)
    return _uncached(Response(content))


@exam.get("/exam")
def show_exam() -> Response:
    """The page of the visit that is going on."""
    grant, consented = _visited()
    return exam_page(grant, consented)


@exam.post("/consent")
def take_consent() -> Response:
    """The disclaimer was accepted."""
    grant, _ = _visited()
    response = _uncached(Response(status=303, headers={"Location": "/exam"}))
    if request.form.get("accepted") == "yes":
        set_session(response, grant.grant_id, consented=True)
    return response


@exam.get("/report")
def show_original_pages() -> Response:
    """The original report, page by page, as images."""
    grant, consented = _visited()
    if not consented:
        return _uncached(Response(redirect("/exam", 303).get_data(), status=303, headers={"Location": "/exam"}))
    view, pages = _load(grant)
    return _uncached(Response(render_template("report.html", exam=view, pages=pages)))


@exam.get("/api/v1/exam/state")
def show_state() -> Response:
    """A fingerprint of what the patient's page shows: the page asks for it and reloads itself when it has changed."""
    grant, consented = _visited()
    if not consented:
        raise NotFound
    view, pages = _load(grant)
    return _uncached(jsonify(state=_state(view, pages)))


def _visited() -> tuple[Grant, bool]:
    holder = visitor()
    if holder is None:
        raise Unauthenticated("The visit has ended. Scan the QR code or type the access code again.")
    with services().database.transaction() as cursor:
        grant = grant_with_id(cursor, holder.grant_id)
    if grant is None or not grant.is_open(services().clock()):
        raise Unauthenticated("The visit has ended. Scan the QR code or type the access code again.")
    return grant, holder.consented


def _load(grant: Grant) -> tuple[ExamView, list[ReportPage]]:
    with services().database.transaction() as cursor:
        report = report_with_id(cursor, grant.report_id)
        hospital = hospital_named(cursor, grant.hospital_id)
        study = study_with_uid(cursor, grant.study_instance_uid) if grant.study_instance_uid else None
        pages = pages_of_report(cursor, grant.report_id)
    if report is None or hospital is None:
        raise NotFound
    return exam_view(hospital, report, study), pages


def _state(view: ExamView, pages: list[ReportPage]) -> str:
    return hashlib.sha256(repr((view, pages)).encode()).hexdigest()[:16]


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
