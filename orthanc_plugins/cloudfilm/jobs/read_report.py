# SPDX-License-Identifier: AGPL-3.0-or-later
"""Read a received report: its fields, its pages as images, its stamped copy; then match it. Safe to run again at any point."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from cloudfilm.db.deliveries import delivery_of_report, set_stamped
from cloudfilm.db.hospital_settings import HospitalSettings, settings_of
from cloudfilm.db.job_queue import RETURN_STAMPED, defer_job
from cloudfilm.db.report_forms import forms_in_use
from cloudfilm.db.report_texts import set_report_text
from cloudfilm.db.report_versions import lock_reports_of_hospital
from cloudfilm.db.reports import ReportPage, report_with_id, set_documents, set_fields, set_pages, set_status
from cloudfilm.jobs.bind_arrived import bind_to_its_study_in
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.match_report import match_report_in
from cloudfilm.jobs.reserved_copy import bind_reserved, find_reserved
from cloudfilm.jobs.return_stamped import returns_by_itself
from cloudfilm.jobs.same_report import make_one_of_same
from cloudfilm.reports.combining import combine
from cloudfilm.reports.document import read_document
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.grant_keys import GrantKeys
from cloudfilm.reports.kept_text import pack_text
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.page_images import PageImages
from cloudfilm.reports.refusal import DocumentRefused
from cloudfilm.reports.stamp import Stamp
from cloudfilm.reports.stamp_drawing import DEFAULT_CAPTION, address_line
from cloudfilm.reports.taught_form import form_from_json
from cloudfilm.storage.sealing import seal, unseal

_log = logging.getLogger(__name__)


def read_report(context: JobContext, report_id_text: str) -> None:
    """Read one report in a limited child process and store all it gave in one transaction."""
    report_id = UUID(report_id_text)
    with context.database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
        delivery = delivery_of_report(cursor, report_id, context.clock())
        taught = forms_in_use(cursor, report.hospital_id) if report else []
        wanted = settings_of(cursor, report.hospital_id) if report else HospitalSettings()
    if report is None or report.status != "received":
        return
    if delivery is None or delivery.sealed_keys is None:
        _log.error("report %s was not read before its keys expired", report_id)
        return
    keys = GrantKeys.from_bytes(unseal(delivery.sealed_keys, context.key_ring))
    stamp = Stamp(
        url=keys.qr_url(context.settings.public_url),
        access_code=keys.access_code,
        size_mm=float(context.settings.stamp_size_millimeters),
        corner=wanted.stamp_corner or context.settings.stamp_corner,
        caption_lines=(wanted.stamp_words,) if wanted.stamp_words else DEFAULT_CAPTION,
        address=address_line(context.settings.public_url),
    )
    document = context.documents.get(report.document_sha256)
    try:
        forms = [form_from_json(form) for form in taught]
        limits = DocumentLimits(refuses_active=context.settings.refuses_active_documents)
        reading = read_document(document, stamp, limits, forms=forms)
        combined = combine(reading.report, ReportFields.from_json(report.given_fields or {}))
        reserved = None if combined.contradiction else find_reserved(context, report.hospital_id, combined.reading, document, stamp)
    except DocumentRefused as refused:
        with context.database.transaction() as cursor:
            set_status(cursor, report_id, "failed", str(refused))
        return
    pages = [_page(context, number, images, reading.page_lines[number - 1]) for number, images in enumerate(reading.page_images, start=1)]
    shown_sha256 = context.documents.put(reading.harmless_pdf) if reading.harmless_pdf is not None else None
    sealed = seal((reserved.stamped_pdf if reserved else None) or reading.stamped_pdf, context.key_ring)
    now = context.clock()
    with context.database.transaction() as cursor:
        lock_reports_of_hospital(cursor, report.hospital_id)
        set_fields(cursor, report_id, combined.reading.to_json(), now)
        set_pages(cursor, report_id, pages)
        if (text := pack_text(reading.pages)) is not None:
            set_report_text(cursor, report_id, text)
        set_stamped(cursor, report_id, sealed)
        locked = report_with_id(cursor, report_id, for_update=True)
        set_documents(cursor, report_id, reading.content_sha256, shown_sha256, carries_key=bool(reserved and reserved.carries_code))
        own = delivery_of_report(cursor, report_id, now)
        told = bool(own and own.keys_told)
        same = (
            make_one_of_same(cursor, locked, reading.content_sha256, now, context.key_ring, context.settings.time_zone) if locked else None
        )
        if reserved is not None and reserved.contradiction is None:
            bind_reserved(cursor, reserved, same.report_id if same else report_id, told, its_copy=same is None or same.takes_new_copy)
        if locked is not None and same is None and locked.status == "read":
            if against := combined.contradiction or (reserved.contradiction if reserved else None):
                set_status(cursor, report_id, "review", against)
            elif not bind_to_its_study_in(cursor, locked, None, now):
                match_report_in(cursor, locked, now, context.settings.time_zone)
        if returns_by_itself(cursor, report.source_name):
            defer_job(cursor, RETURN_STAMPED, lock=str(report_id), arguments={"report_id": str(report_id)})


def _page(context: JobContext, number: int, images: PageImages, lines: dict[str, Any]) -> ReportPage:
    small, large = images.small, images.large
    return ReportPage(
        page=number,
        image_sha256=context.documents.put(small.webp),
        width=small.width,
        height=small.height,
        width_points=images.width_points,
        height_points=images.height_points,
        large_sha256=context.documents.put(large.webp) if large else None,
        large_width=large.width if large else None,
        large_height=large.height if large else None,
        text_lines=lines,
    )
