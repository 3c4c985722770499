# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm storage: where attachments lie, moving them, and a bucket that is tried out."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from admin.installation import Installation
from admin.migration import Migration, Pace, Place, Progress
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.orthanc_index import count_attachments
from cloudfilm.db.storage_objects import storage_totals
from cloudfilm.errors import CloudFilmError
from cloudfilm.orthanc_api.object_storage import ObjectStorage, open_object_storage
from cloudfilm.settings import load_configuration
from machine.installation import APP


@click.group()
def storage() -> None:
    """The images' place: this machine's disk or an S3 bucket."""


@storage.command("status")
@click.pass_obj
def storage_status(installation: Installation) -> None:
    """How many attachments lie where."""
    objects = _open(installation)
    with objects.database.transaction() as cursor:
        in_store, size = storage_totals(cursor)
    with objects.index.transaction() as cursor:
        all_of_them = count_attachments(cursor)
    target = Place.S3 if installation.settings.stores_to_s3 else Place.LOCAL
    sentence = f"{in_store} of {all_of_them} attachments are recorded in the bucket ({size / 1e6:.0f} MB); new ones go to: {target}."
    installation.say({"attachments": all_of_them, "in_bucket": in_store, "bytes_in_bucket": size, "new_ones_go_to": target}, sentence)


@storage.command("check")
@click.pass_obj
def storage_check(installation: Installation) -> None:
    """Put, read and delete an object in the bucket, as images are."""
    objects = _open(installation)
    settings = installation.settings.s3
    name = "/".join(filter(None, (settings.root_path if settings else "", f"check-{uuid4()}")))
    content = os.urandom(100_000)
    objects.bucket.put(name, content)
    is_same = objects.bucket.get(name) == content
    objects.bucket.delete(name)
    if not is_same:
        raise click.ClickException("The bucket took an object and gave back other bytes: do not store in it.")
    installation.say({"checked": True}, "The bucket keeps what it is given: an object was put, read and deleted.")


@storage.command("migrate")
@click.option("--to", "target", type=click.Choice([place.value for place in Place]), required=True, help="Where everything shall lie.")
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 10_000),
    metavar="MB/S",
    help="Move no more than so many MB a second (default: as fast as it goes).",
)
@click.option("--threads", type=click.IntRange(1, 32), default=4, show_default=True, help="How many are moved at once.")
@click.pass_obj
def storage_migrate(installation: Installation, target: str, rate: float | None, threads: int) -> None:
    """Move all attachments while CloudFilm runs; started again, it goes on where it was stopped."""
    place = Place(target)
    _refuse_a_moving_target(installation, place)
    objects = _open(installation)
    with objects.index.transaction() as cursor:
        total = count_attachments(cursor)
    with click.progressbar(length=total, label=f"to {place}", show_pos=True, hidden=installation.as_json) as bar:
        migration = Migration(objects, place, Pace(rate * 1e6 if rate else None), threads, lambda _progress: bar.update(1))
        try:
            done = migration.run()
        except CloudFilmError as error:
            raise click.ClickException(f"{error.public_message} {_sentence(migration.progress)} Start it again to go on.") from error
    with installation.database.transaction() as cursor:
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"moved {done.moved} attachments to {place}")
    installation.say({"to": place, **asdict(done)}, "\n".join([_sentence(done), *done.failures]))
    if done.failed:
        raise click.exceptions.Exit(1)


def _open(installation: Installation) -> ObjectStorage:
    configuration: dict[str, Any] = load_configuration(
        Path(os.environ.get("CLOUDFILM_APP", APP)) / "orthanc.json", installation.environment
    )
    objects = open_object_storage(installation.settings, installation.database, configuration, has_cache=False)
    if objects is None:
        raise click.ClickException('No bucket is set: name one by the setting "S3Bucket" (docs/storage.md), then restart CloudFilm.')
    return objects


def _refuse_a_moving_target(installation: Installation, target: Place) -> None:
    """What arrives meanwhile must go to the target already, or the migration never ends."""
    if (target is Place.S3) != installation.settings.stores_to_s3:
        raise click.ClickException(
            f'New images still go elsewhere: set "Storage" to "{target}" (CLOUDFILM_STORAGE), restart CloudFilm, then migrate (docs/storage.md).'
        )


def _sentence(done: Progress) -> str:
    parts = [f"Moved {done.moved} attachments ({done.moved_bytes / 1e6:.1f} MB), {done.there_already} were there already"]
    if done.gone:
        parts.append(f"{done.gone} were deleted meanwhile")
    if done.failed:
        parts.append(f"{done.failed} could not be moved and stay where they are")
    return ", ".join(parts) + "."
