# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm gateway …: add a hospital's gateway (in the cloud); let modalities and workstations in, take reports out (on its own machine)."""

from __future__ import annotations

import os
import re
from typing import Any
from uuid import uuid4

import click

from admin.installation import Installation, known_hospital, now
from cloudfilm.access.access_code import CODE_BYTES
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.pairing_code import LIFETIME, new_pairing_code
from cloudfilm.db.gateways import add_gateway, list_gateways
from cloudfilm.db.origin import Way
from cloudfilm.orthanc_api.modality import DicomRight, RegisteredModality
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.storage.whole_file import write_whole
from cloudfilm.transfer.places import GatewayPlaces
from cloudfilm.transfer.reports.arrivals import Arrivals

_NUMBER = re.compile(r"[0-9a-f-]{6,36}")
_AET = re.compile(r"[A-Z0-9_.-]{1,16}")


@click.group()
def gateway() -> None:
    """Gateways: boxes in hospitals that forward what they receive."""


@gateway.command("add")
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose it is.")
@click.option("--name", required=True, help="Where it stands, for example 放射科机房.")
@click.pass_obj
def add(installation: Installation, hospital_id: str, name: str) -> None:
    """In the cloud: make a pairing code. It is shown this once, is good for a day, and pairs one gateway."""
    if not name.strip() or len(name.strip()) > 60:
        raise click.BadParameter("must be 1 to 60 characters", param_hint="--name")
    moment, gateway_id, code = now(), uuid4(), new_pairing_code(os.urandom(CODE_BYTES), installation.key_ring.hashing)
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        add_gateway(cursor, gateway_id, hospital_id, name.strip(), code.hash, moment + LIFETIME, moment)
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"added gateway {gateway_id}", hospital_id)
    facts = {"gateway_id": gateway_id, "hospital_id": hospital_id, "pairing_code": code.text, "expires_at": moment + LIFETIME}
    installation.say(
        facts,
        f"Pairing code, good for 24 hours: {code.text}\n"
        f"On the gateway: type it at http://localhost:8080/gateway/pair, or scripts/run --role gateway --cloud URL --pair {code.text}",
    )


@gateway.command("list")
@click.option("--hospital", "hospital_id", metavar="ID", help="Only this hospital's.")
@click.pass_obj
def list_all(installation: Installation, hospital_id: str | None) -> None:
    """In the cloud: all gateways, when each was last heard of and what it had waiting."""
    with installation.database.transaction() as cursor:
        gateways = list_gateways(cursor, hospital_id)
    facts = [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in gateways]
    lines = "\n".join(
        f"{one.hospital_id}\t{one.name}\t{one.last_seen_at or ('never heard of' if one.paired_at else 'not paired')}\t"
        f"waiting: {one.told.get('waiting', '?')} images, {one.told.get('reports_waiting', '?')} reports"
        for one in gateways
    )
    installation.say({"gateways": facts}, lines or "There is no gateway yet.")


@gateway.command("let-in")
@click.option("--aet", required=True, help="Its AE title.")
@click.option("--host", required=True, help="The address it calls from.")
@click.option(
    "--may",
    "rights",
    default="store",
    show_default=True,
    help="Some of store,find,move,get, separated by commas. A workstation: find,move.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where it hears images that it fetches by C-MOVE, and answers to Storage Commitment; without it, it cannot ask for either.",
)
@click.pass_obj
def let_in(installation: Installation, aet: str, host: str, rights: str, port: int | None) -> None:
    """On the gateway: let a modality or a workstation in. It may C-ECHO and what --may says; a second time replaces the first."""
    if not _AET.fullmatch(aet):
        raise click.BadParameter(f"{aet!r}; allowed is 1 to 16 of A-Z, 0-9, _ . -", param_hint="--aet")
    allowed = _rights(rights)
    if DicomRight.MOVE in allowed and port is None:
        raise click.BadParameter("is needed with --may move: images are sent there", param_hint="--port")
    modality = RegisteredModality(aet, host, port, allowed)
    _orthanc(installation).set_modality(modality)
    installation.say(_facts(modality), f"{aet} at {host} may {', '.join(sorted(allowed))} at this gateway. Called AE title: CLOUDFILM.")


@gateway.command("admitted")
@click.pass_obj
def admitted(installation: Installation) -> None:
    """On the gateway: who was let in, from where, and what each may do."""
    found = _orthanc(installation).modalities()
    lines = "\n".join(f"{one.aet}\t{one.host}\t{one.port or '-'}\t{','.join(sorted(one.rights))}" for one in found)
    installation.say({"admitted": [_facts(one) for one in found]}, lines or "Nobody was let in yet.")


@gateway.command("shut-out")
@click.option("--aet", required=True, help="Its AE title.")
@click.pass_obj
def shut_out(installation: Installation, aet: str) -> None:
    """On the gateway: take all rights from a modality or a workstation. What it has sent stays."""
    orthanc = _orthanc(installation)
    if aet not in {one.aet for one in orthanc.modalities()}:
        raise click.ClickException(f"{aet} was not let in.")
    orthanc.remove_modality(aet)
    installation.say({"aet": aet, "shut_out": True}, f"{aet} is not served any more.")


@gateway.command("take-out")
@click.argument("number", metavar="NUMBER")
@click.pass_obj
def take_out(installation: Installation, number: str) -> None:
    """On the gateway: write a report that will never get through to gateway/taken-out/, and count it no more. NUMBER stands on the status page."""
    if not installation.is_gateway:
        raise click.ClickException("This is not a gateway: what the cloud could not take is on its review page.")
    places = GatewayPlaces(installation.settings.data_directory)
    arrivals = Arrivals(places.reports)
    one = arrivals.trouble_numbered(number.lower()) if _NUMBER.fullmatch(number.lower()) else None
    if one is None:
        raise click.ClickException(f"No report with the number {number} has to be looked at: see the status page.")
    places.taken_out.mkdir(mode=0o700, exist_ok=True)
    file = places.taken_out / f"{one.arrival_id}{'.hl7' if one.kind == Way.HL7 else '.pdf'}"
    write_whole(file, one.content)
    if one.named_file is not None:
        write_whole(file.with_suffix(".named"), one.named_file)
    arrivals.let_go(one.arrival_id)
    installation.say({"number": one.arrival_id, "station": one.station, "file": f"gateway/taken-out/{file.name}"}, f"It is in {file} now.")


def _orthanc(installation: Installation) -> OrthancClient:
    return OrthancClient(installation.settings.orthanc_url, lambda: installation.key_ring, "admin", now)


def _rights(text: str) -> frozenset[DicomRight]:
    try:
        rights = frozenset(DicomRight(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        rights = frozenset()
    if not rights:
        raise click.BadParameter(f"{text!r}; allowed are some of {','.join(DicomRight)}, separated by commas", param_hint="--may")
    return rights


def _facts(one: RegisteredModality) -> dict[str, Any]:
    return {"aet": one.aet, "host": one.host, "port": one.port, "may": sorted(one.rights)}
