# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench publish: published frames with authorisation, the same files without it, and Orthanc's answers; what publishing costs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from bench.cloudfilm import cloudfilm
from bench.failure import BenchFailed
from bench.http2 import Throughput, throughput
from bench.plain_nginx import plain_nginx
from bench.stock_orthanc import stock_orthanc
from bench.study import BenchStudy, write_study
from machine.installation import APP, DATA

_ACCEPT = "multipart/related; type=application/octet-stream; transfer-syntax=*"
_PUBLISHED, _BARE, _STOCK = "published, authorised", "the same files, not authorised", "stock Orthanc, index in PostgreSQL"
# As ours has it: files by sendfile, a line in a log for each request.
_HTTP = """
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    log_format private '$remote_addr [$time_iso8601] "$request_method $uri $server_protocol" $status $body_bytes_sent $request_time';
    access_log {folder}/access.log private;
"""
_SERVER = """
        http2 on;
        location / {{ root {data}/published; }}
        location /dicom-web/ {{ proxy_pass http://stock; }}
"""


@click.command()
@click.option("--rounds", type=click.IntRange(3, 50), default=5, show_default=True, help="How often each case gets its turn.")
@click.option("--seconds", type=click.FloatRange(0.5, 60), default=3.0, show_default=True, help="Of one turn.")
@click.option("--slices", type=click.IntRange(4, 400), default=60, show_default=True, help="Of 512x512 pixels.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def publish(rounds: int, seconds: float, slices: int, as_json: bool) -> None:
    """Frames a second over TLS and HTTP/2, six connections with ten requests at once, all from memory; what publishing costs beside receiving."""
    try:
        facts = measure_publish(rounds, seconds, slices)
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    click.echo(json.dumps(facts) if as_json else as_text(facts))


def measure_publish(rounds: int, seconds: float, slices: int) -> dict[str, Any]:
    """Start all, measure, stop all."""
    with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary, ExitStack() as started:
        folder = Path(temporary)
        folder.chmod(0o711)
        study = write_study(folder / "study", slices, 512)
        ours = started.enter_context(cloudfilm(folder / "cloudfilm.log", study))
        received = _cpu_seconds("Orthanc") + _cpu_seconds("postgres")
        cost = _wait_until_published()
        stock = started.enter_context(stock_orthanc(folder / "stock", study))
        bare = started.enter_context(plain_nginx(folder / "nginx", stock, _HTTP.format(folder=folder / "nginx"), _SERVER.format(data=DATA)))
        frames = [f"/dicom-web{path}/frames/1" for path in study.instance_paths]
        files = ["/" + "/".join(path.split("/")[2::2]) + "/1.202" for path in study.instance_paths]
        plain = {"accept": _ACCEPT}
        cases = {
            _PUBLISHED: (ours.https_port, frames, {**plain, "authorization": f"Bearer {ours.token}"}),
            _BARE: (bare, files, plain),
            _STOCK: (bare, frames, plain),
        }
        turns: dict[str, list[Throughput]] = {name: [] for name in cases}
        for number in range(rounds + 1):
            for name, (port, paths, headers) in cases.items():
                turn = throughput(port, paths, headers, seconds)
                if number:  # the first round warms up
                    turns[name].append(turn)
        return {"cases": {name: _spread(of_case) for name, of_case in turns.items()}, **_ratios(turns), **_cost(cost, received, study)}


def _ratios(turns: dict[str, list[Throughput]]) -> dict[str, float]:
    def ratio(beside: str) -> float:
        return round(statistics.median(a.answers / b.answers for a, b in zip(turns[_PUBLISHED], turns[beside], strict=True)), 2)

    return {"of_the_same_files": ratio(_BARE), "times_stock": ratio(_STOCK)}


def _cost(figures: dict[str, Any], received: float, study: BenchStudy) -> dict[str, Any]:
    stored = sum(path.stat().st_size for path in study.files)
    return {
        "publishing_cpu_seconds": round(figures["cpu_seconds"], 2),
        "orthanc_and_postgresql_cpu_seconds_from_start_to_received": round(received, 2),
        "published_files": figures["files"],
        "published_bytes": figures["bytes"],
        "stored_bytes": stored,
        "share_of_stored_bytes": round(figures["bytes"] / stored, 3),
        "slices": len(study.files),
    }


def as_text(facts: dict[str, Any]) -> str:
    """A table, and the rest in lines."""
    width = max(map(len, facts["cases"]))
    lines = [f"  {'':{width}}  frames/s: median (lowest to highest), MB/s"]
    for name, case in facts["cases"].items():
        lines.append(f"  {name:{width}}  {case['answers']:.0f} ({case['lowest']:.0f} to {case['highest']:.0f}), {case['megabytes']:.0f}")
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in facts.items() if name != "cases")])


def _spread(turns: list[Throughput]) -> dict[str, float]:
    answers = [turn.answers for turn in turns]
    return {
        "answers": statistics.median(answers),
        "lowest": min(answers),
        "highest": max(answers),
        "megabytes": statistics.median(turn.bytes for turn in turns) / 1e6,
    }


def _wait_until_published() -> dict[str, Any]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        result = subprocess.run(
            [sys.executable, "-m", "admin.cli", "--json", "publish"], capture_output=True, text=True, check=True, cwd=APP
        )
        figures: dict[str, Any] = json.loads(result.stdout)
        if figures["published"] == 1:
            return figures
        time.sleep(1)
    raise BenchFailed("the study was not published within two minutes")


def _cpu_seconds(name: str) -> float:
    """Processor time so far of our processes of this name: those that run on the data folder, and PostgreSQL's children that live."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == name and _is_ours(process):
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue  # it ended meanwhile
    return ticks / os.sysconf("SC_CLK_TCK")


def _is_ours(process: Path) -> bool:
    """In our mount namespace: other instances may run on this machine."""
    return (process / "ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
