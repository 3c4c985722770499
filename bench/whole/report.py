# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table for people: a line for each row, in Markdown, so that README can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = "| | CloudFilm | stock Orthanc | the limit | goal |\n|---|---|---|---|---|"


def as_text(facts: Mapping[str, Any]) -> str:
    """Everything, from what `as_json` of the rows and `machine_facts` give."""
    machine = facts["machine"]
    state = f"while other work ran (load {machine['load_before']}): read the ratios only" if machine["is_busy"] else "on a quiet machine"
    lines = [
        f"Measured {machine['date']} on {machine['processor']}, {machine['memory_gigabytes']} GB, {state}.",
        f"{facts['scale']}. Median (lowest to highest round); ratios are the medians of the rounds' ratios.",
    ]
    topic, notes = None, dict[str, int]()
    for row in facts["rows"]:
        if row["topic"] != topic:
            topic = row["topic"]
            lines += ["", f"**{topic}**", "", _HEAD]
        name = f"{row['name']}, {row['unit']}" if row["unit"] else row["name"]
        cells = (name, _cell(row["cloudfilm"]), _beside(row["stock"], notes), _beside(row["limit"], notes), _goals(row))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"[{place}] {note}." for note, place in notes.items())]
    if facts["failed"]:
        lines += ["", "Not measured:", *(f"- {name}: {why}" for name, why in facts["failed"].items())]
    met = [goal["met"] for row in facts["rows"] for goal in row["goals"]]
    lines += ["", f"{sum(met)} of {len(met)} goals are met. {facts['minutes']:.1f} minutes."]
    return "\n".join(lines)


def _cell(figures: Mapping[str, Any]) -> str:
    if len(figures["rounds"]) == 1:
        return number(figures["median"])
    return f"{number(figures['median'])} ({number(figures['lowest'])} to {number(figures['highest'])})"


def _beside(figures: Mapping[str, Any] | None, notes: dict[str, int]) -> str:
    if figures is None:
        return "—"
    note = notes.setdefault(figures["is"], len(notes) + 1)
    return f"{_cell(figures)}; {number(figures['ratio'])}x [{note}]"


def _goals(row: Mapping[str, Any]) -> str:
    return "; ".join(f"{goal['text']}: {'met' if goal['met'] else 'NOT met'} ({number(goal['figure'])})" for goal in row["goals"])


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    if value < 0.1:
        return f"{value:.2g}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
