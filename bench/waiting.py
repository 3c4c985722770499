# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench waiting: many reports wait at once; are they read in order, and does the worker stay as small as it was?"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bench.failure import BenchFailed
from bench.installation import process_tree
from bench.process import free_port, listening_options, running
from bench.waiting_fill import HOSPITAL_ID
from cloudfilm.db.database import Database, only_value
from machine.installation import APP, DATA, RUN

_URI = f"postgresql:///cloudfilm?host={RUN}/postgresql&user=cloudfilm"
_LOOK_EVERY_SECONDS = 0.5
_WARM = 20  # reports after which everything is loaded that a worker loads


@dataclass(frozen=True, slots=True)
class Waited:
    """What was seen.

    ``furthest_out_of_order`` is by how many places a report was read earlier or later than it came; two are read at the same time.
    ``worker_megabytes_*`` is the worker's resident memory: when it was warm, at the end, at its highest; ``largest_process_megabytes`` of the
    processes that it starts.
    """

    waiting: int
    seconds_to_queue: float
    read: int
    not_as_expected: int
    seconds: float
    reports_a_second: float
    furthest_out_of_order: int
    worker_megabytes_warm: float
    worker_megabytes_at_the_end: float
    worker_megabytes_highest: float
    largest_process_megabytes: float


@click.command()
@click.option("--reports", "number", type=click.IntRange(30, 1_000_000), default=10_000, show_default=True, help="How many wait.")
@click.option("--seconds", type=click.IntRange(10, 100_000), default=600, show_default=True, help="How long the worker is watched at most.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def waiting(number: int, seconds: int, as_json: bool) -> None:
    """Queue many small reports while no worker runs, then let it run."""
    try:
        with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary:
            seen = _measure(number, seconds, Path(temporary) / "log")
    except BenchFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    facts = asdict(seen)
    click.echo(json.dumps(facts) if as_json else "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items()))


def _measure(number: int, seconds: float, log: Path) -> Waited:
    if DATA.exists() and any(DATA.iterdir()):
        raise BenchFailed("the data folder is not empty: start the measurement by scripts/bench")
    ports = listening_options(free_port(), free_port())
    command = [sys.executable, "-m", "machine.launch", *ports]
    with running("CloudFilm", command, log, lambda: "READY " in log.read_text(errors="replace"), timeout_seconds=180):
        _run(sys.executable, "-m", "admin.cli", "hospital", "add", HOSPITAL_ID, "--name", "Bench")
        _control("stop")
        began = time.monotonic()
        _run(sys.executable, "-m", "bench.waiting_fill", str(number), user="orthanc")
        queued_in = time.monotonic() - began
        return _watch(number, queued_in, seconds)


def _watch(number: int, queued_in: float, seconds: float) -> Waited:
    database = Database(_URI)
    _control("start")
    pid, began = int(_control("pid")), time.monotonic()
    warm = highest = last = largest = 0.0
    read = 0
    while read < number and time.monotonic() - began < seconds:
        time.sleep(_LOOK_EVERY_SECONDS)
        if not Path(f"/proc/{pid}").exists():
            raise BenchFailed("the worker died")
        last = _megabytes(pid)
        highest, largest = max(highest, last), max([largest, *map(_megabytes, process_tree(pid)[1:])])
        read = _count(database, "SELECT count(*) FROM report WHERE status <> 'received'")
        if read >= _WARM and not warm:
            warm = last
    took = time.monotonic() - began
    _control("stop")
    return Waited(
        waiting=number,
        seconds_to_queue=round(queued_in, 1),
        read=read,
        not_as_expected=_count(database, "SELECT count(*) FROM report WHERE status NOT IN ('received', 'waiting')"),
        seconds=round(took, 1),
        reports_a_second=round(read / took, 2),
        furthest_out_of_order=_furthest(database),
        worker_megabytes_warm=warm,
        worker_megabytes_at_the_end=last,
        worker_megabytes_highest=highest,
        largest_process_megabytes=largest,
    )


def _furthest(database: Database) -> int:
    """By places: in which order they came against in which order they were read."""
    return _count(
        database,
        "SELECT coalesce(max(abs(came - went)), 0) FROM (SELECT row_number() OVER (ORDER BY received_at) AS came,"
        " row_number() OVER (ORDER BY read_at) AS went FROM report WHERE read_at IS NOT NULL) places",
    )


def _count(database: Database, statement: str) -> int:
    with database.transaction() as cursor:
        cursor.execute(statement)
        return int(only_value(cursor))


def _megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")), "0")
    return round(int(kilobytes) / 1024, 1)


def _control(order: str) -> str:
    return _run("supervisorctl", "-s", f"unix://{RUN}/supervisor.sock", order, "worker").strip()


def _run(*command: str, user: str | None = None) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=APP, user=user, group=user)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip().splitlines()
        raise BenchFailed(f"{command[2] if len(command) > 2 else command[0]}: {said[-1] if said else 'it gave no reason'}")
    return result.stdout
