# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm kiosk …: touch screens where people print their stamped report."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import click

from admin.installation import Installation, known_hospital, now
from cloudfilm.access.access_code import CODE_BYTES, access_code_from, hash_access_code, normalise_access_code
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.kiosk_proof import KioskProof
from cloudfilm.db.deliveries import keep_for_kiosk
from cloudfilm.db.kiosks import Kiosk, add_kiosk, kiosk_named, list_kiosks, offer_pairing, revoke_kiosk, set_kiosk_proof
from machine.installation import CannotStart
from machine.printing import add_kiosk_queue

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_PRINTER_SCHEMES = ("ipp", "ipps", "http", "https", "socket", "lpd")
_PAIRING = timedelta(minutes=30)


@click.group()
def kiosk() -> None:
    """Kiosks: touch screens where people print their report."""


def queue_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A name that a queue of the print server can have."""
    if not _NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r}; allowed are 1 to 31 of a-z, 0-9 and -")
    return value


def real_printer(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A printer's address, or nothing."""
    if value and urlsplit(value).scheme not in _PRINTER_SCHEMES:
        raise click.BadParameter(f"{value!r}; allowed is a printer's address like ipp://printer/ipp/print")
    return value


@kiosk.command("add")
@click.argument("name", callback=queue_name)
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose reports it prints.")
@click.option(
    "--printer", default="", callback=real_printer, metavar="URI", help="Its printer (ipp://, socket:// …). Default: its browser prints."
)
@click.pass_obj
def add(installation: Installation, name: str, hospital_id: str, printer: str) -> None:
    """Add a kiosk, or change its printer; shows a code that makes one browser that kiosk."""
    days = installation.settings.kiosk_days
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        stored = add_kiosk(cursor, Kiosk(uuid4(), hospital_id, name, printer, now()))
        if stored.hospital_id != hospital_id:
            raise click.ClickException(f"The name {name} is taken: choose another for this kiosk.")
        keep_for_kiosk(cursor, hospital_id, timedelta(days=days), now())
        if printer:
            try:
                add_kiosk_queue(stored.queue, printer)
            except CannotStart as error:
                raise click.ClickException(str(error)) from error
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"added the kiosk {name}", hospital_id)
    _show_pairing(installation, stored)


@kiosk.command("pair")
@click.argument("name", callback=queue_name)
@click.pass_obj
def pair(installation: Installation, name: str) -> None:
    """A new code for a kiosk whose browser was exchanged; the old browser is no kiosk any more."""
    with installation.database.transaction() as cursor:
        known = kiosk_named(cursor, name)
    if known is None:
        raise click.ClickException(f"There is no kiosk {name}.")
    _show_pairing(installation, known)


@kiosk.command("list")
@click.pass_obj
def list_all(installation: Installation) -> None:
    """All kiosks and when each was last used."""
    with installation.database.transaction() as cursor:
        kiosks = list_kiosks(cursor)
    lines = "\n".join(f"{one.name}\t{one.hospital_id}\t{one.printer or 'browser'}\t{_state(one)}" for one in kiosks)
    facts = [{name: value for name, value in asdict(one).items() if name != "pairing_id"} for one in kiosks]
    installation.say({"kiosks": facts}, lines or "There is no kiosk yet.")


@kiosk.command("revoke")
@click.argument("name", callback=queue_name)
@click.pass_obj
def revoke(installation: Installation, name: str) -> None:
    """A kiosk prints nothing any more, at once."""
    with installation.database.transaction() as cursor:
        revoked = revoke_kiosk(cursor, name, now())
        if revoked is None:
            raise click.ClickException(f"There is no kiosk {name}.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"revoked the kiosk {name}", revoked.hospital_id)
    installation.say({"name": name, "revoked": True}, f"The kiosk {name} is revoked.")


@kiosk.command("ask-for")
@click.argument("hospital_id", metavar="HOSPITAL")
@click.argument("proof", type=click.Choice([one.value for one in KioskProof]))
@click.pass_obj
def ask_for(installation: Installation, hospital_id: str, proof: str) -> None:
    """What a hospital's kiosks ask for beside a number: the date of birth, or the end of another number on the slip."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        set_kiosk_proof(cursor, hospital_id, proof)
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"kiosks ask for {proof}", hospital_id)
    installation.say({"hospital_id": hospital_id, "proof": proof}, f"Kiosks of {hospital_id} ask for {proof}.")


def _show_pairing(installation: Installation, known: Kiosk) -> None:
    code = access_code_from(os.urandom(CODE_BYTES))
    normalised, until = normalise_access_code(code), now() + _PAIRING
    if normalised is None:
        raise AssertionError("a code of our own making is malformed")
    with installation.database.transaction() as cursor:
        offer_pairing(cursor, known.kiosk_id, hash_access_code(normalised, installation.key_ring.hashing), until)
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"made a pairing code for the kiosk {known.name}", known.hospital_id)
    address = f"{installation.settings.public_url}/kiosk"
    installation.say(
        {"name": known.name, "address": address, "pairing_code": code, "until": until},
        f"Open {address} on the kiosk and type {code} within 30 minutes. The code works once.",
    )


def _state(one: Kiosk) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return f"last used {one.last_used_at}" if one.last_used_at else "not used yet" if one.pairing_id else "not paired"
