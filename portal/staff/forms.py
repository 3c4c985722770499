# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's own report forms: which there are, from what another could be taught, switching off, deleting, undoing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.job_queue import READ_SAMPLE, defer_job
from cloudfilm.db.report_forms import (
    FormRecord,
    add_form_version,
    form_version,
    form_with_id,
    list_forms,
    reports_read_by_form,
    sample_text_of_form,
)
from cloudfilm.db.report_texts import RecentReport, add_sample, recent_reports
from cloudfilm.errors import NotFound
from cloudfilm.reports.field_reading import unsure_fields
from portal.services import services
from portal.session import asker, new_id
from portal.staff.form_samples import SourceKind, source_of
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

forms = Blueprint("staff_forms", __name__, url_prefix="/staff/forms")
_RECENT = 12


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report from which a form could be taught."""

    report: RecentReport
    kind: str
    form_name: str
    unsure: int
    missing: int


@forms.get("")
def show_forms() -> Response:
    """The forms, and the newest reports to teach another from."""
    return _page(*_teacher())


@forms.post("/samples")
def take_sample() -> Response:
    """A sample was handed in (PDF); a worker reads it."""
    holder, hospital_id = _teacher()
    upload = request.files.get("file")
    document = upload.read() if upload else b""
    if b"%PDF-" not in document[:1024]:
        return _page(holder, hospital_id, 400, trouble="no PDF")
    sample_id, sha256 = new_id(), services().documents.put(document)
    with services().database.transaction() as cursor:
        add_sample(cursor, sample_id, hospital_id, sha256, services().clock())
        defer_job(cursor, READ_SAMPLE, lock=str(sample_id), arguments={"sample_id": str(sample_id)})
        _record(cursor, holder, "handed in a sample to teach a report form from")
    return to_page(f"/staff/forms/teach/sample/{sample_id}")


@forms.post("/<uuid:form_id>/<any(off, on, delete, undo):what>")
def change(form_id: UUID, what: str) -> Response:
    """Switch off or on, delete, or undo the last change: each is a new version."""
    holder, hospital_id = _teacher()
    with services().database.transaction() as cursor:
        form = form_with_id(cursor, hospital_id, form_id, for_update=True)
        if form is None:
            raise NotFound
        if changed := _changed(cursor, form, what):
            now = services().clock()
            added = replace(changed, version=form.version + 1, changed_at=now, changed_by=holder.login)
            added = replace(added, definition={**added.definition, "version": added.version})
            add_form_version(cursor, added, sample_text_of_form(cursor, form_id))
            _record(cursor, holder, f"report form {form_id}: {added.change}, version {added.version}")
    undo = f"?undo={form_id}" if what == "delete" else ""
    return to_page(f"/staff/forms{undo}")


@forms.get("/<uuid:form_id>/<any(off, on, delete, undo):_what>")
def show_start(form_id: UUID, _what: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del form_id
    return to_page("/staff/forms")


@forms.get("/samples")
def show_sample_start() -> Response:
    """Nor here."""
    return to_page("/staff/forms")


@forms.get("/pictures/<any(report, sample, form):kind>/<uuid:source_id>/<int:page>")
def show_picture(kind: str, source_id: UUID, page: int) -> Response:
    """A page of a sample as an image (WebP), counted from 1."""
    _, hospital_id = _teacher()
    source = source_of(hospital_id, SourceKind(kind), source_id)
    if not 1 <= page <= len(source.pictures):
        raise NotFound
    sha256 = source.pictures[page - 1].image_sha256
    response = Response(services().documents.get(sha256), content_type="image/webp", headers={"Cache-Control": "private, no-cache"})
    response.set_etag(sha256)
    response.make_conditional(request)
    return response


def _teacher() -> tuple[StaffHolder, str]:
    holder = member_who_may(Action.TEACH_FORMS)
    if holder.hospital_id is None:
        raise NotFound
    return holder, holder.hospital_id


def _changed(cursor: Cursor, form: FormRecord, what: str) -> FormRecord | None:
    """The form after the change; `None` when there is nothing to change."""
    if what == "undo":
        before = form_version(cursor, form.form_id, form.version - 1)
        return replace(before, change="undone") if before else None
    if form.is_deleted or (what == "off" and not form.is_on) or (what == "on" and form.is_on):
        return None
    if what == "delete":
        return replace(form, is_deleted=True, change="deleted")
    return replace(form, is_on=what == "on", change="switched on" if what == "on" else "switched off")


def _record(cursor: Cursor, holder: StaffHolder, detail: str) -> None:
    trail = services().audit_trail
    trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))


def _page(holder: StaffHolder, hospital_id: str, status: int = 200, trouble: str = "") -> Response:
    with services().database.transaction() as cursor:
        known = list_forms(cursor, hospital_id)
        read = reports_read_by_form(cursor, hospital_id)
        recent = recent_reports(cursor, hospital_id, _RECENT)
    undo = request.args.get("undo", "")
    deleted = [form for form in known if form.is_deleted and str(form.form_id) == undo]
    shown = {
        "forms": [form for form in known if not form.is_deleted],
        "read": read,
        "recent": [_shown(one) for one in recent],
        "undoable": deleted[0] if deleted else None,
        "bin": [form for form in known if form.is_deleted],
        "trouble": trouble,
    }
    return staff_page("staff/forms.html", holder, status, **shown)


def _shown(report: RecentReport) -> ShownReport:
    fields = report.fields
    whose = ("patient_name", "patient_id", "accession_number", "exam_time", "findings", "impression")
    form = fields.get("form") or {}
    missing = sum(not fields.get(name) for name in whose)
    return ShownReport(report, fields.get("report_kind") or report.title, form.get("name", ""), len(unsure_fields(fields)), missing)
