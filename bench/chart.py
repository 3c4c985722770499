# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench chart FILE: a picture (SVG) of what scripts/bench --output FILE has measured: how many times stock Orthanc each line is."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import click

from bench.whole.report import number

_WIDTH, _LABELS, _FIGURES, _ROW, _TOP = 1090, 520, 200, 26, 64
_SLOWER_IS_LESS = frozenset({"s", "ms", "MB", "%"})
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600; font-size: 15px } .quiet { fill: #6e7781; font-size: 12px }
.better { fill: #1a7f5a } .worse { fill: #bc4c00 } .axis { stroke: #8c959f; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .quiet { fill: #9198a1 } .better { fill: #3fb68b } .worse { fill: #f0883e } }
"""


@click.command()
@click.argument("facts", type=click.File("r", encoding="utf-8"))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it; else it is printed.")
def chart(facts: Any, output: Path | None) -> None:
    """Draw the lines that have a stock figure beside them; a line of the same name is drawn once, against the faster stock."""
    try:
        text = as_svg(json.load(facts))
    except (ValueError, KeyError, TypeError) as error:
        print(f"bench: that is no output of scripts/bench --output: {error!r}", file=sys.stderr)
        raise click.exceptions.Exit(1) from error
    if output is None:
        click.echo(text)
    else:
        output.write_text(text, encoding="utf-8")


def as_svg(facts: Mapping[str, Any]) -> str:
    """Bars on a logarithmic scale from the line of equality: to the right CloudFilm is faster."""
    bars = _bars(facts["rows"])
    reach = max([math.log10(10), *(abs(math.log10(times)) for _, times, _ in bars)])
    left, right = _LABELS, _WIDTH - _FIGURES
    slowest = min([0.0, *(math.log10(times) for _, times, _ in bars)])
    span = reach - slowest
    zero = left + (right - left) * (-slowest / span)
    scale = (right - left) / span
    machine = facts["machine"]
    busy = ", other work running" if machine["is_busy"] else ""
    height = _TOP + _ROW * len(bars) + 16
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">',
        f"<title>CloudFilm beside stock Orthanc</title><style>{_STYLE}</style>",
        '<text class="head" x="12" y="24">Times as fast as stock Orthanc, same machine, same run</text>',
        f'<text class="quiet" x="12" y="44">{escape(machine["date"])}, {escape(machine["processor"])}{busy}; {escape(facts["scale"])}</text>',
    ]
    for place, (name, times, told) in enumerate(bars):
        y = _TOP + place * _ROW
        length = math.log10(times) * scale
        kind = "better" if times >= 1 else "worse"
        lines += [
            f'<text x="12" y="{y + 15}">{escape(name)}</text>',
            f'<rect class="{kind}" x="{zero + min(0.0, length):.1f}" y="{y + 2}" width="{max(1.0, abs(length)):.1f}" height="{_ROW - 9}" rx="2"/>',
            f'<text x="{right + 10}" y="{y + 15}">{number(times)}x <tspan class="quiet">{escape(told)}</tspan></text>',
        ]
    lines += [f'<line class="axis" x1="{zero:.1f}" y1="{_TOP - 6}" x2="{zero:.1f}" y2="{height - 12}"/>', "</svg>"]
    return "\n".join(lines) + "\n"


def _bars(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, str]]:
    """Name, how many times as fast, and both figures."""
    bars: dict[str, tuple[float, str]] = {}
    for row in rows:
        if not row["stock"] or not row["stock"]["ratio"] or row["topic"] == "Memory" or row["unit"] == "MB/s":
            continue
        times = 1 / row["stock"]["ratio"] if row["unit"] in _SLOWER_IS_LESS else row["stock"]["ratio"]
        name = f"{row['topic']}: {row['name']}"
        told = f"{number(row['cloudfilm']['median'])} / {number(row['stock']['median'])} {row['unit']}"
        bars[name] = min(bars.get(name, (times, told)), (times, told))
    return [(name, *bar) for name, bar in bars.items()]
