# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench without the name of a benchmark."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from bench.failure import BenchFailed
from bench.whole.measuring import lines_of, measure_whole, say_on_stderr
from bench.whole.report import as_text
from bench.whole.scale import QUICK, WHOLE

LINES = tuple(lines_of(WHOLE))


def whole(quick: bool, as_json: bool, only: tuple[str, ...], output: Path | None) -> None:
    """Print the table, or the figures in JSON; ``output`` gets the JSON either way."""
    scale = QUICK if quick else WHOLE
    unknown = set(only) - set(lines_of(scale))
    if unknown:
        raise click.UsageError(f"There is no line {', '.join(sorted(unknown))}; there are {', '.join(lines_of(scale))}.")
    try:
        facts = measure_whole(scale, only, say_on_stderr, partial(_keep, output))
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    click.echo(json.dumps(facts, ensure_ascii=False, indent=1) if as_json else as_text(facts))
    if facts["failed"]:
        raise click.exceptions.Exit(1)


def _keep(output: Path | None, facts: dict[str, Any]) -> None:
    """What is known so far: an hour's figures survive whatever ends the measurement."""
    if output is not None:
        output.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
