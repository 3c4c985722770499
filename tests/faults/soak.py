# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/test soak [ROUNDS] [--place PLACE] [--only EXPRESSION] [--seed NUMBER]: every fault, round after round.

Ends with the table of what came of it, also when it is stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.kinds import FAULTS, Fault
from tests.faults.rounds import Outcome, run_round
from tests.faults.site import running_site
from tests.faults.table import table

PLACES = ("disk", "s3", "small disk", "own clocks")


def main() -> int:
    """Exit status 1 when anything does not hold."""
    parser = argparse.ArgumentParser(
        prog="scripts/test soak", description="Break things while images are sent; nothing acknowledged may be lost."
    )
    parser.add_argument("rounds", nargs="?", type=int, default=3, help="rounds of each fault (default: 3)")
    parser.add_argument("--place", choices=PLACES, action="append", help="where images lie (default: all)")
    parser.add_argument("--only", default="", help="faults whose name this regular expression finds")
    parser.add_argument("--seed", type=int, default=44100, help="the first round's seed (default: 44100)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    outcomes: list[tuple[str, Outcome]] = []
    try:
        for place in options.place or PLACES:
            faults = [
                fault for fault in FAULTS if place in fault.places and re.search(options.only, fault.name) and fault.name != "no fault"
            ]
            if faults:
                _soak(place, faults, options.rounds, options.seed, outcomes)
    except KeyboardInterrupt:
        print("stopped; until then:")
    print(table(outcomes))
    return int(any(outcome.flaws for _, outcome in outcomes))


def _soak(place: str, faults: list[Fault], rounds: int, seed: int, outcomes: list[tuple[str, Outcome]]) -> None:
    with tempfile.TemporaryDirectory(prefix="cloudfilm-soak-") as folder, running_site(Path(folder), place, gateways=2) as site:
        page: tuple[str, ...] | None = None
        for fault in [one for one in FAULTS if one.name == "no fault"] + faults:
            for number in range(rounds if page is not None else 1):
                started = time.monotonic()
                outcome = run_round(site, fault, seed + number, Path(folder) / "exams", page)
                page = outcome.page if page is None else page
                outcomes.append((place, outcome))
                print(f"{place}: {fault.name}: {outcome.acknowledged} acknowledged, {outcome.refused} tries refused, {outcome.lost} lost, "
                      f"{time.monotonic() - started:.0f} s", *(f"\n    {flaw}" for flaw in outcome.flaws), flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
