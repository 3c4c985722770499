# SPDX-License-Identifier: AGPL-3.0-or-later
"""The stamped copy goes back where the report came from: into the station's folder, or to a printer."""

from __future__ import annotations

from uuid import UUID, uuid4

from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import delivery_of_report
from cloudfilm.db.intake_sources import OWN_FOLDER, source_named
from cloudfilm.db.print_orders import PrintOrder, add_order, order_of_arrival
from cloudfilm.db.reports import ReportRecord, report_with_id, set_returned
from cloudfilm.db.reports_again import arrival_with_id
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.stamped_file import stamped_file_name
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.print_order import print_order
from cloudfilm.storage.sealing import unseal
from cloudfilm.storage.whole_file import write_whole


def returns_by_itself(cursor: Cursor, source_name: str | None) -> bool:
    """Whether a station wants its copies sent."""
    source = source_named(cursor, source_name) if source_name else None
    return source is not None and source.return_to != ""


def return_stamped(context: JobContext, arrival_id_text: str) -> None:
    """Send the copy of one arrival (a report, or a report that came again); safe to run again: a copy that was sent is not sent twice."""
    arrival_id = UUID(arrival_id_text)
    with context.database.transaction() as cursor:
        again = arrival_with_id(cursor, arrival_id)
        report = report_with_id(cursor, again.of_report_id if again else arrival_id)
        if report is None:
            return
        source_name, title = (again.source_name, again.title) if again else (report.source_name, report.title)
        source = source_named(cursor, source_name) if source_name else None
        delivery = delivery_of_report(cursor, report.report_id, context.clock())
        order = order_of_arrival(cursor, arrival_id)
    sealed = delivery.sealed_stamped if delivery else None
    if source is None or (not again and report.returned_at is not None):
        return
    if order is None and sealed is None:
        return
    if source.return_to == OWN_FOLDER and sealed is not None:
        path = Places(context.settings.data_directory).folder(source.name).stamped / stamped_file_name(title, str(arrival_id))
        write_whole(path, unseal(sealed, context.key_ring), 0o664)
    elif source.return_to != OWN_FOLDER:
        _print(context, order or _order(context, report, arrival_id, f"return-{source.name}"))
    with context.database.transaction() as cursor:
        set_returned(cursor, report.report_id, context.clock())


def _order(context: JobContext, report: ReportRecord, arrival_id: UUID, queue: str) -> PrintOrder:
    with context.database.transaction() as cursor:
        wanted = PrintOrder(uuid4(), report.report_id, report.hospital_id, "return", arrival_id, None, queue, context.clock())
        add_order(cursor, wanted)
        return order_of_arrival(cursor, arrival_id) or wanted


def _print(context: JobContext, order: PrintOrder) -> None:
    print_order(context, str(order.print_order_id))
    with context.database.transaction() as cursor:
        now = order_of_arrival(cursor, order.arrival_id) if order.arrival_id else None
    if now is not None and now.state in ("ordered", "failed"):
        raise Unavailable(now.trouble or "The stamped copy was not printed.")
