# SPDX-License-Identifier: AGPL-3.0-or-later
"""One ruled table from top to bottom: findings and impression stand beside their headings, which are written downwards or in the middle."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording

_LABEL = 58.0


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("注：本报告仅供临床参考。", lambda page: f"第{page}页 共1页")
    parts.title(pen, wording)
    third, height = (RIGHT - LEFT) / 3, 24.0
    for number, (label, value) in enumerate(wording.pairs(HEADER, colon="", spaced=True)):
        row, column = divmod(number, 3)
        left, top = LEFT + column * third, pen.y + row * height
        pen.box(left, top, third, height)
        pen.box(left, top, _LABEL, height)
        pen.text(left + _LABEL / 2, top + 16, label, 9.5, "centre")
        pen.text(left + _LABEL + 4, top + 16, value, 9.5, room=third - _LABEL - 8)
    pen.y += 4 * height
    is_downwards = random_of.random() < 0.5
    for name in ("findings", "impression"):
        _row(pen, wording.labels[name], wording.values[name], is_downwards)
    parts.signatures(pen, wording, pen.y + 30)


def _row(pen: Pen, heading: str, text: str, is_downwards: bool) -> None:
    leading = 17.0
    lines = pen.broken(text, RIGHT - LEFT - _LABEL - 16)
    height = max(leading * len(lines) + 20, 15.0 * len(heading) + 16 if is_downwards else 0)
    pen.box(LEFT, pen.y, RIGHT - LEFT, height)
    pen.box(LEFT, pen.y, _LABEL, height)
    middle = pen.y + height / 2
    if is_downwards:
        for number, character in enumerate(heading):
            pen.text(LEFT + _LABEL / 2, middle + (number - len(heading) / 2) * 15 + 11, character, 10.5, "centre")
    else:
        pen.text(LEFT + _LABEL / 2, middle + 4, heading, 10.5, "centre")
    for number, line in enumerate(lines):
        pen.text(LEFT + _LABEL + 8, middle + (number - len(lines) / 2) * leading + 12, line)
    pen.y += height
