# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hospital's register says of patients: corrections that stand or wait, and merged numbers. Staff look, decide, and take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.patient_corrections import Person, corrected_studies, corrections_of, decide_correction
from cloudfilm.db.patient_merges import merges_of_hospital, numbers_of_patient, undo_merge
from cloudfilm.db.report_versions import lock_reports_of_hospital
from cloudfilm.db.said import together, values_of
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.binding import match_reports_of_patient
from cloudfilm.reports.correcting import correct_studies_in, person_of_images
from cloudfilm.reports.unmerging import review_reports_of_unmerged_in
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

register = Blueprint("staff_register", __name__, url_prefix="/staff/register")


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A study, whose the images say it is, and whose the register does."""

    study: StudyRecord
    images: Person
    register: Person


@register.get("")
def show_register() -> Response:
    """Studies with a correction, those that wait for a decision first, and the newest merges; or those with the number ``?text=``."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id = holder.hospital_id or ""
    text = request.args.get("text", "").strip().replace("\0", "")[:100]
    with services().database.transaction() as cursor:
        lines = [
            CorrectionLine(study, _shown(person_of_images(study)), _said(cursor, hospital_id, study.patient_id))
            for study in corrected_studies(cursor, hospital_id, text)
        ]
        merges = merges_of_hospital(cursor, hospital_id, text)
    return staff_page("staff/register.html", holder, lines=lines, merges=merges, text=text)


@register.post("/<any(accept, refuse):decision>")
def decide(decision: str) -> Response:
    """The register is right about a patient, or the images are: for all exams of the number."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id, now, trail = holder.hospital_id or "", services().clock(), services().audit_trail
    patient_id = _number("patient_id")
    with services().database.transaction() as cursor:
        lock_reports_of_hospital(cursor, hospital_id)
        numbers = numbers_of_patient(cursor, hospital_id, [patient_id])
        if decide_correction(cursor, hospital_id, numbers, "accepted" if decision == "accept" else "refused"):
            correct_studies_in(cursor, hospital_id, [patient_id], now)
            match_reports_of_patient(cursor, hospital_id, [patient_id], now, services().settings.time_zone)
            detail = "the register's word accepted" if decision == "accept" else "the register's word refused"
            trail.record_in(cursor, trail.event(AuditKind.PATIENT_CORRECTED, holder, asker(), detail=detail))
    return to_page("/staff/register")


@register.post("/unmerge")
def unmerge() -> Response:
    """Two numbers are two patients' after all: reports that were matched across them come back to people."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id, now, trail = holder.hospital_id or "", services().clock(), services().audit_trail
    old = _number("old_patient_id")
    with services().database.transaction() as cursor:
        lock_reports_of_hospital(cursor, hospital_id)
        new = undo_merge(cursor, hospital_id, old, now)
        if new is not None:
            correct_studies_in(cursor, hospital_id, [old, new], now)
            review_reports_of_unmerged_in(cursor, hospital_id, (old, new), now, services().settings.time_zone)
            trail.record_in(cursor, trail.event(AuditKind.PATIENTS_MERGED, holder, asker(), detail="a merge taken back"))
    return to_page("/staff/register")


@register.get("/<any(accept, refuse, unmerge):decision>")
def show_start(decision: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del decision
    return to_page("/staff/register")


def _number(name: str) -> str:
    return request.form.get(name, "").strip().replace("\0", "")[:64]


def _said(cursor: Cursor, hospital_id: str, patient_id: str) -> Person:
    corrections = corrections_of(cursor, hospital_id, numbers_of_patient(cursor, hospital_id, [patient_id]))
    said = values_of(together(*(one.said for one in corrections)))
    born = said.get("patient_birth_date", "")
    return _shown(Person(said.get("patient_name", ""), said.get("patient_sex", ""), date.fromisoformat(born) if born else None))


def _shown(person: Person) -> Person:
    return Person(display_name(person.name), person.sex, person.birth_date)
