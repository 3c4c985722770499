# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm key …: the keys that sign tokens. Running processes follow by themselves, at the next request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from admin.installation import Installation
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.key_ring import SigningKey
from cloudfilm.db.api_tokens import count_open_tokens
from cloudfilm.db.database import Cursor
from cloudfilm.storage.key_files import key_lock, new_signing_key, read_signing_keys, write_signing_keys


@click.group()
def key() -> None:
    """Keys that sign tokens and cookies."""


@key.command("list")
@click.pass_obj
def key_list(installation: Installation) -> None:
    """Names and ages, oldest first, never the keys themselves; the last one signs."""
    keys = read_signing_keys(installation.settings.keys_directory)
    with installation.database.transaction() as cursor:
        facts = [_facts(cursor, keys, place) for place in range(len(keys))]
    lines = "\n".join(
        f"{one['key_id']}\t{one['created_at'] or 'age unknown'}\t{one['open_tokens']} tokens of programs\t{'signs' if one['signs'] else ''}"
        for one in facts
    )
    installation.say({"keys": facts}, lines)


@key.command("rotate")
@click.pass_obj
def key_rotate(installation: Installation) -> None:
    """Make a new key: it signs from now on, what older ones signed stays good until they are retired."""
    directory = installation.settings.keys_directory
    made = new_signing_key(datetime.now(UTC))
    # Recorded first: should the file not be written, nothing of it stands in the trail either.
    with key_lock(directory), installation.database.transaction() as cursor:
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"made signing key {made.key_id}")
        write_signing_keys(directory, [*read_signing_keys(directory), made])
    installation.say({"key_id": made.key_id}, f"Key {made.key_id} signs from now on.")


@key.command("retire")
@click.argument("key_id")
@click.pass_obj
def key_retire(installation: Installation, key_id: str) -> None:
    """Throw an old key away: tokens and cookies that it signed are worth nothing within seconds.

    `key list` shows how many tokens of programs that would end; they have to be issued anew.
    """
    directory = installation.settings.keys_directory
    with key_lock(directory), installation.database.transaction() as cursor:
        keys = read_signing_keys(directory)
        place = next((place for place, one in enumerate(keys) if one.key_id == key_id), None)
        if place is None:
            raise click.ClickException(f"There is no key {key_id!r}: see `key list`.")
        if place == len(keys) - 1:
            raise click.ClickException(f"Key {key_id} is the newest, which signs: make another by `key rotate` first.")
        ended = _facts(cursor, keys, place)["open_tokens"]
        installation.record_in(cursor, AuditKind.ADMINISTERED, f"retired signing key {key_id}")
        write_signing_keys(directory, [one for one in keys if one.key_id != key_id])
    installation.say({"key_id": key_id, "ended_tokens": ended}, f"Key {key_id} is retired, and with it {ended} tokens of programs.")


def _facts(cursor: Cursor, keys: list[SigningKey], place: int) -> dict[str, Any]:
    """A key as it may be shown; its tokens are those that were issued while it was the newest."""
    one, last = keys[place], place == len(keys) - 1
    now = datetime.now(UTC)
    return {
        "key_id": one.key_id,
        "created_at": one.created_at,
        "age_days": (now - one.created_at).days if one.created_at else None,
        "signs": last,
        "open_tokens": count_open_tokens(cursor, one.created_at if place else None, None if last else keys[place + 1].created_at, now),
    }
