# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench access."""

from __future__ import annotations

import json
import sys

import click

from bench.access import measure_access
from bench.failure import BenchFailed
from bench.table import as_facts, as_text


@click.command()
@click.option("--rounds", type=click.IntRange(5, 50), default=7, show_default=True, help="How often each case gets its turn.")
@click.option("--requests", "requests_a_round", type=click.IntRange(20, 2000), default=120, show_default=True, help="In one turn, at most.")
@click.option("--seconds", type=click.IntRange(5, 600), default=30, show_default=True, help="For all turns together.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def access(rounds: int, requests_a_round: int, seconds: int, as_json: bool) -> None:
    """What the filter, TLS, nginx and its subrequest add to the latency of one frame and of one instance's metadata."""
    try:
        measured = measure_access(rounds, requests_a_round, seconds)
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    click.echo(json.dumps(as_facts(measured), ensure_ascii=False) if as_json else as_text(measured))
