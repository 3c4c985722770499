# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm printer …: printers that a hospital's staff send slips and stamped reports to from their pages."""

from __future__ import annotations

from dataclasses import asdict
from uuid import uuid4

import click

from admin.installation import Installation, known_hospital, now
from admin.kiosks import queue_name, real_printer
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.print_destinations import PrintDestination, add_destination, all_destinations, remove_destination
from machine.installation import CannotStart
from machine.printing import add_desk_queue, remove_desk_queue


@click.group()
def printer() -> None:
    """Printers that staff send slips and stamped reports to."""


@printer.command("add")
@click.argument("name", callback=queue_name)
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose staff may print there.")
@click.option("--printer", "address", required=True, callback=real_printer, metavar="URI", help="Its address: ipp://, socket:// …")
@click.option("--title", default="", metavar="TEXT", help="What people call it, up to 60 characters. Default: its name.")
@click.pass_obj
def add(installation: Installation, name: str, hospital_id: str, address: str, title: str) -> None:
    """Add a printer. Its address is the operator's to give: the server connects to it."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        made = PrintDestination(uuid4(), hospital_id, name, title.strip()[:60] or name, address, now())
        if not add_destination(cursor, made):
            raise click.ClickException(f"The name {name} is taken: choose another, or remove that printer first.")
        try:
            add_desk_queue(made.queue, address)
        except CannotStart as error:
            raise click.ClickException(str(error)) from error
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"added the printer {name}", hospital_id)
    installation.say({"name": name, "hospital_id": hospital_id, "printer": address}, f"Staff of {hospital_id} can print at {made.title}.")


@printer.command("list")
@click.pass_obj
def list_all(installation: Installation) -> None:
    """All printers."""
    with installation.database.transaction() as cursor:
        known = all_destinations(cursor)
    lines = "\n".join(f"{one.name}\t{one.hospital_id}\t{one.title}\t{one.printer}" for one in known)
    installation.say({"printers": [asdict(one) for one in known]}, lines or "There is no printer yet.")


@printer.command("remove")
@click.argument("name", callback=queue_name)
@click.pass_obj
def remove(installation: Installation, name: str) -> None:
    """Nothing is sent to it any more."""
    with installation.database.transaction() as cursor:
        removed = remove_destination(cursor, name, now())
        if removed is None:
            raise click.ClickException(f"There is no printer {name}.")
        try:
            remove_desk_queue(removed.queue)
        except CannotStart as error:
            raise click.ClickException(str(error)) from error
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"removed the printer {name}", removed.hospital_id)
    installation.say({"name": name, "removed": True}, f"The printer {name} is removed.")
