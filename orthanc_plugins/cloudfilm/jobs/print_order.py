# SPDX-License-Identifier: AGPL-3.0-or-later
"""Carry a print order out: exactly once, tried again with growing pauses, and seen by staff when it cannot be done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from cloudfilm.db.deliveries import delivery_of_report, stamped_for_kiosk, stamped_for_staff
from cloudfilm.db.print_orders import (
    PrintOrder,
    note_failed,
    note_job,
    note_printed,
    note_queued,
    note_trouble,
    order_with_id,
    orders_in_queues,
)
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.print_server import hold_job, jobs_waiting, release_job
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.slip import Slip
from cloudfilm.storage.sealing import unseal

# With pauses of 2, 4, 8 … seconds: about a quarter of an hour. A printer that is off is not among it: its queue has taken the job.
MOST_ATTEMPTS = 10
_log = logging.getLogger(__name__)


def print_order(context: JobContext, print_order_id_text: str) -> None:
    """Run one order; safe to run again at any point."""
    print_order_id = UUID(print_order_id_text)
    with context.database.transaction() as cursor:
        order = order_with_id(cursor, print_order_id)
    if order is None or order.state != "ordered":
        return
    try:
        job = order.cups_job or _hand_over(context, order)
        if job is not None:
            release_job(job)
            with context.database.transaction() as cursor:
                note_queued(cursor, print_order_id, context.clock())
    except Unavailable as error:
        with context.database.transaction() as cursor:
            attempts = note_trouble(cursor, print_order_id, error.public_message)
            if attempts >= MOST_ATTEMPTS:
                note_failed(cursor, print_order_id, context.clock())
        if attempts < MOST_ATTEMPTS:
            raise


def note_what_was_printed(context: JobContext, waiting: Callable[[str], frozenset[str]] = jobs_waiting) -> None:
    """Each minute: what has left its queue is on paper."""
    with context.database.transaction() as cursor:
        orders = orders_in_queues(cursor)
    in_queue: dict[str, frozenset[str]] = {}
    for order in orders:
        if order.queue not in in_queue:
            try:
                in_queue[order.queue] = waiting(order.queue)
            except Unavailable as error:
                _log.warning("%s", error.public_message)
                return
        if order.cups_job not in in_queue[order.queue]:
            with context.database.transaction() as cursor:
                note_printed(cursor, order.print_order_id, context.clock())


def _hand_over(context: JobContext, order: PrintOrder) -> str | None:
    """Put the copy into the queue, held; None when it is no longer kept, which no further attempt mends."""
    if order.sealed_slip is not None:
        slip = Slip.from_bytes(unseal(bytes(order.sealed_slip), context.key_ring)).as_pdf()
        return _hold(context, order, slip)
    with context.database.transaction() as cursor:
        now = context.clock()
        if order.kind == "kiosk":
            sealed = stamped_for_kiosk(cursor, order.report_id, now)
        elif order.kind == "desk":
            sealed = stamped_for_staff(cursor, order.report_id, now)
        else:
            delivery = delivery_of_report(cursor, order.report_id, now)
            sealed = delivery.sealed_stamped if delivery else None
        if sealed is None:
            note_trouble(cursor, order.print_order_id, "The stamped copy is no longer kept.")
            note_failed(cursor, order.print_order_id, now)
            return None
    return _hold(context, order, unseal(sealed, context.key_ring))


def _hold(context: JobContext, order: PrintOrder, sheet: bytes) -> str:
    # The title says nothing of the patient: it may stand on the printer's display.
    job = hold_job(sheet, order.queue, f"report {str(order.print_order_id)[:8]}")
    with context.database.transaction() as cursor:
        note_job(cursor, order.print_order_id, job)
    return job
