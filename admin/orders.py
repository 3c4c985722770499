# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm order: the list of exams that a hospital expects, where its RIS sends none by HL7."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click

from admin.installation import Installation, known_hospital, now
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.exam_orders import Sender, lock_orders_of_hospital, take_order
from cloudfilm.db.order_list import orders_without_images, studies_without_report
from cloudfilm.reports.order_table import TableRefused, orders_in_table

_LARGEST_BYTES = 64 * 1024 * 1024
_MOST = 10_000
_EVER = datetime(1, 1, 2, tzinfo=UTC)


@click.group()
def order() -> None:
    """Exams that a hospital expects."""


@order.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose exams they are.")
@click.option(
    "--as-of", type=click.DateTime(), help="When the list was made, in the hospital's time (default: now). An older list undoes nothing."
)
@click.pass_obj
def import_orders(installation: Installation, file: Path, hospital_id: str, as_of: datetime | None) -> None:
    """Read a list in CSV (UTF-8 or GB18030): all of it, or nothing. docs/reports.md names the columns."""
    if file.stat().st_size > _LARGEST_BYTES:
        raise click.ClickException("The list is larger than 64 MB: cut it into parts.")
    content = file.read_bytes()
    zone, moment = installation.settings.time_zone, now()
    try:
        words = orders_in_table(content, zone)
    except TableRefused as refused:
        raise click.ClickException("Nothing was read in.\n" + "\n".join(refused.troubles)) from refused
    said_at = min(as_of.replace(tzinfo=zone).astimezone(UTC), moment) if as_of else moment
    sender = Sender("", f"CSV {hashlib.sha256(content).hexdigest()[:16]}", said_at, moment)
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        lock_orders_of_hospital(cursor, hospital_id)
        changed = sum(take_order(cursor, hospital_id, word, sender, uuid4()) for word in words)
        installation.record_in(cursor, AuditKind.ORDER_TAKEN, f"a list of {len(words)} exams, {changed} new or changed", hospital_id)
    installation.say({"exams": len(words), "changed": changed}, f"{len(words)} exams were read in, {changed} of them are new or changed.")


@order.command("missing")
@click.option("--hospital", "hospital_id", required=True, metavar="ID")
@click.pass_obj
def list_missing(installation: Installation, hospital_id: str) -> None:
    """Exams without images, and images without a report, by their numbers."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        orders = orders_without_images(cursor, hospital_id, "", _EVER, now(), _MOST)
        studies = studies_without_report(cursor, hospital_id, "", _EVER, _MOST)
        installation.record_in(cursor, AuditKind.SEARCHED, "exams without images, images without a report", hospital_id)
    facts = {
        "without_images": [{"exam_number": one.exam_number or one.placer_order_number, "due_at": one.due_at} for one in orders],
        "without_report": [{"accession_number": one.accession_number, "study_instance_uid": one.study_instance_uid} for one in studies],
    }
    lines = [f"no images\t{one.exam_number or one.placer_order_number}\t{one.due_at:%Y-%m-%d %H:%M}" for one in orders]
    lines += [f"no report\t{one.accession_number}\t{one.study_instance_uid}" for one in studies]
    installation.say(facts, "\n".join(lines) or "Nothing is missing.")
