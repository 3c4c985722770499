# SPDX-License-Identifier: AGPL-3.0-or-later
"""/kiosk: a touch screen where somebody prints their own stamped report, once.

One address for all of it: who stands before the screen, and how far they have come, is kept here and not in the browser, so there is nothing in
its history, and nothing on the screen once the time is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import KioskHolder
from cloudfilm.access.kiosk_proof import masked_name
from cloudfilm.db.deliveries import stamped_for_kiosk
from cloudfilm.db.grants import grants_of_report
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.job_queue import PRINT_ORDER, defer_job
from cloudfilm.db.kiosk_reports import KioskReport, printable_reports
from cloudfilm.db.kiosks import Kiosk, KioskVisit, kiosk_proof, set_visit, visit_at
from cloudfilm.db.print_orders import PrintOrder, add_order, kiosk_order_of_report, note_printed
from cloudfilm.db.reports import note_issued
from cloudfilm.dicom.person_name import display_name
from cloudfilm.storage.sealing import seal, unseal
from portal.kiosk.device import pair, this_kiosk
from portal.kiosk.finding import UsedUp, find_by_key, find_by_number
from portal.services import services
from portal.session import asker, new_id, set_kiosk

kiosk = Blueprint("kiosk", __name__, url_prefix="/kiosk")
_LONGEST = 128
_TEMPLATES = {"": "start", "proof": "proof", "found": "found"}


@dataclass(frozen=True, slots=True)
class ShownReport:
    """As little of a report as tells its owner that it is theirs."""

    report_id: UUID
    name: str
    modality: str
    date: str
    printed: bool


@kiosk.get("")
def show_kiosk() -> Response:
    """Where whoever stands here has got to; the start for the next one."""
    here, now = this_kiosk(), services().clock()
    with services().database.transaction() as cursor:
        visit = visit_at(cursor, here.kiosk_id, now)
        hospital = hospital_named(cursor, here.hospital_id)
        proof = kiosk_proof(cursor, here.hospital_id)
        found = printable_reports(cursor, here.hospital_id, visit.report_ids, now) if visit.step == "found" else []
    page = render_template(
        f"kiosk/{_TEMPLATES.get(visit.step, 'said')}.html", step=visit.step, hospital_name=hospital.name if hospital else "", proof=proof,
        reports=[_shown(one) for one in found], idle_seconds=services().settings.kiosk_idle_seconds, prints_itself=not here.printer,
    )  # fmt: skip
    return _private(Response(page))


@kiosk.post("")
def take_step() -> Response:
    """One step on; every answer leads back to the one page."""
    here = this_kiosk()
    with services().database.transaction() as cursor:
        visit = visit_at(cursor, here.kiosk_id, services().clock())
    match request.form.get("step", ""):
        case "number":
            _go(here, _after_number(here, request.form.get("number", "")[:_LONGEST].strip()))
        case "proof" if visit.step == "proof" and visit.sealed_number is not None:
            number = unseal(visit.sealed_number, services().key_ring).decode("utf-8")
            _go(here, _after_proof(here, number, request.form.get("proof", "")[:_LONGEST]))
        case "print" if visit.step == "found":
            _print(here, visit, request.form.get("report", ""))
        case _:
            _go(here, KioskVisit())
    return _private(Response(status=303, headers={"Location": "/kiosk"}))


@kiosk.get("/end")
def end_visit() -> Response:
    """The time is over, or somebody is done: the screen forgets."""
    _go(this_kiosk(), KioskVisit())
    return _private(Response(status=303, headers={"Location": "/kiosk"}))


@kiosk.get("/paper.pdf")
def show_paper() -> Response:
    """Where the kiosk's browser prints: the stamped copy that was just ordered, for as long as the visit lasts."""
    here, now = this_kiosk(), services().clock()
    with services().database.transaction() as cursor:
        visit = visit_at(cursor, here.kiosk_id, now)
        sealed = stamped_for_kiosk(cursor, visit.report_ids[0], now) if visit.step == "paper" and visit.report_ids else None
        order = kiosk_order_of_report(cursor, visit.report_ids[0]) if sealed is not None else None
        if order is not None and order.kiosk_id == here.kiosk_id and order.printed_at is None:
            note_printed(cursor, order.print_order_id, now)  # that it came out of the printer, only whoever stands there can see
    if sealed is None:
        # Reloaded after the visit has ended: on to the next one.
        return _private(Response(status=303, headers={"Location": "/kiosk"}))
    return _private(Response(unseal(sealed, services().key_ring), content_type="application/pdf"))


@kiosk.get("/pair")
def show_pairing() -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    return _private(Response(status=303, headers={"Location": "/kiosk"}))


@kiosk.post("/pair")
def take_pairing_code() -> Response:
    """This browser becomes a kiosk, by the code that `scripts/cloudfilm kiosk add` has shown."""
    paired = pair(request.form.get("pairing_code", "")[:100])
    if paired is None or paired.pairing_id is None:
        return _private(Response(render_template("kiosk/pair.html", wrong=True), status=401))
    response = _private(Response(status=303, headers={"Location": "/kiosk"}))
    set_kiosk(response, paired.kiosk_id, paired.pairing_id)
    return response


def _after_number(here: Kiosk, typed: str) -> KioskVisit:
    if not typed:
        return KioskVisit()
    try:
        found = find_by_key(here, typed)
    except UsedUp:
        return KioskVisit("blocked")
    if found is None:
        return KioskVisit("proof", seal(typed.encode("utf-8"), services().key_ring))
    return KioskVisit("found", report_ids=tuple(found)) if found else KioskVisit("none")


def _after_proof(here: Kiosk, number: str, proof: str) -> KioskVisit:
    try:
        found = find_by_number(here, number, proof)
    except UsedUp:
        return KioskVisit("blocked")
    return KioskVisit("found", report_ids=tuple(found)) if found else KioskVisit("none")


def _print(here: Kiosk, visit: KioskVisit, report_id: str) -> None:
    """Order it once: of two screens that ask at the same time one is told that it was printed."""
    parts, now = services(), services().clock()
    with parts.database.transaction() as cursor:
        found = printable_reports(cursor, here.hospital_id, visit.report_ids, now)
        chosen = next((one for one in found if str(one.report_id) == report_id), None)
        if chosen is None:
            set_visit(cursor, here.kiosk_id, _timed(KioskVisit("none")), now)
            return
        order = PrintOrder(
            new_id(), chosen.report_id, here.hospital_id, "kiosk", None, here.kiosk_id, here.queue if here.printer else "browser", now,
            queued_at=None if here.printer else now,
        )  # fmt: skip
        if not add_order(cursor, order):
            set_visit(cursor, here.kiosk_id, _timed(KioskVisit("already")), now)
            return
        if here.printer:
            defer_job(cursor, PRINT_ORDER, lock=str(order.print_order_id), arguments={"print_order_id": str(order.print_order_id)})
        set_visit(cursor, here.kiosk_id, _timed(KioskVisit("printing" if here.printer else "paper", report_ids=(chosen.report_id,))), now)
        note_issued(cursor, chosen.report_id, now)
        grant = next(iter(grants_of_report(cursor, chosen.report_id)), None)
        holder = KioskHolder(here.kiosk_id, here.hospital_id, closed=False)
        event = parts.audit_trail.event(AuditKind.REPORT_PRINTED, holder, asker(), detail=f"kiosk {here.name}")
        event = replace(event, report_id=chosen.report_id, grant_id=grant.grant_id if grant else None)
        parts.audit_trail.record_in(cursor, event)


def _go(here: Kiosk, visit: KioskVisit) -> None:
    with services().database.transaction() as cursor:
        set_visit(cursor, here.kiosk_id, _timed(visit), services().clock())


def _timed(visit: KioskVisit) -> KioskVisit:
    """The page counts down and ends the visit; should it not, it ends here."""
    if not visit.step:
        return visit
    return replace(visit, until=services().clock() + 4 * timedelta(seconds=services().settings.kiosk_idle_seconds))


def _shown(report: KioskReport) -> ShownReport:
    return ShownReport(report.report_id, masked_name(display_name(report.patient_name)), report.modality, report.exam_date, report.printed)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
