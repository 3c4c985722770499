# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels on the left with a full-width colon, in three columns between two rules."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("本报告仅供临床医师参考，不作为法律依据；签字有效。", lambda page: f"第 {page} 页")
    parts.title(pen, wording)
    pen.rule(pen.y)
    third = (RIGHT - LEFT) / 3
    for number, (label, value) in enumerate(wording.pairs(HEADER, spaced=True)):
        row, column = divmod(number, 3)
        pen.text(pen.text(LEFT + 2 + column * third, pen.y + 17 + row * 19, label), pen.y + 17 + row * 19, value)
    pen.y += 19 * 4 + 6
    pen.rule(pen.y)
    parts.texts(pen, wording)
    parts.signatures(pen, wording)
