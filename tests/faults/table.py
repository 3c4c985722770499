# SPDX-License-Identifier: AGPL-3.0-or-later
"""Faults x rounds x acknowledged x lost."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from tests.faults.rounds import Outcome

_HEAD = ("Where images lie", "Fault", "Rounds", "Sent", "Acknowledged", "Tries refused", "Lost", "Rounds with a flaw")


def table(outcomes: Iterable[tuple[str, Outcome]]) -> str:
    """In Markdown, a line for each place and fault; at the end the sum."""
    lines = [f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}"]
    rows = []
    for (place, fault), some in groupby(outcomes, lambda one: (one[0], one[1].fault)):
        rounds = [outcome for _, outcome in some]
        rows.append((place, fault, *_sums(rounds)))
    for row in [*rows, ("", "all", *(sum(row[column] for row in rows) for column in range(2, len(_HEAD))))]:
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    return "\n".join(lines)


def _sums(rounds: list[Outcome]) -> tuple[int, ...]:
    return (
        len(rounds),
        sum(one.sent for one in rounds),
        sum(one.acknowledged for one in rounds),
        sum(one.refused for one in rounds),
        sum(one.lost for one in rounds),
        sum(bool(one.flaws) for one in rounds),
    )
