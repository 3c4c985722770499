# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm: administration of a running installation, from its own machine."""

from __future__ import annotations

import getpass
import os
import re
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import click

from admin.audit import audit
from admin.films import film
from admin.gateways import gateway
from admin.installation import Installation, known_hospital, now
from admin.keys import key
from admin.kiosks import kiosk
from admin.oidc import oidc
from admin.orders import order
from admin.printers import printer
from admin.publish import publish
from admin.set_aside import set_aside
from admin.stations import station
from admin.storage import storage
from admin.users import user
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.grant import Grant
from cloudfilm.access.holder import ApiHolder, Scope
from cloudfilm.access.token import ApiToken, issue_token
from cloudfilm.db.api_tokens import add_api_token, hospital_of_token, list_api_tokens, revoke_api_token
from cloudfilm.db.database import Database
from cloudfilm.db.grants import grant_with_id, list_grants, revoke_grant
from cloudfilm.db.hospitals import (
    Hospital,
    Modality,
    add_hospital,
    add_modality,
    let_grants_reach_all_exams,
    list_hospitals,
)
from cloudfilm.errors import CloudFilmError
from cloudfilm.orthanc_api.modality import RegisteredModality
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import load_settings
from cloudfilm.storage.key_files import load_key_ring
from machine.installation import APP, ENVIRONMENT_FILE

_HOSPITAL_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_AET = re.compile(r"[A-Z0-9_.-]{1,16}")


class FriendlyGroup(click.Group):
    """Our errors are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except CloudFilmError as error:
            raise click.ClickException(error.public_message) from error


@click.group(cls=FriendlyGroup)
@click.option("--data", metavar="DIR", help="Data folder of the installation (default: var/ in the checkout).")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_context
def cloudfilm(context: click.Context, data: str | None, as_json: bool) -> None:
    """Administer a running CloudFilm."""
    del data  # scripts/native/enter has shown that folder to us already
    environment = dict(os.environ)
    if ENVIRONMENT_FILE.exists():
        environment |= dict(line.split("=", 1) for line in ENVIRONMENT_FILE.read_text(encoding="utf-8").splitlines() if "=" in line)
    elif "CLOUDFILM_DATABASE_URI" not in environment:
        raise click.ClickException(
            "There is no CloudFilm in this data folder: start it once by scripts/run, or name its folder with --data DIR."
        )
    settings = load_settings(Path(os.environ.get("CLOUDFILM_APP", APP)) / "orthanc.json", environment)
    context.obj = Installation(settings, Database(settings.database_uri), load_key_ring(settings.keys_directory), environment, as_json)


@cloudfilm.group()
def hospital() -> None:
    """Hospitals (tenants)."""


@hospital.command("add")
@click.argument("hospital_id", metavar="ID", callback=lambda _c, _p, value: _matching(_HOSPITAL_ID, value, "1 to 31 of a-z, 0-9 and -"))
@click.option("--name", required=True, help="As patients read it, for example 北京示范医院.")
@click.option(
    "--reach-all-exams/--reach-one-exam",
    default=None,
    help="Whether a paper issued from now on opens its holder's earlier and later exams here too (default: the one exam).",
)
@click.pass_obj
def hospital_add(installation: Installation, hospital_id: str, name: str, reach_all_exams: bool | None) -> None:
    """Add a hospital, or rename one."""
    if not name.strip():
        raise click.BadParameter("must not be empty", param_hint="--name")
    with installation.database.transaction() as cursor:
        add_hospital(cursor, Hospital(hospital_id, name.strip()))
        if reach_all_exams is not None:
            let_grants_reach_all_exams(cursor, hospital_id, reach_all_exams)
        installation.record_in(cursor, AuditKind.ADMINISTERED, "added or changed the hospital", hospital_id)
    installation.say({"hospital_id": hospital_id, "name": name.strip()}, f"Hospital {hospital_id} is {name.strip()}.")


@hospital.command("list")
@click.pass_obj
def hospital_list(installation: Installation) -> None:
    """List all hospitals."""
    with installation.database.transaction() as cursor:
        hospitals = list_hospitals(cursor)
    lines = "\n".join(f"{one.hospital_id}\t{one.name}" for one in hospitals)
    installation.say({"hospitals": [asdict(one) for one in hospitals]}, lines or "There is no hospital yet.")


@cloudfilm.group()
def modality() -> None:
    """DICOM senders."""


@modality.command("add")
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose it is.")
@click.option(
    "--aet", required=True, callback=lambda _c, _p, value: _matching(_AET, value, "1 to 16 of A-Z, 0-9, _ . -"), help="Its AE title."
)
@click.option("--host", required=True, help="The address it calls from.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where it hears answers to Storage Commitment; without it, it cannot ask for any."
)
@click.pass_obj
def modality_add(installation: Installation, hospital_id: str, aet: str, host: str, port: int | None) -> None:
    """Let a DICOM sender in: it may C-ECHO and C-STORE, with --port ask for Storage Commitment, and what it sends is its hospital's."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        stored = add_modality(cursor, Modality(aet, hospital_id, host))
        if stored.hospital_id != hospital_id:
            raise click.ClickException(f"The AE title {aet} belongs to another hospital already: choose another for this device.")
        # Inside the transaction: what Orthanc did not take is not recorded.
        OrthancClient(installation.settings.orthanc_url, lambda: installation.key_ring, "admin", now).set_modality(
            RegisteredModality(aet, host, port)
        )
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"let the modality {aet} in from {host}", hospital_id)
    installation.say(asdict(stored), f"{aet} at {host} now sends for {hospital_id}. Called AE title: CLOUDFILM.")


@cloudfilm.group()
def token() -> None:
    """Tokens for programs (Authorization: Bearer …)."""


@token.command("issue")
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help="Whose data it may reach.")
@click.option("--scope", required=True, help="Some of query,retrieve,store,reports, separated by commas.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it is valid.")
@click.option("--label", default="", help="A note on who uses it.")
@click.pass_obj
def token_issue(installation: Installation, hospital_id: str, scope: str, days: int, label: str) -> None:
    """Issue a token. It is shown this once."""
    scopes = _scopes(scope)
    moment, lifetime = now(), timedelta(days=days)
    holder = ApiHolder(uuid4(), hospital_id, scopes, moment + lifetime, None)
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        add_api_token(cursor, holder, label, moment)
        installation.record_in(
            cursor, AuditKind.ADMINISTERED, f"issued token {holder.token_id} for {','.join(sorted(scopes))}", hospital_id
        )
    text = issue_token(ApiToken(holder.token_id), installation.key_ring, moment, lifetime, uuid4())
    installation.say({"token": text, "token_id": holder.token_id, "expires_at": holder.expires_at, "scope": sorted(scopes)}, text)


@token.command("list")
@click.option("--hospital", "hospital_id", required=True, metavar="ID")
@click.pass_obj
def token_list(installation: Installation, hospital_id: str) -> None:
    """All tokens of a hospital, newest first; none is shown itself."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        tokens = list_api_tokens(cursor, hospital_id)
    facts = [
        {
            "token_id": one.holder.token_id,
            "label": one.label,
            "scope": sorted(one.holder.scopes),
            "issued_at": one.issued_at,
            "expires_at": one.holder.expires_at,
            "revoked_at": one.holder.revoked_at,
            "last_used_at": one.last_used_at,
        }
        for one in tokens
    ]
    lines = "\n".join(
        f"{one.holder.token_id}\t{','.join(sorted(one.holder.scopes))}\t{'revoked' if one.holder.revoked_at else one.holder.expires_at}\t{one.label}"
        for one in tokens
    )
    installation.say({"tokens": facts}, lines or "There is no token yet.")


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
@click.pass_obj
def token_revoke(installation: Installation, token_id: UUID) -> None:
    """Revoke a token; effective within seconds."""
    with installation.database.transaction() as cursor:
        hospital_id = hospital_of_token(cursor, token_id)
        if hospital_id is None or not revoke_api_token(cursor, token_id, now()):
            raise click.ClickException(f"There is no token {token_id}.")
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"revoked token {token_id}", hospital_id)
    installation.say({"token_id": token_id, "revoked": True}, "The token is revoked.")


@cloudfilm.group()
def grant() -> None:
    """Grants: what the papers open."""


@grant.command("list")
@click.option("--hospital", "hospital_id", required=True, metavar="ID")
@click.pass_obj
def grant_list(installation: Installation, hospital_id: str) -> None:
    """The newest hundred grants of a hospital."""
    with installation.database.transaction() as cursor:
        known_hospital(cursor, hospital_id)
        grants = list_grants(cursor, hospital_id)
    moment = now()
    lines = "\n".join(f"{one.grant_id}\t{one.kind}\treport {one.report_id}\t{one.why_closed(moment) or 'open'}" for one in grants)
    installation.say({"grants": [_grant_facts(one, moment) for one in grants]}, lines or "There is no grant yet.")


@grant.command("revoke")
@click.argument("grant_id", type=click.UUID)
@click.pass_obj
def grant_revoke(installation: Installation, grant_id: UUID) -> None:
    """Revoke a grant, for example of a lost paper; effective within seconds."""
    with installation.database.transaction() as cursor:
        grant = grant_with_id(cursor, grant_id)
        if grant is None or not revoke_grant(cursor, grant_id, now(), getpass.getuser()):
            raise click.ClickException(f"There is no grant {grant_id}.")
        installation.record_in(cursor, AuditKind.GRANT_REVOKED, "", grant.hospital_id, grant_id)
    installation.say({"grant_id": grant_id, "revoked": True}, "The grant is revoked.")


def _grant_facts(grant: Grant, moment: datetime) -> dict[str, Any]:
    return {
        "grant_id": grant.grant_id,
        "kind": grant.kind,
        "report_id": grant.report_id,
        "studies": sorted(grant.reached_studies),
        "rights": sorted(grant.rights),
        "hides_names": not grant.shows_names,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "openings": grant.openings,
        "nickname": grant.nickname,
        "closed": grant.why_closed(moment),
    }


def _scopes(text: str) -> frozenset[Scope]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    allowed = [scope.value for scope in Scope]
    unknown = [name for name in names if name not in allowed]
    if unknown or not names:
        raise click.BadParameter(f"{text!r}; allowed are {', '.join(allowed)}, separated by commas", param_hint="--scope")
    return frozenset(map(Scope, names))


def _matching(pattern: re.Pattern[str], value: str, allowed: str) -> str:
    if not pattern.fullmatch(value):
        raise click.BadParameter(f"{value!r}; allowed is {allowed}")
    return value


for group in (station, film, gateway, kiosk, printer, order, user, set_aside, key, oidc, audit, storage, publish):
    cloudfilm.add_command(group)

if __name__ == "__main__":
    cloudfilm(prog_name="scripts/cloudfilm")
