# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench storage."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from bench.failure import BenchFailed
from bench.storage import ASSOCIATIONS, StorageMeasured, measure_storage


@click.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True, help="How often each case gets its turn.")
@click.option("--images", type=click.IntRange(2, 500), default=16, show_default=True, help="Sent on each association in a round.")
@click.option("--s3-on-disk", is_flag=True, help="Keep the S3 server's SQLite files on the disk, not in memory.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def storage(rounds: int, images: int, s3_on_disk: bool, as_json: bool) -> None:
    """C-STORE into S3 beside the local disk, reading from S3's cache beside the local disk."""
    try:
        measured = measure_storage(rounds, images, s3_on_disk)
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    click.echo(json.dumps(asdict(measured)) if as_json else _as_text(measured))


def _as_text(measured: StorageMeasured) -> str:
    where = "on the disk" if measured.s3_is_on_disk else "in memory"
    rows = [
        ("C-STORE, 1 association, images/s", measured.ingest_1),
        (f"C-STORE, {ASSOCIATIONS} associations, images/s", measured.ingest_8),
        (f"processor seconds for {measured.images} images", measured.cpu_seconds),
        ("frames/s, warm (S3: from the read cache)", measured.reads),
    ]
    lines = [
        f"Images of {measured.image_bytes / 1000:.0f} kB; radosgw with its files {where}; median (lowest to highest round)",
        f"{'':48}{'local disk':>24}{'S3':>24}{'S3 / local disk':>24}",
    ]
    for name, figures in rows:
        local, s3 = figures["local disk"], figures["S3"]
        lines.append(f"{name:48}{_cell(local):>24}{_cell(s3):>24}{_cell([b / a for a, b in zip(local, s3, strict=True)]):>24}")
    lines += [
        f"{'the S3 server alone, images/s':48}{'':24}{_cell(measured.s3_puts):>24}",
        f"{'frames/s, cold (prefetched from S3)':48}{'':24}{_cell(measured.cold_reads):>24}",
        f"{'objects for each image':48}{'':24}{measured.objects_per_image:>24.2f}",
        f"{'bytes in S3 for each image':48}{'':24}{measured.bytes_per_image:>24.0f}",
    ]
    return "\n".join(lines)


def _cell(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):.2f} ({min(figures):.2f} to {max(figures):.2f})"
