# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels set flush right against a column of values, two such columns."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("此报告仅供临床参考", lambda page: f"Page {page}")
    parts.title(pen, wording)
    half = (RIGHT - LEFT) / 2
    colon = random_of.choice(("：", ":", "： "))
    for number, (label, value) in enumerate(wording.pairs(HEADER, colon)):
        row, column = divmod(number, 2)
        x, y = LEFT + 84 + column * half, pen.y + 17 + row * 18
        pen.text(x, y, label, align="right")
        pen.text(x + 5, y, value)
    pen.y += 18 * 6 + 8
    parts.texts(pen, wording, indent="")
    parts.signatures(pen, wording, colon=colon)
