# SPDX-License-Identifier: AGPL-3.0-or-later
"""A grid of boxes: in each one a small label and below it the value."""

import random

from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    pen.footer = parts.foot("检查结果仅供参考，请结合临床。", lambda page: f"{page}/1")
    parts.title(pen, wording)
    is_centred, columns = random_of.random() < 0.5, 4
    width, height = (RIGHT - LEFT) / columns, 34.0
    for number, (label, value) in enumerate(wording.pairs(HEADER, colon="")):
        row, column = divmod(number, columns)
        left, top = LEFT + column * width, pen.y + row * height
        pen.box(left, top, width, height)
        x, align = (left + width / 2, "centre") if is_centred else (left + 4, "left")
        pen.text(x, top + 12, label, 8.0, align)
        pen.text(x, top + 27, value, 10.0, align, room=width - 8)
    pen.y += 3 * height + 4
    parts.texts(pen, wording, colon="")
    parts.signatures(pen, wording)
