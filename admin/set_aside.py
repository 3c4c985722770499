# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm set-aside: instances that were refused because their study belongs to another hospital."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import click

from admin.installation import Installation
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.database import Cursor
from cloudfilm.db.set_aside import SetAside, list_set_aside, remove_set_aside, set_aside_with_id
from cloudfilm.storage.documents import DocumentStore


@click.group("set-aside")
def set_aside() -> None:
    """Instances that wait for people to look: their study belongs to another hospital."""


@set_aside.command("list")
@click.option("--hospital", "hospital_id", metavar="ID", help="Only what this hospital sent.")
@click.pass_obj
def set_aside_list(installation: Installation, hospital_id: str | None) -> None:
    """The newest thousand."""
    with installation.database.transaction() as cursor:
        found = list_set_aside(cursor, hospital_id)
    installation.say({"set_aside": [asdict(one) for one in found]}, "\n".join(map(_line, found)) or "Nothing is set aside.")


@set_aside.command("show")
@click.argument("set_aside_id", type=click.UUID)
@click.option("--output", type=click.Path(path_type=Path, exists=False, dir_okay=False), help="Write the DICOM file there.")
@click.pass_obj
def set_aside_show(installation: Installation, set_aside_id: UUID, output: Path | None) -> None:
    """One instance; with --output its bytes too."""
    with installation.database.transaction() as cursor:
        one = _known(cursor, set_aside_id)
        if output is not None:
            installation.record_in(cursor, AuditKind.ADMINISTERED, f"took a copy of the set-aside instance {set_aside_id}", one.hospital_id)
    if output is not None:
        if not one.bytes_kept:
            raise click.ClickException("Its bytes were not kept: there was no room (setting SetAsideMegabytes). Its sender still has them.")
        output.write_bytes(_store(installation).get(one.content_sha256))
    facts = asdict(one)
    installation.say(facts, "\n".join(f"{name}: {value}" for name, value in facts.items()))


@set_aside.command("discard")
@click.argument("set_aside_id", type=click.UUID)
@click.pass_obj
def set_aside_discard(installation: Installation, set_aside_id: UUID) -> None:
    """Forget an instance and delete its bytes."""
    with installation.database.transaction() as cursor:
        one = _known(cursor, set_aside_id)
        if remove_set_aside(cursor, one) and one.bytes_kept:
            _store(installation).remove(one.content_sha256)
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"discarded the set-aside instance {set_aside_id}", one.hospital_id)
    installation.say({"set_aside_id": set_aside_id, "discarded": True}, "It is discarded.")


def _known(cursor: Cursor, set_aside_id: UUID) -> SetAside:
    one = set_aside_with_id(cursor, set_aside_id)
    if one is None:
        raise click.ClickException(f"There is no set-aside instance {set_aside_id}.")
    return one


def _store(installation: Installation) -> DocumentStore:
    return DocumentStore(installation.settings.set_aside_directory)


def _line(one: SetAside) -> str:
    kept = f"{one.size_bytes} bytes" if one.bytes_kept else "not kept: no room"
    return f"{one.set_aside_id}\t{one.received_at:%Y-%m-%d %H:%M}\t{one.hospital_id}\t{one.sender}\t{one.study_instance_uid}\t{kept}"
