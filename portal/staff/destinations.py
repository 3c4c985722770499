# SPDX-License-Identifier: AGPL-3.0-or-later
"""Printers of the hospital, as the staff's pages offer them, and what is sent there: slips with new keys, stamped reports."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.holder import StaffHolder
from cloudfilm.access.policy import Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import reports_with_stamped
from cloudfilm.db.job_queue import PRINT_ORDER, defer_job
from cloudfilm.db.print_destinations import PrintDestination, destinations_of, set_default_destination, set_title
from cloudfilm.db.print_orders import PrintOrder, add_order
from cloudfilm.db.reports import note_issued, report_with_id
from cloudfilm.db.study_page import reports_of_study_page
from cloudfilm.errors import NotFound
from cloudfilm.reports.slip import Slip
from cloudfilm.storage.sealing import seal
from portal.services import services
from portal.session import asker, new_id
from portal.staff.member import member_who_may
from portal.staff.page import to_page

destinations = Blueprint("staff_destinations", __name__)
_LONGEST_TITLE = 60


def chosen_destination(cursor: Cursor, hospital_id: str) -> PrintDestination | None:
    """The printer that the form names; None for the browser's own.

    Raises
    ------
    NotFound
        It is not one of this hospital.
    """
    asked = request.form.get("destination", "")
    if not asked:
        return None
    found = next((one for one in destinations_of(cursor, hospital_id) if str(one.destination_id) == asked), None)
    if found is None:
        raise NotFound
    return found


def order_print(cursor: Cursor, holder: StaffHolder, destination: PrintDestination, report_id: UUID, slip: Slip | None = None) -> None:
    """Have a worker print the report's stamped copy, or a slip, there; who did it is on record."""
    parts = services()
    order = PrintOrder(
        new_id(), report_id, destination.hospital_id, "desk", None, None, destination.queue, parts.clock(), destination_id=destination.destination_id,
        sealed_slip=seal(slip.as_bytes(), parts.key_ring) if slip else None,
    )  # fmt: skip
    add_order(cursor, order)
    defer_job(cursor, PRINT_ORDER, lock=str(order.print_order_id), arguments={"print_order_id": str(order.print_order_id)})
    event = parts.audit_trail.event(AuditKind.REPORT_PRINTED, holder, asker(), detail=f"printer {destination.name}")
    parts.audit_trail.record_in(cursor, replace(event, report_id=report_id))


@destinations.post("/staff/studies/<study_instance_uid>/reports/<uuid:report_id>/print")
def take_print(study_instance_uid: str, report_id: UUID) -> Response:
    """Print the stamped copy; back to the exam where no printer was chosen or the copy is no longer kept."""
    holder = member_who_may(Action.ISSUE_PAPER, study_instance_uid)
    hospital_id, now = holder.hospital_id or "", services().clock()
    with services().database.transaction() as cursor:
        destination = chosen_destination(cursor, hospital_id)
        report = report_with_id(cursor, report_id, for_update=True)
        of_study = {one.report_id for one in reports_of_study_page(cursor, hospital_id, study_instance_uid)}
        if report is None or report_id not in of_study:
            raise NotFound
        if destination is None or not reports_with_stamped(cursor, [report_id], now):
            return to_page(f"/staff/studies/{study_instance_uid}")
        order_print(cursor, holder, destination, report_id)
        note_issued(cursor, report_id, now)
    return to_page("/staff/prints")


@destinations.get("/staff/studies/<study_instance_uid>/reports/<uuid:report_id>/print")
def show_start(study_instance_uid: str, report_id: UUID) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del report_id
    return to_page(f"/staff/studies/{study_instance_uid}")


@destinations.post("/staff/hospital/printers")
def take_printers() -> Response:
    """What people call the printers, and which one is offered first."""
    holder = member_who_may(Action.MANAGE_HOSPITAL)
    hospital_id, trail = holder.hospital_id or "", services().audit_trail
    with services().database.transaction() as cursor:
        for one in destinations_of(cursor, hospital_id):
            title = request.form.get(f"title-{one.destination_id}", "").replace("\0", "").strip()[:_LONGEST_TITLE]
            if title and title != one.title:
                set_title(cursor, hospital_id, one.destination_id, title)
        first = chosen_destination(cursor, hospital_id)
        set_default_destination(cursor, hospital_id, first.destination_id if first else None)
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail="hospital settings: printers"))
    return to_page("/staff/hospital?saved=yes")


@destinations.get("/staff/hospital/printers")
def show_printers() -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    return to_page("/staff/hospital")
