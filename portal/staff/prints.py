# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was printed and what could not be: at kiosks and back at the stations; staff may let a kiosk print a report once more."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.print_orders import PrintOrder, allow_repeat, newest_orders
from cloudfilm.db.reports import ReportRecord, reports_with_ids
from cloudfilm.errors import NotFound
from cloudfilm.reports.fields import ReportFields
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

prints = Blueprint("staff_prints", __name__, url_prefix="/staff/prints")


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order in the list."""

    order: PrintOrder
    patient_name: str
    accession_number: str


@prints.get("")
def show_prints() -> Response:
    """The newest hundred orders of the hospital."""
    holder = member_who_may(Action.MANAGE_GRANTS)
    with services().database.transaction() as cursor:
        orders = newest_orders(cursor, holder.hospital_id or "")
        reports = {one.report_id: one for one in reports_with_ids(cursor, {order.report_id for order in orders})}
    return staff_page("staff/prints.html", holder, lines=[_shown(order, reports.get(order.report_id)) for order in orders])


@prints.post("/<uuid:print_order_id>/allow")
def allow(print_order_id: UUID) -> Response:
    """Let kiosks print this report once more."""
    holder = member_who_may(Action.MANAGE_GRANTS)
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        if not allow_repeat(cursor, print_order_id, holder.hospital_id or "", holder.login, services().clock()):
            raise NotFound
        detail = f"allowed another print after {print_order_id}"
        trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=detail))
    return to_page("/staff/prints")


@prints.get("/<uuid:print_order_id>/allow")
def show_start(print_order_id: UUID) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del print_order_id
    return to_page("/staff/prints")


def _shown(order: PrintOrder, report: ReportRecord | None) -> ShownOrder:
    fields = ReportFields.from_json(report.fields) if report else ReportFields()
    return ShownOrder(order, fields.patient_name or "", fields.accession_number or "")
