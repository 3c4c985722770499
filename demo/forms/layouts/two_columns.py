# SPDX-License-Identifier: AGPL-3.0-or-later
"""Findings and impression side by side."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("本报告仅对本次检查负责", lambda page: f"- {page} -")
    parts.title(pen, wording)
    half = (RIGHT - LEFT) / 2
    pairs = wording.pairs(HEADER)
    for number, (label, value) in enumerate(pairs):
        row, column = divmod(number, 2)
        pen.text(pen.text(LEFT + 2 + column * half, pen.y + 17 + row * 18, label), pen.y + 17 + row * 18, value)
    pen.y += 18 * 6 + 10
    pen.rule(pen.y)
    top = pen.y
    gutter = random_of.choice((24.0, 36.0))
    share = random_of.choice((0.5, 0.6))
    split = LEFT + (RIGHT - LEFT) * share
    ends: list[float] = []
    for name, left, right in (("findings", LEFT, split - gutter / 2), ("impression", split + gutter / 2, RIGHT)):
        pen.y = top + 22
        pen.text(left + 2, pen.y, wording.label(name, random_of.choice(("：", ""))), 12, bold=True)
        pen.y += 4
        pen.lines(pen.broken(wording.values[name], right - left - 6), left + 2)
        ends.append(pen.y)
    pen.y = max(ends)
    parts.signatures(pen, wording)
