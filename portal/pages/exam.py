# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patient's page: the disclaimer first, then who, what, when, findings, impression, the original report and the images."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, jsonify, render_template, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.reports import ReportPage
from cloudfilm.errors import NotFound, Unauthenticated
from portal.exam_record import is_outdated, load_exam, share_notice
from portal.exam_view import ExamView
from portal.hospital_says import hospital_says
from portal.services import services
from portal.session import asker, end_session, set_session, visitor

exam = Blueprint("exam", __name__)


@exam.get("/exam")
def show_exam() -> Response:
    """The page of the visit that is going on; without consent only the disclaimer, which shows nobody's data."""
    holder = visited()
    found = load_exam(holder.grant)
    if not holder.consented:
        # Whose exam it is, is not said yet; of a share, who passed it on and until when.
        hospital_name = found.hospital.name if holder.grant.shows_names else ""
        said = hospital_says(holder.grant)
        page = render_template("consent.html", hospital_name=hospital_name, share=share_notice(holder.grant), said=said)
        return _uncached(Response(page))
    view, pages = found.view(holder)
    if view.may.text:
        wanted = AccessRequest(Action.READ_REPORT, holder.hospital_id, view.study_instance_uid, view.report_id)
        services().doorkeeper.allows(wanted, asker())
    page = render_template(
        "exam.html", exam=view, pages=pages, state=_state(view, pages), said=hospital_says(holder.grant), strip=found.strip(holder, view)
    )
    return _uncached(Response(page))


@exam.get("/consent")
def show_consent() -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    return Response(status=303, headers={"Location": "/exam"})


@exam.post("/consent")
def take_consent() -> Response:
    """The disclaimer was accepted."""
    holder = visited()
    response = _uncached(Response(status=303, headers={"Location": "/exam"}))
    if request.form.get("accepted") == "yes":
        trail = services().audit_trail
        trail.record(trail.grant_event(AuditKind.CONSENT_GIVEN, holder.grant, asker()))
        set_session(response, holder.grant.grant_id, consented=True)
    return response


@exam.post("/leave")
def leave() -> Response:
    """Nothing of the visit stays in this browser."""
    response = _uncached(Response(status=303, headers={"Location": "/"}))
    end_session(response)
    return response


@exam.get("/report")
def show_original_pages() -> Response:
    """The original report, page by page, as images."""
    holder = visited()
    if not holder.consented:
        return _uncached(Response(status=303, headers={"Location": "/exam"}))
    view, pages = load_exam(holder.grant).view(holder)
    if not view.may.pages:
        raise NotFound
    return _uncached(Response(render_template("report.html", exam=view, pages=pages)))


@exam.get("/api/v1/exam/state")
def show_state() -> Response:
    """A fingerprint of what the patient's page shows: the page asks for it and reloads itself when it has changed."""
    holder = visited()
    if not holder.consented:
        raise NotFound
    view, pages = load_exam(holder.grant).view(holder)
    return _uncached(jsonify(state=_state(view, pages)))


def visited() -> GrantHolder:
    """The visit that is going on."""
    holder = visitor()
    if holder is not None and is_outdated(holder.grant):
        services().doorkeeper.forget_grant(holder.grant.grant_id)
        holder = visitor()
    if holder is None:
        raise Unauthenticated("The visit has ended. Scan the QR code or type the access code again.")
    return holder


def consented_visit() -> GrantHolder:
    """The visit that is going on, once the disclaimer was accepted."""
    holder = visited()
    if not holder.consented:
        raise NotFound
    return holder


def _state(view: ExamView, pages: list[ReportPage]) -> str:
    return hashlib.sha256(repr((view, pages)).encode()).hexdigest()[:16]


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
