# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm station …: the ways in for reports and films that need no token, one for each place in a hospital that hands them in.

On a gateway the same commands keep them in the gateway's own file: whose they are is said by the pairing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click

from admin.installation import Installation, known_hospital, now
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.intake_sources import OWN_FOLDER, IntakeSource, add_source, console_at, list_sources, list_sources_at_gateways
from cloudfilm.db.origin import Way
from cloudfilm.intakes.places import Places
from cloudfilm.transfer.places import GatewayPlaces
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.stations import StationFile
from machine.installation import CannotStart
from machine.printing import add_queue, add_return_queue, protect_queue, unprotect_queue

_AET = re.compile(r"[A-Z0-9_.-]{1,16}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_PRINTER_SCHEMES = ("ipp", "ipps", "http", "https", "socket", "lpd")


@click.group()
def station() -> None:
    """Printers, folders, HL7 senders and consoles that hand reports and films in."""


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _NAME.fullmatch(value) or value.startswith("return-"):
        raise click.BadParameter(f"{value!r}; allowed are 1 to 41 of a-z, 0-9 and -, not beginning with return-")
    return value


def _return_to(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value not in ("", OWN_FOLDER) and urlsplit(value).scheme not in _PRINTER_SCHEMES:
        raise click.BadParameter(f"{value!r}; allowed are {OWN_FOLDER}, or a printer's address like ipp://printer/ipp/print")
    return value


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r}; allowed is an IP address, for example 10.1.2.3") from error


def _addresses(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_address(context, parameter, value) for value in values)


def _hospital_of(context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if context.obj.is_gateway:
        if value:
            raise click.BadParameter("a gateway is one hospital's: leave it out here")
        return ""
    if not value:
        raise click.MissingParameter(ctx=context, param=_parameter)
    return value


_hospital = click.option(
    "--hospital", "hospital_id", callback=_hospital_of, metavar="ID", help="Whose reports they are; not said on a gateway."
)
_return = click.option(
    "--return-to",
    default="",
    callback=_return_to,
    metavar="WHERE",
    help="Where stamped copies go: folder (its own out/), or a printer's address (ipp://, socket:// …). Default: they are fetched.",
)


@station.command("add-printer")
@click.argument("name", callback=_name)
@_hospital
@_return
@click.option(
    "--raw-port", type=click.IntRange(1, 65535), help="A TCP port for workstations that print raw PostScript or PDF, usually 9100."
)
@click.option("--raw-host", "raw_hosts", multiple=True, metavar="ADDRESS", callback=_addresses, help="Who may use it; may be repeated.")
@click.option(
    "--password/--no-password",
    default=False,
    help="Jobs need TLS (ipps://), the queue's name and a password, which is made and shown once.",
)
@click.pass_obj
def add_printer(
    installation: Installation,
    name: str,
    hospital_id: str,
    return_to: str,
    raw_port: int | None,
    raw_hosts: tuple[str, ...],
    password: bool,
) -> None:
    """A queue of the virtual printer: workstations add it as ipp://HOST:PORT/printers/NAME and print reports to it."""
    if (raw_port is None) != (not raw_hosts):
        raise click.UsageError("--raw-port and --raw-host belong together: a raw port has no password, its hosts are all that protects it.")
    if raw_port is not None:
        _check_raw_port(installation, name, raw_port)
    _add(installation, IntakeSource(name, Way.PRINTER, hospital_id, return_to, "", now(), raw_port=raw_port, raw_hosts=",".join(raw_hosts)))
    secret = ""
    try:
        add_queue(name)
        if password:
            secret = protect_queue(name)
        else:
            unprotect_queue(name)
        if return_to not in ("", OWN_FOLDER):
            add_return_queue(name, return_to)
    except CannotStart as error:
        raise click.ClickException(str(error)) from error
    scheme = "ipps" if password else "ipp"
    address = f"{scheme}://{urlsplit(installation.settings.public_url).hostname}:{installation.ipp_port}/printers/{name}"
    facts: dict[str, object] = {"name": name, "address": address}
    sentence = f"Workstations of {hospital_id or 'the hospital'} may print to {address}"
    if secret:
        facts |= {"user": name, "password": secret}
        sentence += f", as the user {name} with the password {secret} (it is not shown again)"
    if raw_port is not None:
        facts["raw_port"] = raw_port
        sentence += f"; {', '.join(raw_hosts)} raw to port {raw_port}"
    installation.say(facts, sentence)


@station.command("add-folder")
@click.argument("name", callback=_name)
@_hospital
@_return
@click.pass_obj
def add_folder(installation: Installation, name: str, hospital_id: str, return_to: str) -> None:
    """A watched folder: DATA/folders/NAME/in."""
    _add(installation, IntakeSource(name, Way.FOLDER, hospital_id, return_to, "", now()))
    path = Places(installation.settings.data_directory).folder(name).arriving
    installation.say(
        {"name": name, "path": f"folders/{name}/in"}, f"PDF documents in {path} become reports of {hospital_id or 'the hospital'}."
    )


@station.command("add-hl7")
@click.argument("name", callback=_name)
@_hospital
@click.option("--host", required=True, help="The address that it sends from.")
@click.option("--application", default="", help="MSH-3, where several systems send from one address.")
@_return
@click.option("--references", is_flag=True, help="Its messages may name files (RP) that it writes to DATA/folders/NAME/in.")
@click.pass_obj
def add_hl7(installation: Installation, name: str, hospital_id: str, host: str, application: str, return_to: str, references: bool) -> None:
    """A system that sends results (ORU), orders (ORM, OML), patient data and merges (ADT) by MLLP."""
    if "|" in host + application:
        raise click.BadParameter("must not hold |")
    _add(installation, IntakeSource(name, Way.HL7, hospital_id, return_to, f"{host}|{application}", now(), takes_references=references))
    if return_to not in ("", OWN_FOLDER):
        add_return_queue(name, return_to)
    installation.say(
        {"name": name, "port": installation.hl7_port},
        f"{host} may now send results, orders and patient data for {hospital_id or 'the hospital'}.",
    )


@station.command("add-console")
@click.argument("name", callback=_name)
@_hospital
@click.option("--aet", required=True, help="Its AE title.")
@click.option("--host", required=True, callback=_address, help="The IP address that it prints from.")
@click.pass_obj
def add_console(installation: Installation, name: str, hospital_id: str, aet: str, host: str) -> None:
    """A console that can only print film (DICOM Basic Grayscale or Color Print): its films become images."""
    if installation.is_gateway:
        raise click.ClickException("A gateway takes no films: consoles print to the cloud.")
    if not _AET.fullmatch(aet):
        raise click.BadParameter("allowed are 1 to 16 of A-Z, 0-9, _, . and -", param_hint="--aet")
    with installation.database.transaction() as cursor:
        taken = console_at(cursor, host, aet)
    if taken is not None and taken.name != name:
        raise click.ClickException(f"{aet} at {host} is the station {taken.name} already: an AE title at an address is one console.")
    _add(installation, IntakeSource(name, Way.CONSOLE, hospital_id, "", f"{host}|{aet}", now()))
    installation.say(
        {"name": name, "port": installation.print_port},
        f"{aet} at {host} may now print films of {hospital_id} to the AE title CLOUDFILM at port {installation.print_port}.",
    )


@station.command("list")
@click.pass_obj
def list_stations(installation: Installation) -> None:
    """All stations and when each was last heard of."""
    sources = _listed(installation)
    lines = "\n".join(f"{one.name}\t{one.kind}\t{one.hospital_id}\t{one.last_used_at or 'never used'}" for one in sources)
    installation.say({"stations": [asdict(one) for one in sources]}, lines or "There is no station yet.")


def _listed(installation: Installation) -> list[IntakeSource]:
    if not installation.is_gateway:
        with installation.database.transaction() as cursor:
            return list_sources(cursor) + list_sources_at_gateways(cursor)
    places = GatewayPlaces(installation.settings.data_directory)
    used = Arrivals(places.reports).last_used() if places.reports.exists() else {}
    stations = StationFile(places.stations).all()
    return [replace(one, last_used_at=datetime.fromtimestamp(used[one.name], UTC) if one.name in used else None) for one in stations]


def _printers(installation: Installation) -> list[IntakeSource]:
    if installation.is_gateway:
        return StationFile(GatewayPlaces(installation.settings.data_directory).stations).of_kind(Way.PRINTER)
    with installation.database.transaction() as cursor:
        return list_sources(cursor, Way.PRINTER)


def _check_raw_port(installation: Installation, name: str, port: int) -> None:
    taken = {int(one) for one in (installation.ipp_port, installation.hl7_port, installation.print_port)}
    others = {source.raw_port: source.name for source in _printers(installation) if source.name != name}
    if port in taken or port in others:
        raise click.ClickException(f"Port {port} is used by {others.get(port, 'CloudFilm itself')}: choose another for this station.")


def _add(installation: Installation, source: IntakeSource) -> None:
    if installation.is_gateway:
        StationFile(GatewayPlaces(installation.settings.data_directory).stations).add(source)
        return
    with installation.database.transaction() as cursor:
        known_hospital(cursor, source.hospital_id)
        stored = add_source(cursor, source)
        if (stored.hospital_id, stored.kind) != (source.hospital_id, source.kind):
            raise click.ClickException(f"The name {source.name} is taken: choose another for this station.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"added the station {source.name} ({source.kind})", source.hospital_id)
