# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hospital says of itself on its patients' pages, and how its papers are made."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from http import HTTPStatus

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.hospital_settings import HospitalSettings, logo_name, logo_named, set_logo, set_settings, settings_of
from cloudfilm.db.print_destinations import default_destination, destinations_of
from cloudfilm.errors import NotFound
from cloudfilm.reports.placement import CORNERS
from portal.services import services
from portal.session import asker
from portal.staff.logo import LogoRefused, encoded_logo
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

hospital = Blueprint("staff_hospital", __name__)
LONGEST = {"name": 60, "disclaimer": 1000, "contact": 200, "footer": 300, "filing_number": 60, "stamp_words": 60}
_LONGEST_DAYS = 36500
_A_YEAR_SECONDS = 365 * 24 * 3600


@hospital.get("/staff/hospital")
def show_settings() -> Response:
    """The form."""
    return _page(member_who_may(Action.MANAGE_HOSPITAL))


@hospital.post("/staff/hospital")
def take_settings() -> Response:
    """All of the form, or nothing where something of it is wrong."""
    holder = member_who_may(Action.MANAGE_HOSPITAL)
    hospital_id = holder.hospital_id or ""
    filled = {
        name: request.form.get(name, "").replace("\0", "").replace("\r\n", "\n").strip()
        for name in (*LONGEST, "paper_days", "stamp_corner")
    }
    trouble = _trouble(filled)
    upload, logo = request.files.get("logo"), None
    if upload is not None and upload.filename and not trouble:
        try:
            logo = encoded_logo(upload.read())
        except LogoRefused as refused:
            trouble = f"logo {refused.fault}"
    if trouble:
        return _page(holder, HTTPStatus.BAD_REQUEST, trouble=trouble, filled=filled)
    wanted = HospitalSettings(
        **{name: filled[name] for name in LONGEST},
        paper_days=int(filled["paper_days"]) if filled["paper_days"] else None,
        grants_reach_all_exams=request.form.get("grants_reach_all_exams") == "yes",
        stamp_corner=filled["stamp_corner"],
    )
    trail, removes_logo = services().audit_trail, request.form.get("remove_logo") == "yes"
    with services().database.transaction() as cursor:
        before = settings_of(cursor, hospital_id)
        changed = [one.name for one in fields(wanted) if getattr(wanted, one.name) != getattr(before, one.name)]
        set_settings(cursor, hospital_id, wanted)
        if logo is not None or removes_logo:
            set_logo(cursor, hospital_id, logo, hashlib.sha256(logo).hexdigest() if logo else None)
            changed.append("logo")
        if changed:
            trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"hospital settings: {', '.join(changed)}"))
    return to_page("/staff/hospital?saved=yes")


@hospital.get("/logo/<sha256>.png")
def show_logo(sha256: str) -> Response:
    """A hospital's logo, for anybody: it stands on pages that anybody may see. Its name changes with it."""
    with services().database.transaction() as cursor:
        logo = logo_named(cursor, sha256)
    if logo is None:
        raise NotFound
    return Response(logo, content_type="image/png", headers={"Cache-Control": f"public, max-age={_A_YEAR_SECONDS}, immutable"})


def _trouble(filled: dict[str, str]) -> str:
    if not filled["name"]:
        return "name"
    if any(len(filled[name]) > longest for name, longest in LONGEST.items()):
        return "long"
    days = filled["paper_days"]
    if days and not (days.isascii() and days.isdigit() and len(days) < 6 and 1 <= int(days) <= _LONGEST_DAYS):
        return "days"
    return "corner" if filled["stamp_corner"] not in ("", *CORNERS) else ""


def _page(holder: StaffHolder, status: int = HTTPStatus.OK, trouble: str = "", filled: dict[str, str] | None = None) -> Response:
    with services().database.transaction() as cursor:
        known = settings_of(cursor, holder.hospital_id or "")
        logo = logo_name(cursor, holder.hospital_id or "")
        printers = destinations_of(cursor, holder.hospital_id or "")
        first = default_destination(cursor, holder.hospital_id or "")
    shown = {name: getattr(known, name) for name in LONGEST} | {"paper_days": known.paper_days or "", "stamp_corner": known.stamp_corner}
    return staff_page(
        "staff/hospital.html",
        holder,
        status,
        shown=filled or shown,
        reaches_all=known.grants_reach_all_exams,
        logo=logo,
        longest=LONGEST,
        corners=CORNERS,
        destinations=printers,
        first_destination=first,
        trouble=trouble,
        is_saved=request.args.get("saved") == "yes" and not trouble,
    )
