# SPDX-License-Identifier: AGPL-3.0-or-later
"""A narrow column on the left with each label above its value, and the text on the right."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import BOTTOM, LEFT, PAGE_HEIGHT, RIGHT, Pen
from demo.forms.wording import HEADER, SIGNATURES, Wording

_WIDTH = 128.0


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    parts.title(pen, wording)
    top = pen.y + 6
    colon = random_of.choice(("", "："))
    pen.box(LEFT, top, _WIDTH, BOTTOM - top, fill=0.95)
    pen.y = top
    for label, value in wording.pairs((*HEADER, *SIGNATURES), colon):
        pen.text(LEFT + 8, pen.y + 16, label, 8.5)
        pen.text(LEFT + 8, pen.y + 30, value, 10)
        pen.y += 37
    pen.y = top - 8
    left = LEFT + _WIDTH + 18
    for name in ("findings", "impression"):
        pen.y += 24
        pen.text(left, pen.y, wording.label(name, colon), 12, bold=True)
        pen.y += 3
        pen.lines(pen.broken(wording.values[name], RIGHT - left - 4), left)
    pen.text(RIGHT, PAGE_HEIGHT - 34, "第1页，共1页", 8.5, "right")
