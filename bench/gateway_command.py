# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench gateway."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from bench.failure import BenchFailed
from bench.gateway import GatewaySpeed, measure_gateway


@click.command()
@click.option("--megabits", type=click.FloatRange(1, 10_000), default=100.0, show_default=True, help="What the line carries a second.")
@click.option("--milliseconds", type=click.FloatRange(0, 1000), default=50.0, show_default=True, help="There and back.")
@click.option("--slices", type=click.IntRange(20, 5000), default=400, show_default=True, help="In each of the two studies.")
@click.option("--side", type=click.IntRange(64, 2048), default=512, show_default=True, help="Pixels: 512 are 526 kB.")
@click.option(
    "--publish/--no-publish", "publishes", default=True, help="Whether the cloud publishes meanwhile, which takes processor time."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def gateway(megabits: float, milliseconds: float, slices: int, side: int, publishes: bool, as_json: bool) -> None:
    """What a gateway makes of a line, and how soon after its last C-STORE a study is on the patient's page."""
    try:
        measured = measure_gateway(megabits, milliseconds, slices, side, publishes)
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    click.echo(json.dumps(asdict(measured), ensure_ascii=False) if as_json else as_text(measured))


def as_text(measured: GatewaySpeed) -> str:
    """A sentence for each figure."""
    backlog, live = measured.backlog, measured.live
    spent = ", ".join(f"{name} {seconds:.1f}" for name, seconds in backlog.processor_seconds.items())
    return (
        f"Line: {measured.megabits:g} Mbit/s, {measured.milliseconds:g} ms there and back; the cloud"
        f" {'publishes' if measured.publishes else 'does not publish'} meanwhile\n"
        f"Backlog of {backlog.megabytes:.0f} MB: {backlog.megabits:.1f} Mbit/s, {backlog.share:.0%} of the line, from the first batch to the last"
        f" receipt ({backlog.seconds:.1f} s; the forwarder started in {backlog.starting_seconds:.1f} s)\n"
        f"  processor seconds: {spent}\n"
        f"A study of {live.megabytes:.0f} MB, sent by a modality in {live.sent_in_seconds:.1f} s. After its last C-STORE: all confirmed"
        f" {live.confirmed_after:.1f} s, all images on the patient's page {live.all_shown_after:.1f} s, called complete {live.complete_after:.1f} s"
    )
