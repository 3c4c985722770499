# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RIS's list of exams beside what has come: exams without images, images without a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request

from cloudfilm.access.policy import Action
from cloudfilm.db.exam_orders import ExamOrder, OrderStatus
from cloudfilm.db.order_list import all_orders, orders_to_come, orders_without_images, studies_of_orders, studies_without_report
from cloudfilm.db.patient_merges import numbers_of_patient
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.binding import order_differs
from portal.services import services
from portal.staff.member import member_who_may
from portal.staff.page import staff_page

orders = Blueprint("staff_orders", __name__, url_prefix="/staff/orders")
LISTS = ("without-images", "without-report", "to-come", "all")
DAYS = (7, 30, 365, 0)
_MOST = 200
_EVER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in the list; ``images`` is how many have come, ``trouble`` what does not fit: ``another patient`` or ``cancelled``."""

    order: ExamOrder
    patient_name: str
    images: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class UnreportedLine:
    """A study without a report."""

    study: StudyRecord
    patient_name: str
    modalities: str


@orders.get("")
def show_orders() -> Response:
    """The list of ``?show=``, as far back as ``?days=`` (0: all), narrowed by ``?text=``."""
    holder = member_who_may(Action.QUERY)
    hospital_id, now = holder.hospital_id or "", services().clock()
    text = request.args.get("text", "").strip().replace("\0", "")[:100]
    show = next((one for one in LISTS if one == request.args.get("show")), LISTS[0])
    days = next((one for one in DAYS if str(one) == request.args.get("days")), 30)
    since = now - timedelta(days=days) if days else _EVER
    lines: list[OrderLine] = []
    unreported: list[UnreportedLine] = []
    with services().database.transaction() as cursor:
        if show == "without-report":
            found = studies_without_report(cursor, hospital_id, text, since, _MOST + 1)
            unreported = [UnreportedLine(one, display_name(one.patient_name), "/".join(one.image_modalities)) for one in found]
        else:
            look = {"without-images": orders_without_images, "to-come": orders_to_come, "all": all_orders}[show]
            ordered = look(cursor, hospital_id, text, since, now, _MOST + 1)
            studies = studies_of_orders(cursor, hospital_id, ordered) if show == "all" else []
            lines = [
                _line(one, studies, numbers_of_patient(cursor, hospital_id, [one.patient_id]) if studies else frozenset())
                for one in ordered
            ]
    return staff_page(
        "staff/orders.html",
        holder,
        lines=lines[:_MOST],
        unreported=unreported[:_MOST],
        is_more=len(lines) > _MOST or len(unreported) > _MOST,
        lists=LISTS,
        show=show,
        days=days,
        all_days=DAYS,
        text=text,
    )


def _line(order: ExamOrder, studies: list[StudyRecord], patients_numbers: frozenset[str]) -> OrderLine:
    mine = [study for study in studies if order.exam_number and study.accession_number == order.exam_number]
    trouble = ""
    if mine and order.status == OrderStatus.CANCELLED:
        trouble = "cancelled"
    elif any(order_differs(order, study, patients_numbers) for study in mine):
        trouble = "another patient"
    return OrderLine(order, display_name(order.patient_name), sum(study.image_count for study in mine), trouble)
