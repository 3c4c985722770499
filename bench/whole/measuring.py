# SPDX-License-Identifier: AGPL-3.0-or-later
"""All lines one after the other, on one stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from bench.failure import BenchFailed
from bench.whole.authorisation import AddedByAuthorisation
from bench.whole.browser import InTheBrowser, PhoneViewer
from bench.whole.costs import MemoryUnderLoad, Publishing, S3Costs
from bench.whole.frames import ColdFrames, FramesFromS3, WarmFrames
from bench.whole.machine_facts import machine_facts
from bench.whole.metadata import SeriesMetadata
from bench.whole.row import Row
from bench.whole.scale import Scale
from bench.whole.searching import Searching
from bench.whole.stage import Stage, stage, wait_until_published
from bench.whole.storing import ASSOCIATIONS, Storing, StoringOverHttp


class Line(Protocol):
    """Something that is measured."""

    def measure(self, stage: Stage) -> list[Row]:
        """Its rows of the table."""
        ...


def lines_of(scale: Scale) -> dict[str, Line]:
    """By name, in the order in which they are measured: what fills the index comes last."""
    return {
        "store-1": Storing(1),
        "store-8": Storing(ASSOCIATIONS),
        "stow": StoringOverHttp(),
        "s3-frames": FramesFromS3(),
        "frames-cold": ColdFrames(),
        "frames-warm": WarmFrames(),
        "metadata": SeriesMetadata(is_long=False),
        "metadata-long": SeriesMetadata(is_long=True),
        "authorisation": AddedByAuthorisation(),
        "publishing": Publishing(),
        "s3-costs": S3Costs(),
        "memory": MemoryUnderLoad(),
        **{f"phone-{line.megabits:g}": PhoneViewer(line) for line in scale.lines},
        **{f"browser-{line.megabits:g}": InTheBrowser(line) for line in scale.lines},
        **{f"search-{rows}": Searching(rows) for rows in scale.rows},
    }


def measure_whole(
    scale: Scale, only: tuple[str, ...], say: Callable[[str], None], keep: Callable[[dict[str, Any]], None] = lambda _: None
) -> dict[str, Any]:
    """Start everything, measure, stop everything. A line that fails is told, and the others are measured; ``keep`` gets what is known after each."""
    began, machine, rows, failed = time.monotonic(), machine_facts(), list[Row](), dict[str, str]()
    lines = {name: line for name, line in lines_of(scale).items() if not only or name in only}

    def known() -> dict[str, Any]:
        return {
            "scale": scale.says(),
            "machine": machine,
            "rows": [row.as_json() for row in rows],
            "failed": failed,
            "minutes": (time.monotonic() - began) / 60,
        }

    say("starting two CloudFilms and two stock Orthancs")
    with stage(scale) as there:
        _bring_series(there, lines)
        for name, line in lines.items():
            say(name)
            started = time.monotonic()
            try:
                rows += line.measure(there)
            except BenchFailed as error:
                failed[name] = str(error)
            except Exception as error:  # one line's mistake must not cost the figures of an hour
                failed[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            say(f"  {name}: {time.monotonic() - started:.0f} s" + (f", FAILED: {failed[name]}" if name in failed else ""))
            keep(known())
    return known()


def _bring_series(there: Stage, lines: dict[str, Line]) -> None:
    """What is looked at later is in ours, published, and in the tuned stock Orthanc."""
    wanted = [there.series, there.long_series, *(one for one in there.browser_series.values() if one is not there.series)]
    if all(name.startswith(("store", "stow", "search")) for name in lines):
        return
    for one in wanted:
        there.ours.send([one.folder])
        there.tuned.send([one.folder])
    for one in wanted:
        wait_until_published(there.ours, one)


def say_on_stderr(text: str) -> None:
    """Progress, apart from the table."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
