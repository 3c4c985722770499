# SPDX-License-Identifier: AGPL-3.0-or-later
"""/api/v1/reports: hand in a report, and read it, its pages, its original and its stamped copy."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import Delivery, delivery_of_report, tell_keys
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.reports import ReportRecord, document_for_people, note_issued, pages_of_report, report_known_as, studies_of_report
from cloudfilm.db.studies import study_with_uid
from cloudfilm.errors import BadRequest, Gone, NotFound
from cloudfilm.reports.fields import REPORT_STATUSES, ReportFields
from cloudfilm.reports.grant_keys import GrantKeys
from cloudfilm.reports.qr_code import qr_png
from cloudfilm.storage.sealing import unseal
from portal.exam_view import shown_fields
from portal.services import services
from portal.session import asker, require

reports = Blueprint("reports", __name__, url_prefix="/api/v1/reports")
_LOOK_AGAIN_SECONDS = 0.1


@reports.post("")
def submit_report() -> tuple[Response, int]:
    """Multipart ``file`` (PDF). 201 when it is stored for good; 200 with the same answer when the same document comes again.

    Waits up to the setting ``ReportWaitSeconds`` for a worker to read it; a status of ``received`` means that it has not been read yet.
    """
    wanted = AccessRequest(Action.SUBMIT_REPORT)
    holder = services().doorkeeper.would_allow(wanted, asker()) or require(wanted)  # written down with the report, one by one
    if not isinstance(holder, ApiHolder):
        raise NotFound
    upload = request.files.get("file")
    if upload is None:
        raise BadRequest('The report is missing: send multipart/form-data with a part named "file" that holds the PDF.')
    given = _given(request.form.get("metadata"))
    received = services().intake.receive(
        holder.hospital_id, upload.read(), services().audit_trail.event(AuditKind.REPORT_SUBMITTED, holder, asker()), given=given
    )
    report, keys = _wait_until_read(received.report_id)
    base, public_url = f"/api/v1/reports/{report.report_id}", services().settings.public_url
    answer = _as_json(report) | {
        # Nothing where the paper carries a reserved code whose keys are no longer kept.
        "link": keys.link(public_url) if keys else None,
        "access_code": keys.access_code if keys else None,
        "stamped_pdf": f"{public_url}{base}/stamped.pdf",
        "qr_png": f"{public_url}{base}/qr.png",
    }
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = base
    return response, HTTPStatus.CREATED if received.is_new and report.report_id == received.report_id else HTTPStatus.OK


@reports.get("/<uuid:report_id>")
def show_report(report_id: UUID) -> Response:
    """Status, fields and number of pages."""
    report, holder = _report_and_holder(report_id, Action.READ_REPORT)
    with services().database.transaction() as cursor:
        pages = pages_of_report(cursor, report.report_id)
        if isinstance(holder, GrantHolder) and not holder.grant.shows_names:
            report = _without_names(cursor, report)
        studies = studies_of_report(cursor, report.report_id)
    response = jsonify(_as_json(report) | {"pages": len(pages), "study_instance_uids": studies})
    response.headers["Cache-Control"] = "no-store"
    return response


@reports.get("/<uuid:report_id>/pages/<int:page>")
def show_page(report_id: UUID, page: int) -> Response:
    """A page of the original as an image (WebP), counted from 1: at a phone's width, or by ``size=large`` for a larger screen."""
    if (size := request.args.get("size", "small")) not in ("small", "large"):
        raise BadRequest("size may be small or large.")
    report = _report(report_id, Action.SEE_REPORT_PAGES)
    with services().database.transaction() as cursor:
        found = next((one for one in pages_of_report(cursor, report.report_id) if one.page == page), None)
    if found is None:
        raise NotFound
    return _asked_each_time((found.large_sha256 if size == "large" else None) or found.image_sha256, "image/webp")


@reports.get("/<uuid:report_id>/original.pdf")
def show_original(report_id: UUID) -> Response:
    """The document: for programs exactly as it was signed, for people without what would run in their reader."""
    report, holder = _report_and_holder(report_id, Action.DOWNLOAD_REPORT)
    sha256 = report.document_sha256 if isinstance(holder, ApiHolder) else document_for_people(report)
    if sha256 is None:
        raise NotFound
    return _asked_each_time(sha256, "application/pdf")


@reports.get("/<uuid:report_id>/stamped.pdf")
def show_stamped(report_id: UUID) -> Response:
    """The copy with the QR code, for the hospital's printer, as long as it is kept (setting ``DeliveryHours``)."""
    delivery = _delivery(report_id)
    if delivery.sealed_stamped is None:
        raise NotFound("The stamped copy has not been made yet.")
    with services().database.transaction() as cursor:
        note_issued(cursor, delivery.report_id, services().clock())
    return _file(unseal(delivery.sealed_stamped, services().key_ring), "application/pdf", "no-store")


@reports.get("/<uuid:report_id>/qr.png")
def show_qr(report_id: UUID) -> Response:
    """The QR code alone, for a form that places it itself."""
    delivery = _delivery(report_id)
    if delivery.sealed_keys is None:
        raise Gone("The QR code is on paper already, and no longer kept.")
    with services().database.transaction() as cursor:
        tell_keys(cursor, delivery.report_id)
        note_issued(cursor, delivery.report_id, services().clock())
    keys = GrantKeys.from_bytes(unseal(delivery.sealed_keys, services().key_ring))
    return _file(qr_png(keys.qr_url(services().settings.public_url)), "image/png", "no-store")


def _given(text: str | None) -> ReportFields | None:
    """The optional JSON beside the file: what the sender knows of the report, by the names of its fields. It goes before what is read."""
    if text is None:
        return None
    try:
        given = ReportFields.from_json(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        names = ", ".join(ReportFields.__dataclass_fields__)
        raise BadRequest(f'The part "metadata" must be a JSON object; its members are strings, known are {names}.') from error
    if given.report_status not in (None, *REPORT_STATUSES):
        raise BadRequest('"report_status" must be P (preliminary), F (final), C (corrected) or X (withdrawn).')
    return given


def _report(report_id: UUID, action: Action) -> ReportRecord:
    return _report_and_holder(report_id, action)[0]


def _report_and_holder(report_id: UUID, action: Action) -> tuple[ReportRecord, Holder]:
    with services().database.transaction() as cursor:
        report = report_known_as(cursor, report_id)
    # With its study, so that the page, the report's pages and the text are one event of a visit.
    holder = require(
        AccessRequest(
            action, report.hospital_id if report else None, report.study_instance_uid if report else None,
            report.report_id if report else report_id, carries_key=report is not None and report.carries_key,
        )
    )  # fmt: skip
    if report is None:
        raise NotFound
    return report, holder


def _without_names(cursor: Cursor, report: ReportRecord) -> ReportRecord:
    study = study_with_uid(cursor, report.study_instance_uid) if report.study_instance_uid else None
    hospital = hospital_named(cursor, report.hospital_id)
    if hospital is None:
        raise NotFound
    return replace(report, fields=shown_fields(report, hospital, study).to_json())


def _delivery(report_id: UUID) -> Delivery:
    """What the hospital, and only the hospital, may still fetch."""
    report = _report(report_id, Action.FETCH_DELIVERY)
    with services().database.transaction() as cursor:
        delivery = delivery_of_report(cursor, report.report_id, services().clock())
    if delivery is None:
        raise Gone("The stamped copy is no longer kept.")
    return delivery


def _wait_until_read(report_id: UUID) -> tuple[ReportRecord, GrantKeys | None]:
    """The report and the keys on its paper. Keys that are shown before it was read stay good, whatever the paper turns out to carry."""
    deadline = time.monotonic() + services().settings.report_wait_seconds
    while True:
        with services().database.transaction() as cursor:
            report = report_known_as(cursor, report_id, for_update=True)
            if report is None:
                raise NotFound
            if report.status not in ("received", "read") or time.monotonic() > deadline:
                delivery = delivery_of_report(cursor, report.report_id, services().clock())
                tell_keys(cursor, report.report_id)
                sealed = delivery.sealed_keys if delivery else None
                return report, GrantKeys.from_bytes(unseal(sealed, services().key_ring)) if sealed is not None else None
        time.sleep(_LOOK_AGAIN_SECONDS)


def _as_json(report: ReportRecord) -> dict[str, Any]:
    return {
        "report_id": str(report.report_id),
        "status": report.status,
        "status_reason": report.status_reason,
        "superseded_by": str(report.superseded_by) if report.superseded_by else None,
        "study_instance_uid": report.study_instance_uid,
        "fields": ReportFields.from_json(report.fields).to_json() if report.fields else {},
        "readings": report.fields.get("readings", {}),
        "form": report.fields.get("form"),
        "received_at": report.received_at.isoformat(),
    }


def _asked_each_time(sha256: str, content_type: str) -> Response:
    """A stored document, which a browser may keep but must ask about before it shows it again: access may have ended. Mostly 304."""
    response = _file(services().documents.get(sha256), content_type, "private, no-cache")
    response.set_etag(sha256)
    response.make_conditional(request)
    return response


def _file(content: bytes, content_type: str, cache_control: str) -> Response:
    return Response(content, content_type=content_type, headers={"Cache-Control": cache_control})
