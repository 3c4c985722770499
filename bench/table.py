# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was measured, for people and for programs: medians of the rounds with their spread, and what each case adds to the first."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.access import Measured
from bench.latency import Turn


def as_facts(measured: Sequence[Measured]) -> dict[str, Any]:
    """Milliseconds; ``lowest`` and ``highest`` are over the rounds. What is added is taken round by round against the first case."""
    return {"unit": "ms", "resources": [_resource(one) for one in measured]}


def as_text(measured: Sequence[Measured]) -> str:
    """A table for each resource."""
    lines = []
    for resource in as_facts(measured)["resources"]:
        lines.append(
            f"GET {resource['name']}, {resource['bytes']} bytes, {resource['rounds']} rounds; ms: median (lowest to highest round)"
        )
        width = max(len(case["name"]) for case in resource["cases"])
        lines.append(f"  {'':{width}}  {'p50':>26}  {'p99':>26}  {'p50 added':>26}  {'p99 added':>26}")
        for number, case in enumerate(resource["cases"]):
            added = [_cell(case[name]) if number else "" for name in ("added_p50", "added_p99")]
            cells = [_cell(case["p50"]), _cell(case["p99"]), *added]
            lines.append(f"  {case['name']:{width}}  " + "  ".join(f"{cell:>26}" for cell in cells).rstrip())
        lines.append("")
    return "\n".join(lines).rstrip()


def _resource(measured: Measured) -> dict[str, Any]:
    first = measured.turns[0]
    return {
        "name": measured.resource,
        "bytes": first[-1].size,
        "rounds": len(first),
        "cases": [
            {
                "name": name,
                "p50": _spread([turn.p50 for turn in turns]),
                "p99": _spread([turn.p99 for turn in turns]),
                "added_p50": _spread(_added(turns, first, lambda turn: turn.p50)),
                "added_p99": _spread(_added(turns, first, lambda turn: turn.p99)),
            }
            for name, turns in zip(measured.names, measured.turns, strict=True)
        ],
    }


def _added(turns: Sequence[Turn], first: Sequence[Turn], value: Callable[[Turn], float]) -> list[float]:
    return [value(turn) - value(beside) for turn, beside in zip(turns, first, strict=True)]


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 3), "lowest": round(min(values), 3), "highest": round(max(values), 3)}


def _cell(spread: dict[str, float]) -> str:
    return f"{spread['median']:.2f} ({spread['lowest']:.2f} to {spread['highest']:.2f})"
