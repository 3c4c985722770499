# SPDX-License-Identifier: AGPL-3.0-or-later
"""Teaching a form: mark the fields on a sample, see at once what is read, try it on the newest reports, save. Works without a script, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.report_forms import FormRecord, add_form_version, form_with_id, forms_in_use
from cloudfilm.db.report_texts import recent_reports
from cloudfilm.errors import BadRequest, NotFound
from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.kept_text import unpack_text
from cloudfilm.reports.taught_form import KINDS, MARKABLE, Area, UnusableForm, box_from_json, form_from_json
from portal.form_view import (
    Draft,
    Shown,
    Tried,
    draft_from_json,
    draft_from_text,
    draft_of_form,
    lines_to_choose,
    proposed_draft,
    show,
    try_on,
)
from portal.services import services
from portal.session import asker, new_id
from portal.staff.form_samples import NotReadYet, SampleRefused, Source, SourceKind, other_reports, source_of
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

form_teaching = Blueprint("staff_form_teaching", __name__, url_prefix="/staff/forms")
_TRIED_ON = 20
_SIDES = ("left", "top", "right", "bottom")


@form_teaching.get("/teach/<any(report, sample, form):kind>/<uuid:source_id>")
def show_teaching(kind: str, source_id: UUID) -> Response:
    """The sample with what the general reader found, or with the form that is to be changed."""
    holder, hospital_id = _teacher()
    try:
        source = _source(hospital_id, holder, SourceKind(kind), source_id)
    except NotReadYet:
        return staff_page("staff/form_waiting.html", holder, reason="")
    except SampleRefused as refused:
        return staff_page("staff/form_waiting.html", holder, reason=str(refused))
    return _page(holder, hospital_id, source, _first_draft(source))


@form_teaching.post("/teach/<any(report, sample, form):kind>/<uuid:source_id>")
def take_step(kind: str, source_id: UUID) -> Response:
    """One step without a script: mark or unmark a field, take fixed texts out, try, save."""
    holder, hospital_id = _teacher()
    try:
        source = _source(hospital_id, holder, SourceKind(kind), source_id)
    except (NotReadYet, SampleRefused):
        return to_page(request.path)
    try:
        draft = _sent_draft()
        step = request.form.get("do", "")
        if step == "mark":
            draft = draft.marked(_sent_mark(source))
        elif step.startswith("remove "):
            draft = draft.unmarked(step.removeprefix("remove "))
        elif step == "save":
            return _save(holder, hospital_id, source, draft)
        return _page(holder, hospital_id, source, draft, tried=step == "try")
    except UnusableForm as unusable:
        raise BadRequest(f"This is not a form that can be taught: {unusable}.") from unusable


@form_teaching.post("/read")
def read_marks() -> Response:
    """What is read by the marks (JSON to JSON), for the page's script. Changes nothing."""
    _, hospital_id = _teacher()
    sent: Any = request.get_json(silent=True)
    try:
        source = source_of(hospital_id, SourceKind(sent["source"]["kind"]), UUID(sent["source"]["id"]))
        shown = show(draft_from_json(sent["draft"]), source.pages, other_reports(hospital_id, source))
    except UnusableForm as unusable:
        raise BadRequest(f"This is not a form that can be taught: {unusable}.") from unusable
    except (KeyError, TypeError, ValueError, AttributeError, NotReadYet, SampleRefused) as error:
        raise BadRequest('Send {"source": {"kind": "report", "id": "…"}, "draft": {"name", "kind", "marks", "dropped"}}.') from error
    response = jsonify(shown.to_json())
    response.headers["Cache-Control"] = "no-store"
    return response


def _teacher() -> tuple[StaffHolder, str]:
    holder = member_who_may(Action.TEACH_FORMS)
    if holder.hospital_id is None:
        raise NotFound
    return holder, holder.hospital_id


def _source(hospital_id: str, holder: StaffHolder, kind: SourceKind, source_id: UUID) -> Source:
    """The sample; looking at a report is written down as reading it."""
    source = source_of(hospital_id, kind, source_id)
    if kind is SourceKind.REPORT:
        trail = services().audit_trail
        trail.visited(replace(trail.event(AuditKind.REPORT_READ, holder, asker(), detail="to teach a form"), report_id=source_id))
    return source


def _first_draft(source: Source) -> Draft:
    if source.form is not None:
        return draft_of_form(form_from_json(source.form.definition), source.pages)
    return proposed_draft(source.pages, read_report(source.pages))


def _sent_draft() -> Draft:
    draft = draft_from_text(request.form.get("draft", ""))
    shown = request.form.getlist("shown_anchor")
    dropped = (draft.dropped | frozenset(shown)) - frozenset(request.form.getlist("anchor")) if shown else draft.dropped
    name = " ".join(request.form.get("name", draft.name).split())[:60]
    kind = request.form.get("kind", draft.kind)
    return replace(draft, name=name, kind=kind if kind in KINDS else "", dropped=dropped)


def _sent_mark(source: Source) -> Area:
    """A line that was chosen, or four numbers."""
    name, line = request.form.get("field", ""), request.form.get("line", "")
    try:
        if line:
            page, *sides = line.split()
        else:
            page, sides = request.form.get("page", "1"), [request.form.get(side, "") for side in _SIDES]
        area = Area(name, int(page), box_from_json(sides))
    except ValueError as error:
        raise UnusableForm("malformed", "a place is a line of the page, or left, top, right and bottom in points") from error
    if name not in MARKABLE or not 1 <= area.page <= len(source.pages):
        raise UnusableForm("off the page", "no such field, or no such page")
    return area


def _save(holder: StaffHolder, hospital_id: str, source: Source, draft: Draft) -> Response:
    """A new form, or a new version of the one that was changed; by what was shown, or not at all."""
    now = services().clock()
    with services().database.transaction() as cursor:
        old = form_with_id(cursor, hospital_id, source.form.form_id, for_update=True) if source.form else None
    form_id, version = (old.form_id, old.version + 1) if old else (new_id(), 1)
    shown = show(draft, source.pages, other_reports(hospital_id, source), str(form_id), version)
    if shown.trouble:
        return _page(holder, hospital_id, source, draft, status=400, trouble=shown.trouble)
    change, is_on = ("edited", old.is_on) if old else ("taught", True)
    record = FormRecord(
        form_id, version, hospital_id, draft.name, shown.form.to_json(), is_on, False, change, source.pictures, now, holder.login
    )
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        if old and ((current := form_with_id(cursor, hospital_id, form_id, for_update=True)) is None or current.version != old.version):
            raise BadRequest("Somebody else has changed this form meanwhile. Please open it again.")
        add_form_version(cursor, record, source.text)
        trail.record_in(
            cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"report form {form_id}: {change}, version {version}")
        )
    return to_page(f"/staff/forms?saved={form_id}")


def _page(
    holder: StaffHolder, hospital_id: str, source: Source, draft: Draft, status: int = 200, trouble: str = "", tried: bool = False
) -> Response:
    shown = show(draft, source.pages, other_reports(hospital_id, source), str(source.form.form_id) if source.form else "new")
    values = {
        "source": source,
        "draft": draft,
        "shown": shown,
        "lines": lines_to_choose(source.pages),
        "markable": MARKABLE,
        "kinds": KINDS,
        "trouble": trouble,
        "tried": _tried(hospital_id, shown) if tried else None,
    }
    return staff_page("staff/form_teaching.html", holder, status, **values)


def _tried(hospital_id: str, shown: Shown) -> list[Tried]:
    """The form on the newest reports, beside the forms that are in use."""
    with services().database.transaction() as cursor:
        reports = recent_reports(cursor, hospital_id, _TRIED_ON)
        beside = [form for one in forms_in_use(cursor, hospital_id) if (form := form_from_json(one)).form_id != shown.form.form_id]
    tried = []
    for one in reports:
        is_recognised, values, changed = try_on(shown.form, beside, unpack_text(one.pages), one.fields)
        tried.append(Tried(str(one.report_id), str(one.fields.get("report_kind") or one.title), is_recognised, values, changed))
    return tried
