# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm audit: is the trail whole, what happened, all of it for another system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import batched
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from admin.installation import Installation
from cloudfilm.access.audit import AuditKind
from cloudfilm.access.audit_message import audit_message
from cloudfilm.db.audit_events import AuditSearch, RecordedEvent, broken_places, events_after, seals_at, search_events, trail_head
from cloudfilm.storage.audit_heads import AuditHeads

_PORTION = 1000


@click.group()
def audit() -> None:
    """The audit trail: who saw what."""


@audit.command("verify")
@click.pass_obj
def audit_verify(installation: Installation) -> None:
    """Check that no event was changed, put in or taken out, the newest included. Exit status 1 and the places otherwise."""
    with installation.database.transaction() as cursor:
        head = trail_head(cursor)
        broken = list(broken_places(cursor, installation.key_ring.auditing))
    anchors = list(_anchor_faults(installation))
    faults = [f"event {place} was changed, or what was before it was taken out" for place in broken] + list(filter(None, anchors))
    events = head.sequence if head else 0
    installation.say(
        {"unbroken": not faults, "last_event": events, "anchors": len(anchors), "faults": faults},
        "\n".join(faults) or f"The trail is whole: {events} events, {len(anchors)} anchors.",
    )
    if faults:
        raise click.exceptions.Exit(1)


def _anchor_faults(installation: Installation) -> Iterator[str]:
    """For each anchored head what is wrong with it, empty when nothing is."""
    for lines in batched(AuditHeads(installation.settings.audit_heads_file).read(), _PORTION, strict=False):
        with installation.database.transaction() as cursor:
            seals = seals_at(cursor, [head.sequence for _, head in lines if head])
        for number, head in lines:
            if head is None:
                yield f"line {number} of heads.log cannot be read"
            elif head.sequence not in seals:
                yield f"event {head.sequence}, which was there at {head.anchored_at.isoformat()}, is gone"
            else:
                yield (
                    ""
                    if seals[head.sequence] == head.seal
                    else f"event {head.sequence} is not what it was at {head.anchored_at.isoformat()}"
                )


@audit.command("search")
@click.option("--hospital", "hospital_id", required=True, metavar="ID", help='Whose events; "" for those of no hospital.')
@click.option("--since", type=click.DateTime(), help="From then on, in the installation's time zone.")
@click.option("--until", type=click.DateTime(), help="Before then.")
@click.option("--kind", type=click.Choice([kind.value for kind in AuditKind]), default=None)
@click.option("--outcome", type=click.Choice(["success", "denied"]), default=None)
@click.option("--text", default="", help="Part of an actor, a study, an address, a detail, a grant or a report.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.pass_obj
def audit_search(
    installation: Installation,
    hospital_id: str,
    since: datetime | None,
    until: datetime | None,
    kind: str | None,
    outcome: str | None,
    text: str,
    limit: int,
) -> None:
    """What happened, the newest first."""
    zone = installation.settings.time_zone
    search = AuditSearch(
        hospital_id=hospital_id,
        since=since.replace(tzinfo=zone) if since else None,
        until=until.replace(tzinfo=zone) if until else None,
        kind=kind or "",
        outcome=outcome or "",
        text=text,
    )
    with installation.database.transaction() as cursor:
        found = search_events(cursor, search, limit)
        installation.record_in(cursor, AuditKind.LOG_READ, "searched the audit trail", hospital_id)
    lines = "\n".join(_line(one, zone) for one in found)
    installation.say({"events": [_facts(one) for one in found]}, lines or "Nothing was found.")


@audit.command("export")
@click.option(
    "--format", "form", type=click.Choice(["json", "xml"]), required=True, help="JSON lines, or DICOM Audit Messages in one document."
)
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Only what came after this place in the trail.")
@click.pass_obj
def audit_export(installation: Installation, form: str, after: int) -> None:
    """The whole trail of every hospital, in order."""
    with installation.database.transaction() as cursor:
        installation.record_in(cursor, AuditKind.LOG_READ, f"exported the audit trail after event {after}")
    source = str(urlsplit(installation.settings.public_url).hostname)
    if form == "xml":
        click.echo('<?xml version="1.0" encoding="UTF-8"?>\n<AuditMessages>')
    for recorded in _all_events(installation, after):
        click.echo(
            json.dumps(_facts(recorded), ensure_ascii=False, default=str)
            if form == "json"
            else audit_message(recorded.event, recorded.sequence, source).partition("?>")[2]
        )
    if form == "xml":
        click.echo("</AuditMessages>")


def _all_events(installation: Installation, after: int) -> Iterator[RecordedEvent]:
    while True:
        with installation.database.transaction() as cursor:
            portion = events_after(cursor, after, _PORTION)
        yield from portion
        if len(portion) < _PORTION:
            return
        after = portion[-1].sequence


def _facts(recorded: RecordedEvent) -> dict[str, Any]:
    facts = asdict(recorded.event) | {"happened_at": recorded.event.happened_at.astimezone(UTC).isoformat(timespec="microseconds")}
    return {"sequence": recorded.sequence, **facts}


def _line(recorded: RecordedEvent, zone: ZoneInfo) -> str:
    event = recorded.event
    when = event.happened_at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    who = f"{event.actor_kind} {event.actor_id}".strip()
    what = " ".join(filter(None, (event.study_instance_uid, str(event.report_id or ""), event.detail)))
    return "\t".join((str(recorded.sequence), when, event.kind, event.outcome, who, event.address, event.device, what))
